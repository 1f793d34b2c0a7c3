/** What is shown of an entry of the log: one row, of text only. */

import { el, isolated } from "../dom.js";
import { shortMoment } from "../format.js";
import { t } from "../i18n.js";
import { readKind } from "./log_kinds.js";
import { readParts } from "./log_text.js";

/**
 * @typedef {import("../live/line_queue.js").Entry} Entry
 * @typedef {import("../live/line_queue.js").Line} Line
 * @typedef {import("./log_text.js").Part} Part
 */

const FOLDED_CHARACTERS = 2000;

/**
 * @param {Entry} entry
 * @param {{fill: (row: HTMLElement) => void, goTo: (seq: number) => void, isFound: () => boolean}} on
 *   `isFound`: the lines were searched for, and stand for themselves
 * @returns {HTMLElement}
 */
export function logRow(entry, on) {
  if (entry.kind === "line") return lineRow(entry, on);
  const tone = entry.kind === "mark" ? (entry.tone ?? null) : "busy";
  const testid = entry.kind === "mark" ? "log-mark" : "log-skipped-here";
  const attributes = { class: "mark", testid, "data-tone": tone };
  if (entry.kind === "mark") return el("p", attributes, el("span", {}, entry.text));
  const words = el("span", {}, t("log.skipped", { count: entry.count }));
  const row = el("p", attributes, words);
  row.append(el("button", { type: "button", class: "small", click: () => on.fill(row) }, t("log.fill")));
  return row;
}

/** @param {Entry} entry @returns {string} what can be searched: the text without its colours */
export function plainText(entry) {
  if (entry.kind === "skipped") return "";
  return entry.kind === "mark"
    ? entry.text
    : readParts(entry.text)
        .map((part) => part.text)
        .join("");
}

/** Shows all of a line that was folded. @param {HTMLElement} row */
export function unfold(row) {
  /** @type {HTMLElement|null} */ (row.querySelector(".rest"))?.click();
}

/** @param {Line} line @param {{goTo: (seq: number) => void, isFound: () => boolean}} on */
function lineRow(line, on) {
  const parts = readParts(line.text);
  const whole = parts.map((part) => part.text).join("");
  const kind = readKind(whole);
  const text = el("span", { class: "text", dir: "auto" });
  const isColoured = parts.some((part) => part.classes.length > 0);
  const isLong = whole.length > FOLDED_CHARACTERS;
  const rest = isLong ? fold(text, parts, whole.length) : null;
  if (!isLong) text.append(...(isColoured ? parts.map(coloured) : byKind(whole, kind)));
  const level = line.isOwn ? "debug" : kind.level;
  const row = el("p", { class: "line", testid: "log-line", "data-level": level }, when(line, on), text);
  if (rest) row.append(rest);
  if (kind.event) row.dataset.event = kind.event;
  if (line.stream === "stderr") row.dataset.stream = "stderr";
  return row;
}

/** The time, which of a line that was found leads to where it stands. @param {Line} line @param {any} on */
function when({ time, seq }, on) {
  if (!time) return null;
  const shown = el("time", { datetime: time }, shortMoment(time));
  if (!on.isFound() || seq === undefined) return shown;
  const attributes = {
    type: "button",
    class: "there",
    title: t("log.show_around"),
    click: () => on.goTo(seq),
  };
  return el("button", attributes, shown);
}

/** @param {Part} part */
function coloured({ text, classes }) {
  return classes.length > 0 ? el("span", { class: classes.join(" ") }, text) : text;
}

/** The game's own time and tag are faint, a player's name stands out. @param {string} whole @param {any} kind */
function byKind(whole, { stamp, who }) {
  const start = stamp ? [el("span", { class: "stamp" }, stamp)] : [];
  if (!who) return [...start, whole.slice(stamp.length)];
  const name = isolated(who.name);
  name.className = "who";
  return [...start, who.before, name, ...faintIds(who.after)];
}

/** @param {string} text */
function faintIds(text) {
  const at = text.lastIndexOf(" (User id: ");
  return at === -1 ? [text] : [text.slice(0, at), el("span", { class: "stamp" }, text.slice(at))];
}

/** The beginning of a long line, and the button that shows the rest. @param {HTMLElement} text @param {Part[]} parts
 * @param {number} length @returns {HTMLButtonElement}
 */
function fold(text, parts, length) {
  let room = FOLDED_CHARACTERS;
  for (const part of parts) {
    text.append(coloured({ ...part, text: part.text.slice(0, room) }));
    room -= part.text.length;
    if (room <= 0) break;
  }
  const words = t("log.rest", { count: length - FOLDED_CHARACTERS });
  const rest = el("button", { type: "button", class: "small rest" }, words);
  rest.addEventListener("click", () => {
    text.replaceChildren(...parts.map(coloured));
    rest.remove();
  });
  return rest;
}
