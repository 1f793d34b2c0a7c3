/** What a pane shows of a line where nothing more is known of it than its text. */

import { el } from "../dom.js";
import { t } from "../i18n.js";

/** @typedef {import("../live/line_queue.js").Entry} Entry */

const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** @param {Entry} entry @returns {HTMLElement} */
export function plainRow(entry) {
  if (entry.kind === "mark") return el("p", { class: "mark", "data-tone": entry.tone ?? null }, entry.text);
  if (entry.kind === "skipped") return el("p", { class: "mark" }, t("log.skipped", { count: entry.count }));
  const text = el("span", { class: "text", dir: "auto" }, entry.text.replace(ESCAPES, ""));
  return el("p", { class: "line", testid: "log-line" }, text);
}
