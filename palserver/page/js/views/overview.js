/** What a server is made of and how it does, and its care. */

import { el, setText } from "../dom.js";
import { ago, moment, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { carePanel } from "./care.js";
import { later } from "./later.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {import("../types.js").Port} Port */

const FACTS = ["container", "image", "source", "ports", "started", "ended", "checked"];

/** The charts are of no use before somebody opens a server, so they are fetched then. */
const charts = later(["vendor/uplot.css"], async () => (await import("./charts.js")).chartsPanel);

/** @param {string} name @returns {import("./server.js").Tab} */
export function overviewTab(name) {
  const past = charts(name, null);
  past.element.classList.add("past");
  const body = facts("overview.container", FACTS);
  const care = carePanel(name);
  const element = el("div", { class: "overview" }, past.element, body.element, care.element);
  return { element, update, close };

  function close() {
    past.close?.();
    care.close();
  }

  /** @param {Instance} instance */
  function update(instance) {
    past.update?.(instance);
    body.show(containerFacts(instance));
    care.update(instance);
  }
}

/** @param {Instance} instance */
function containerFacts(instance) {
  return {
    container: instance.container,
    image: instance.image ?? UNKNOWN,
    source: t(`source.${instance.source}`),
    started: moment(instance.started_at),
    ended: ended(instance),
    checked: ago(instance.game.checked_at),
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
