/**
 * Lines that have come and are not shown yet. Bounded: in a flood, what nobody would have seen is dropped, and
 * counted.
 */

/**
 * @typedef {{kind: "line", text: string, time?: string, isError?: boolean}} Line
 * @typedef {{kind: "mark", text: string}} Mark a remark of ours between the lines
 * @typedef {{kind: "skipped", count: number}} Skipped
 * @typedef {Line|Mark|Skipped} Entry
 */

const MOST_WAITING = 2000;

export class LineQueue {
  /** @type {(Line|Mark)[]} */
  #waiting = [];
  #skipped = 0;

  /** @returns {number} how many have come since the last were taken, the dropped ones too */
  get count() {
    return this.#waiting.length + this.#skipped;
  }

  /** @param {(Line|Mark)[]} entries */
  push(entries) {
    for (const entry of entries) this.#waiting.push(entry);
    const over = this.#waiting.length - MOST_WAITING;
    if (over <= 0) return;
    this.#waiting.splice(0, over);
    this.#skipped += over;
  }

  /** @param {number} most @returns {Entry[]} the oldest, after a word on what was dropped before them */
  take(most) {
    /** @type {Entry[]} */
    const taken = this.#waiting.splice(0, most);
    if (this.#skipped === 0) return taken;
    const skipped = /** @type {Skipped} */ ({ kind: "skipped", count: this.#skipped });
    this.#skipped = 0;
    return [skipped, ...taken];
  }

  clear() {
    this.#waiting = [];
    this.#skipped = 0;
  }
}
