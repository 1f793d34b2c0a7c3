/** Brings lines that came too fast, to where they are missing. */

import { readLog } from "../api/calls.js";
import { t } from "../i18n.js";
import { readMessages } from "./log_entries.js";
import { PAGE_LINES } from "./log_pager.js";

/**
 * @typedef {import("../live/line_queue.js").Entry} Entry
 * @typedef {import("./line_pane.js").LinePane} LinePane
 */

/**
 * As many of the lines that were skipped as one page holds take the place of the mark that says so.
 * @param {string} name @param {LinePane} pane @param {HTMLElement} mark @param {Object<string, string|number>} query
 */
export async function fillGap(name, pane, mark, query) {
  const at = pane.rows.findIndex((row) => row.element === mark);
  const [after, before] = [numberNear(pane, at, -1), numberNear(pane, at, 1)];
  const page = await readLog(name, { ...query, after, before, tail: PAGE_LINES });
  const row = pane.rows.find(({ element }) => element === mark);
  if (row?.entry.kind !== "skipped") return;
  const entries = readMessages(page.messages, false);
  const isMore = page.before !== null && page.before > after + 1;
  const left = isMore ? Math.max(1, row.entry.count - entries.length) : 0;
  /** @type {Entry[]} */
  const lost = [{ kind: "mark", text: t("log.lost_lines", { count: row.entry.count }), tone: "busy" }];
  /** @type {Entry[]} */
  const skipped = left > 0 ? [{ kind: "skipped", count: left }] : [];
  pane.replace(row, entries.length > 0 ? [...skipped, ...entries] : lost);
}

/** Of the next line from a row on, up or down. @param {LinePane} pane @param {number} at @param {1|-1} step */
function numberNear({ rows }, at, step) {
  for (let index = at + step; index >= 0 && index < rows.length; index += step) {
    const { entry } = rows[index];
    if (entry.kind === "line") return entry.seq ?? 0;
  }
  return step === 1 ? Number.MAX_SAFE_INTEGER : 0;
}
