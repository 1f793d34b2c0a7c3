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
} from "../status.js";

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
  return instance.state === "exited" && instance.finished_at ? ago(instance.finished_at) : "";
}

/** Its figures, each with its name; a share of a whole has a bar. @returns {Part} */
export function figures() {
  const players = figure("players");
  const cpu = figure("cpu");
  const memory = figure("memory");
  const up = figure("uptime");
  const element = el(
    "dl",
    { class: "figures" },
    [players, cpu, memory, up].map((one) => one.element),
  );
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    const on = playersOn(instance);
    const sample = freshSample(instance);
    const most = instance.game.max_players;
    players.show(number(on), instance.state === "running" && most ? `/${number(most)}` : "", share(on, most));
    cpu.show(percent(sample?.cpu_percent), "", null);
    const limit = sample?.memory_limit_bytes ?? null;
    memory.show(size(sample?.memory_bytes), "", share(sample?.memory_bytes ?? null, limit));
    up.show(uptime(instance), "", null);
  }
}

/** @param {number|null} part @param {number|null} whole */
function share(part, whole) {
  return part === null || !whole ? null : Math.min(1, part / whole);
}

/** @param {string} name */
function figure(name) {
  const value = el("span", { class: "value" });
  const rest = el("span", { class: "rest" });
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  const element = el(
    "div",
    { class: `figure ${name}` },
    el("dt", {}, t(`figure.${name}`)),
    el("dd", {}, value, rest, bar),
  );
  return { element, show };

  /** @param {string} text @param {string} after @param {number|null} part */
  function show(text, after, part) {
    setText(value, text);
    setText(rest, after);
    setData(value, "unknown", text === UNKNOWN ? "" : null);
    bar.hidden = part === null;
    bar.style.setProperty("--share", String(part ?? 0));
  }
}

/** One line: what runs on it, else what is wrong with it, else which version it is. @returns {Part} */
export function noteLine() {
  const element = el("p", { class: "note" });
  const link = el("a");
  const text = el("bdi");
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    const problem = trouble(instance);
    setData(element, "tone", instance.job ? "busy" : problem ? "bad" : null);
    if (instance.job) {
      link.href = serverAddress(instance.name, "jobs", instance.job.id);
      setText(link, jobText(instance.job));
    } else setText(text, problem ?? quietWords(instance));
    const wanted = instance.job ? link : text;
    if (element.firstChild !== wanted) element.replaceChildren(wanted);
  }
}

/** @param {Instance} instance */
function quietWords(instance) {
  return instance.game.version ?? instance.image ?? instance.container;
}
