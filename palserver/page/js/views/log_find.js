/** Looks for words in the lines that are shown, marks them, and goes from one line to the next. */

import { plainText, unfold } from "./log_rows.js";

/**
 * @typedef {import("./line_pane.js").LinePane} LinePane
 * @typedef {import("./line_pane.js").Row} Row
 */

const AGAIN_MS = 300; // lines that come are looked through so often
const MOST_MARKED = 2000;
const SPECIAL = /[\\^$.*+?()[\]{}|]/g;
const canMark = "highlights" in CSS;

export class LogFind {
  /** @type {Row[]} the lines that have the words, the oldest first */
  found = [];
  /** @type {Row|null} the one that the reader was led to */
  current = null;
  /** @type {RegExp|null} */
  #pattern = null;
  /** @type {number|undefined} */
  #timer;

  /** @param {LinePane} pane @param {() => void} changed */
  constructor(pane, changed) {
    this.pane = pane;
    this.changed = changed;
  }

  /** @returns {number} the place of the current line among those found, from 1; 0 for none */
  get place() {
    return this.current ? this.found.indexOf(this.current) + 1 : 0;
  }

  /** Leads to the last line in sight that has the words, or the nearest one above. @param {string} words */
  search(words) {
    this.#pattern = words === "" ? null : new RegExp(literally(words), "giu");
    this.#show(null);
    this.#look();
    const { scrollTop, clientHeight } = this.pane.lines;
    const isInSight = (/** @type {Row} */ row) => row.element.offsetTop < scrollTop + clientHeight;
    const nearest = this.found.findLast(isInSight) ?? this.found[0];
    if (nearest) this.#lead(nearest);
    this.changed();
  }

  /** @param {1|-1} step round and round */
  go(step) {
    this.#look();
    if (this.found.length > 0) {
      const at = this.current ? this.found.indexOf(this.current) : -1;
      const from = at === -1 && step === -1 ? 0 : at;
      this.#lead(this.found[(from + step + this.found.length) % this.found.length]);
    }
    this.changed();
  }

  /** Other lines are shown. */
  refresh() {
    if (this.#pattern) this.#timer ??= setTimeout(() => this.#refreshNow(), AGAIN_MS);
  }

  close() {
    clearTimeout(this.#timer);
    if (canMark) for (const name of ["log-found", "log-current"]) CSS.highlights.delete(name);
  }

  #refreshNow() {
    this.#timer = undefined;
    this.#look();
    this.changed();
  }

  #look() {
    const pattern = this.#pattern;
    this.found = pattern
      ? this.pane.rows.filter(({ entry }) => entry.kind === "line" && has(entry, pattern))
      : [];
    if (this.current && !this.found.includes(this.current)) this.#show(null);
    this.#mark();
  }

  /** @param {Row} row */
  #lead(row) {
    this.#show(row);
    unfold(row.element);
    this.pane.reveal(row);
    this.#mark();
  }

  /** @param {Row|null} row */
  #show(row) {
    this.current?.element.removeAttribute("aria-current");
    row?.element.setAttribute("aria-current", "true");
    this.current = row;
  }

  #mark() {
    if (!canMark) return;
    const rows = this.found.slice(-MOST_MARKED);
    CSS.highlights.set("log-found", new Highlight(...rows.flatMap((row) => this.#rangesIn(row))));
    CSS.highlights.set("log-current", new Highlight(...(this.current ? this.#rangesIn(this.current) : [])));
  }

  /** Where the words stand in a row; its text may be in several nodes. @param {Row} row @returns {Range[]} */
  #rangesIn({ element }) {
    const text = element.querySelector(".text");
    const pattern = this.#pattern;
    if (!text || !pattern) return [];
    return [...(text.textContent ?? "").matchAll(pattern)].map((found) => {
      const range = new Range();
      range.setStart(...placeIn(text, found.index));
      range.setEnd(...placeIn(text, found.index + found[0].length));
      return range;
    });
  }
}

/** @param {string} words @returns {string} the regular expression that finds just these */
export function literally(words) {
  return words.replace(SPECIAL, "\\$&");
}

/** @param {import("../live/line_queue.js").Line} entry @param {RegExp} pattern */
function has(entry, pattern) {
  return plainText(entry).search(pattern) !== -1; // `test` would have the next look begin behind what it found
}

/** @param {Element} element @param {number} offset in its text @returns {[Node, number]} */
function placeIn(element, offset) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = offset;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.textContent?.length ?? 0;
    if (left <= length) return [node, left];
    left -= length;
  }
  return [element, element.childNodes.length];
}
