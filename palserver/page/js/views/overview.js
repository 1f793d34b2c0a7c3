/** What a server is made of and how it does; for operators, its care. */

import { may } from "../api/session.js";
import { el, setText } from "../dom.js";
import { ago, moment, percent, size, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { containerStatus, gameStatus } from "../status.js";
import { store } from "../store.js";
import { carePanel } from "./care.js";
import { trend } from "./trend.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {import("../types.js").Port} Port */

/** @param {string} name @returns {import("./server.js").Tab} */
export function overviewTab(name) {
  const cpu = trend(t("figure.cpu"), (sample) => sample.cpu_percent, percent);
  const memory = trend(t("figure.memory"), (sample) => sample.memory_bytes, size);
  const game = facts("overview.game", ["status", "version", "checked"]);
  const body = facts("overview.container", [
    "state",
    "container",
    "image",
    "source",
    "started",
    "ended",
    "ports",
  ]);
  const trends = el("div", { class: "trends" }, cpu.element, memory.element);
  const lists = el("div", { class: "columns" }, game.element, body.element);
  const care = may("operator") ? carePanel(name) : null;
  const element = el("div", { class: "overview" }, trends, lists, care?.element);
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    const samples = store.samples.get(name) ?? [];
    cpu.show(samples);
    memory.show(samples);
    game.show(gameFacts(instance));
    body.show(containerFacts(instance));
    care?.update(instance);
  }
}

/** @param {Instance} instance */
function gameFacts(instance) {
  return {
    status: t(`state.${gameStatus(instance)[0]}`),
    version: instance.game.version ?? UNKNOWN,
    checked: ago(instance.game.checked_at),
  };
}

/** @param {Instance} instance */
function containerFacts(instance) {
  return {
    state: t(`state.${containerStatus(instance.state)[0]}`),
    container: instance.container,
    image: instance.image ?? UNKNOWN,
    source: t(`source.${instance.source}`),
    started: moment(instance.started_at),
    ended: ended(instance),
    ports: instance.ports.map(portText).join("\n") || UNKNOWN,
  };
}

/** @param {Instance} instance */
function ended(instance) {
  if (instance.state === "running" || !instance.finished_at) return UNKNOWN;
  const code = instance.exit_code === null ? UNKNOWN : String(instance.exit_code);
  return t("overview.ended_with", { time: moment(instance.finished_at), code });
}

/** @param {Port} port */
function portText(port) {
  return `${port.host_ip || "*"}:${port.host_port} → ${port.container}`;
}

/** A list of named facts. @param {string} title @param {string[]} names */
function facts(title, names) {
  const values = names.map(
    (name) => /** @type {[string, HTMLElement]} */ ([name, el("dd", { dir: "auto" })]),
  );
  const list = values.map(([name, value]) => el("div", {}, el("dt", {}, t(`fact.${name}`)), value));
  const element = el("section", { class: "facts" }, el("h2", {}, t(title)), el("dl", {}, list));
  return { element, show };

  /** @param {Object<string, string>} texts */
  function show(texts) {
    for (const [name, value] of values) setText(value, texts[name]);
  }
}
