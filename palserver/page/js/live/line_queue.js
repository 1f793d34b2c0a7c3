/**
 * Lines that have come and are not shown yet. Bounded in number and in size: in a flood, what nobody would have
 * read is dropped, and counted.
 */

/**
 * @typedef {object} Line
 * @property {"line"} kind
 * @property {string} text
 * @property {number} [seq] its number in the log
 * @property {string} [time]
 * @property {string} [stream] `stdout stderr`
 * @property {boolean} [isOwn] the panel's own polling caused it
 *
 * @typedef {{kind: "mark", text: string, tone?: string}} Mark a remark of ours between the lines
 * @typedef {{kind: "skipped", count: number}} Skipped so many lines are not here, but may be asked for
 * @typedef {Line|Mark|Skipped} Entry
 */

const MOST_WAITING = 2000;
const MOST_CHARACTERS = 1_000_000;

export class LineQueue {
  /** @type {Entry[]} */
  #waiting = [];
  #lines = 0;
  #characters = 0;
  /** How many were dropped since the last were taken. */
  dropped = 0;

  /** @returns {number} how many lines have come since the last were taken, those that are not here too */
  get count() {
    return this.#lines + this.dropped;
  }

  get isEmpty() {
    return this.#waiting.length === 0 && this.dropped === 0;
  }

  /** @param {Entry[]} entries */
  push(entries) {
    for (const entry of entries) {
      this.#waiting.push(entry);
      this.#add(entry, 1);
    }
    let over = Math.max(0, this.#waiting.length - MOST_WAITING);
    for (let size = this.#sizeOf(0, over); this.#characters - size > MOST_CHARACTERS; over++)
      size += this.#sizeOf(over, over + 1);
    this.#drop(over);
  }

  /** Drops all but the newest. @param {number} most */
  keep(most) {
    this.#drop(this.#waiting.length - most);
  }

  /** @param {(entry: Entry) => boolean} is */
  remove(is) {
    for (const entry of this.#waiting.filter(is)) this.#add(entry, -1);
    this.#waiting = this.#waiting.filter((entry) => !is(entry));
  }

  /** @param {number} most @returns {Entry[]} the oldest, after a word on what was dropped before them */
  take(most) {
    const taken = this.#waiting.splice(0, most);
    for (const entry of taken) this.#add(entry, -1);
    if (this.dropped === 0) return taken;
    const skipped = /** @type {Skipped} */ ({ kind: "skipped", count: this.dropped });
    this.dropped = 0;
    return [skipped, ...taken];
  }

  clear() {
    this.#waiting = [];
    this.#lines = this.#characters = this.dropped = 0;
  }

  /** @param {number} count */
  #drop(count) {
    if (count <= 0) return;
    const before = this.#lines;
    for (const entry of this.#waiting.splice(0, count)) this.#add(entry, -1);
    this.dropped += before - this.#lines;
  }

  /** @param {Entry} entry @param {1|-1} sign */
  #add(entry, sign) {
    if (entry.kind === "line") {
      this.#lines += sign;
      this.#characters += sign * entry.text.length;
    } else if (entry.kind === "skipped") this.#lines += sign * entry.count;
  }

  /** @param {number} from @param {number} to */
  #sizeOf(from, to) {
    let size = 0;
    for (const entry of this.#waiting.slice(from, to)) size += entry.kind === "line" ? entry.text.length : 0;
    return size;
  }
}
