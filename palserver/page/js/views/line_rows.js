/** The rows of a pane: entries and what is shown of them, bounded in number and in size. */

import { el } from "../dom.js";

/**
 * @typedef {import("../live/line_queue.js").Entry} Entry
 * @typedef {{entry: Entry, element: HTMLElement}} Row
 * @typedef {"start"|"end"} Edge
 */

const MOST_SHOWN = 2000;
const MOST_CHARACTERS = 2_000_000;

export class LineRows {
  /** @type {Row[]} the oldest first */
  all = [];
  #characters = 0;

  /** @param {(entry: Entry) => HTMLElement} make what is shown of an entry */
  constructor(make) {
    this.make = make;
    this.body = el("div", { class: "rows" });
  }

  /** @param {number} at the row before which they come @param {Entry[]} entries */
  put(at, entries) {
    const rows = entries.map((entry) => ({ entry, element: this.make(entry) }));
    for (const entry of entries) this.#characters += lengthOf(entry);
    const next = this.all[at]?.element ?? null;
    const fragment = document.createDocumentFragment();
    fragment.append(...rows.map((row) => row.element));
    this.body.insertBefore(fragment, next);
    this.all.splice(at, 0, ...rows);
  }

  /** @param {(row: Row) => boolean} isSuperfluous */
  remove(isSuperfluous) {
    const gone = this.all.filter(isSuperfluous);
    this.all = this.all.filter((row) => !isSuperfluous(row));
    this.#drop(gone);
  }

  clear() {
    this.all = [];
    this.#characters = 0;
    this.body.replaceChildren();
  }

  /** Lets go of what is too much. @param {Edge} edge @returns {boolean} whether anything was */
  trim(edge) {
    const count = this.#countSuperfluous(edge);
    if (count === 0) return false;
    this.#drop(edge === "start" ? this.all.splice(0, count) : this.all.splice(-count, count));
    return true;
  }

  /** @param {Row[]} gone */
  #drop(gone) {
    for (const { entry, element } of gone) {
      this.#characters -= lengthOf(entry);
      element.remove();
    }
  }

  /** A remark belongs to the line below it: both go, or none. @param {Edge} edge */
  #countSuperfluous(edge) {
    const rows = this.all;
    let count = Math.max(0, rows.length - MOST_SHOWN);
    let characters = this.#characters;
    const at = (/** @type {number} */ index) =>
      rows[edge === "start" ? index : rows.length - 1 - index].entry;
    for (let index = 0; index < count; index++) characters -= lengthOf(at(index));
    for (; characters > MOST_CHARACTERS && count < rows.length - 1; count++)
      characters -= lengthOf(at(count));
    if (edge === "start") while (count > 0 && at(count - 1).kind !== "line") count--;
    else while (count > 0 && count < rows.length - 1 && at(count).kind !== "line") count++;
    return count;
  }
}

/** @param {Entry} entry */
function lengthOf(entry) {
  return entry.kind === "line" ? entry.text.length : 0;
}
