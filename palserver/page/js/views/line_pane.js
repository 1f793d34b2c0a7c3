/**
 * Lines that come and come: a bounded number in the page, the end followed only while the reader is there.
 * A reader who has scrolled up is not moved: what is new waits, and its number is shown.
 */

import { el } from "../dom.js";
import { LineQueue } from "../live/line_queue.js";
import { moreButton } from "./line_more.js";
import { LinePlace } from "./line_place.js";
import { plainRow } from "./line_row.js";
import { LineRows } from "./line_rows.js";

/**
 * @typedef {import("../live/line_queue.js").Entry} Entry
 * @typedef {import("./line_rows.js").Row} Row
 *
 * @typedef {object} Options
 * @property {string} label
 * @property {(entry: Entry) => HTMLElement} [row] makes what is shown of an entry
 * @property {() => void} [changed] other rows, or another place
 * @property {(edge: "start"|"end") => void} [trimmed] rows had to go there
 * @property {() => void} [toNewest] what to do where the newest lines are not at hand
 */

const MOST_AT_ONCE = 500; // a frame's work; the rest of a burst waits for the next ones
const FLOOD_SHOWN = 150; // of what comes faster than that; nobody can read it, but one sees what it is
const BETWEEN_MS = 100;
const FLOOD_BETWEEN_MS = 400;

export class LinePane {
  /** How many lines were never shown, all in all. */
  skipped = 0;
  isPaused = false;
  /** What is shown is not added to: it was searched for. */
  isStill = false;
  /** The newest rows had to go, or were never here: new lines are counted and not kept. */
  isDetached = false;
  #queue = new LineQueue();
  #missed = 0;
  #isFlooded = false;
  /** @type {number|undefined} */
  #timer;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.shown = new LineRows(options.row ?? plainRow);
    this.edge = el("p", { class: "edge", hidden: true });
    // What comes is not read out: it would never end. Whoever wants to hear it goes through the lines.
    const quiet = { role: "log", "aria-live": "off", "aria-label": options.label, tabindex: "0" };
    const attributes = { class: "lines", testid: "log-lines", ...quiet };
    this.lines = el("div", attributes, this.edge, this.shown.body);
    this.place = new LinePlace(this.lines, () => this.rows.map((row) => row.element));
    this.more = moreButton(() => this.follow());
    this.element = el("div", { class: "line-pane" }, this.lines, this.more.element);
    this.lines.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.observer = new ResizeObserver(() => this.#resized());
    for (const each of [this.lines, this.edge]) this.observer.observe(each);
  }

  /** @returns {Row[]} what is shown, the oldest first */
  get rows() {
    return this.shown.all;
  }

  get isFollowing() {
    return this.place.isFollowing;
  }

  /** @param {Entry[]} entries what has just come */
  push(entries) {
    if (this.isDetached) this.#missed += entries.filter((entry) => entry.kind === "line").length;
    else this.#queue.push(entries);
    this.#soon();
  }

  /** Goes to the end and stays there. */
  follow() {
    this.isPaused = false;
    if (this.isDetached && this.options.toNewest) return this.options.toNewest();
    this.place.isFollowing = true;
    this.#flush();
    this.place.toEnd();
    return undefined;
  }

  /** @param {boolean} isPaused nothing is added then, even for a reader at the end */
  pause(isPaused) {
    this.isPaused = isPaused;
    if (!isPaused && this.isFollowing && !this.isDetached) this.follow();
    else this.#changed();
  }

  /** What is newer than all that is here. @param {Entry[]} entries */
  append(entries) {
    this.shown.put(this.rows.length, entries);
    this.place.keepDistanceToEnd(() => this.#trim("start"));
    this.#changed();
  }

  /** @param {Row} row @param {Entry[]} entries what takes its place, above what is read */
  replace(row, entries) {
    const at = this.rows.indexOf(row);
    if (at === -1) return;
    this.place.isFollowing = false;
    this.place.keepDistanceToEnd(() => this.shown.remove((each) => each === row));
    this.insert(at, entries);
  }

  /** What is read stays where it is. @param {number} at the row before which they come @param {Entry[]} entries */
  insert(at, entries) {
    this.place.keepDistanceToEnd(() => this.shown.put(at, entries));
    if (!this.isFollowing) this.#trim("end");
    if (this.isFollowing) this.place.toEnd();
    this.#changed();
  }

  /** Those go, shown or waiting; of the others the first in sight stays where it is. @param {(entry: Entry) => boolean} is */
  remove(is) {
    this.#queue.remove(is);
    this.place.keep(() => this.shown.remove(({ entry }) => is(entry)));
    this.#changed();
  }

  /** The rows end where the log does: what comes now is shown again. */
  attach() {
    this.isDetached = false;
    this.#missed = 0;
    this.#changed();
  }

  /** @param {Row} row not left by itself @param {number} [offset] from the upper edge; else it comes in the middle */
  reveal(row, offset) {
    this.place.reveal(row.element, offset);
    this.#changed();
  }

  /** @param {{isStill?: boolean, isDetached?: boolean}} [how] what comes next is shown */
  clear({ isStill = false, isDetached = false } = {}) {
    this.#queue.clear();
    this.shown.clear();
    this.place.reset();
    this.#missed = 0;
    this.isStill = isStill;
    this.isDetached = isDetached;
    this.#changed();
  }

  close() {
    clearTimeout(this.#timer);
    this.observer.disconnect();
  }

  get #isHeld() {
    return this.isPaused || this.isStill || this.isDetached || !this.isFollowing;
  }

  #soon() {
    const wait = this.#isFlooded ? FLOOD_BETWEEN_MS : BETWEEN_MS;
    this.#timer ??= setTimeout(() => requestAnimationFrame(() => this.#flush()), wait);
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.place.hasJustGoneUp) this.#scrolled();
    if (!this.#isHeld) {
      this.#isFlooded = this.#queue.dropped > 0;
      if (this.#isFlooded) this.#queue.keep(FLOOD_SHOWN);
      const entries = this.#queue.take(MOST_AT_ONCE);
      for (const entry of entries) this.skipped += entry.kind === "skipped" ? entry.count : 0;
      this.shown.put(this.rows.length, entries);
      this.#trim("start");
      this.place.toEnd();
      if (!this.#queue.isEmpty) this.#soon();
    }
    this.#changed();
  }

  /** @param {"start"|"end"} edge */
  #trim(edge) {
    if (!this.shown.trim(edge)) return;
    if (edge === "end") {
      this.isDetached = true;
      this.#missed += this.#queue.count;
      this.#queue.clear();
    }
    this.options.trimmed?.(edge);
  }

  /** The pane, or what stands above the rows, which comes when they are there already. */
  #resized() {
    if (this.place.hasJustGoneUp) this.#scrolled();
    if (this.isFollowing && !this.isDetached) this.place.toEnd();
  }

  #scrolled() {
    if (this.place.look() && this.isFollowing && !this.isDetached) this.#flush();
    else this.#changed();
  }

  #changed() {
    this.#showMore();
    this.options.changed?.();
  }

  #showMore() {
    const count = this.#queue.count + this.#missed;
    const isAway = !this.isFollowing || this.isDetached;
    this.more.show(count, isAway || (this.isPaused && count > 0));
  }
}
