/** The parts that a server shows wherever it is shown: its lamp, its figures, the line beneath its name. */

import { el, setData, setText } from "../dom.js";
import { ago, number, percent, size, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import {
  containerStatus,
  freshSample,
  isUp,
  jobText,
  mainStatus,
  playersOn,
  trouble,
  uptime,
  wasKilled,
} from "../status.js";
import { store } from "../store.js";
import { spark } from "./spark.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {{element: HTMLElement, update: (instance: Instance) => void}} Part */

/** A lamp and a word for how it stands; beneath, what its container does. @returns {Part} */
export function statusMark() {
  const word = el("span", { class: "word" });
  const detail = el("span", { class: "detail" });
  const element = el(
    "div",
    { class: "status" },
    el("span", { class: "lamp", "aria-hidden": "true" }),
    word,
    detail,
  );
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    const [name, tone] = mainStatus(instance);
    setData(element, "tone", tone);
    setText(word, t(`state.${name}`));
    setText(detail, isUp(instance) ? t(`state.${containerStatus(instance.state)[0]}`) : since(instance));
  }
}

/** @param {Instance} instance */
function since(instance) {
  if (instance.state !== "exited" || !instance.finished_at) return "";
  const when = ago(instance.finished_at);
  return wasKilled(instance) ? t("state.killed", { when }) : when;
}

/** @typedef {[text: string, after?: string, share?: number|null]} Shown */

/** How each figure is read off a server. @type {Object<string, (instance: Instance) => Shown>} */
const READERS = {
  players: playersShown,
  fps: (instance) => [number(freshSample(instance)?.fps)],
  day: (instance) => [number(instance.state === "running" ? instance.game.days : null)],
  uptime: (instance) => [uptime(instance)],
  cpu: (instance) => [percent(freshSample(instance)?.cpu_percent)],
  memory: memoryShown,
};

/** What fills the height of a small line, when nothing was higher: a twentieth of a core, 64 MiB. */
const SPARKS = { cpu: 5, memory: 2 ** 26 };

/**
 * Its figures, each with its name; a share of a whole has a bar, what has a past a small line.
 * @param {string[]} names @param {{withPast?: boolean}} [options] @returns {Part}
 */
export function figures(names, { withPast = false } = {}) {
  const shown = names.map((name) => figure(name, withPast));
  const element = el(
    "dl",
    { class: "figures" },
    shown.map((one) => one.element),
  );
  return { element, update: (instance) => shown.forEach((one) => one.update(instance)) };
}

/** @param {Instance} instance @returns {Shown} */
function playersShown(instance) {
  const on = playersOn(instance);
  const most = instance.game.max_players;
  const isGiven = instance.state === "running" && most;
  return [number(on), isGiven ? `/${number(most)}` : "", share(on, most)];
}

/** @param {Instance} instance @returns {Shown} */
function memoryShown(instance) {
  const sample = freshSample(instance);
  return [size(sample?.memory_bytes), "", share(sample?.memory_bytes ?? null, sample?.memory_limit_bytes ?? null)];
}

/** @param {number|null} part @param {number|null} whole */
function share(part, whole) {
  return part === null || !whole ? null : Math.min(1, part / whole);
}

/** @param {string} name @param {boolean} withPast @returns {Part} */
function figure(name, withPast) {
  const value = el("span", { class: "value", "data-unknown": "" }, UNKNOWN);
  const rest = el("span", { class: "rest" });
  const line = withPast && (name === "cpu" || name === "memory") ? spark(name, SPARKS[name]) : null;
  const bar = line ? null : el("span", { class: "bar", "aria-hidden": "true" });
  const element = el(
    "div",
    { class: `figure ${name}` },
    el("dt", {}, t(`figure.${name}`)),
    el("dd", {}, value, rest, bar, line?.element),
  );
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    const [text, after = "", part = null] = READERS[name](instance);
    setText(value, text);
    setText(rest, after);
    setData(value, "unknown", text === UNKNOWN ? "" : null);
    bar?.toggleAttribute("hidden", part === null);
    bar?.style.setProperty("--share", String(part ?? 0));
    line?.show(store.trends.get(instance.name));
  }
}

/** One line: what runs on it, or what is wrong with it; then which version it is. @returns {Part} */
export function noteLine() {
  const link = el("a");
  const problem = el("span", { class: "problem-words" });
  const version = el("bdi", { class: "version" });
  const element = el("p", { class: "note" }, link, problem, version);
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    const { job } = instance;
    const wrong = job ? null : trouble(instance);
    setData(element, "tone", job ? "busy" : wrong ? "bad" : null);
    link.hidden = job === null;
    if (job) link.href = serverAddress(instance.name, "jobs", job.id);
    setText(link, job ? jobText(job) : "");
    setText(problem, wrong ?? "");
    setText(version, quietWords(instance));
  }
}

/** @param {Instance} instance */
function quietWords(instance) {
  return instance.game.version ?? instance.image ?? instance.container;
}
