/** Where the reader is in what scrolls, and how to keep it there while things above, below or around change. */

const NEAR_END_PIXELS = 32;

export class LinePlace {
  /** The reader is at the end, and wants to stay there. */
  isFollowing = true;
  #top = 0;

  /** @param {HTMLElement} lines what scrolls @param {() => HTMLElement[]} rows in it, from above to below */
  constructor(lines, rows) {
    this.lines = lines;
    this.rows = rows;
  }

  get isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.lines;
    return scrollTop + clientHeight >= scrollHeight - NEAR_END_PIXELS;
  }

  /** The reader has scrolled up, and the event of it is still on its way. */
  get hasJustGoneUp() {
    return this.lines.scrollTop < this.#top - NEAR_END_PIXELS;
  }

  reset() {
    this.isFollowing = true;
    this.#top = 0;
  }

  toEnd() {
    this.#moveTo(this.lines.scrollHeight);
  }

  /** @param {HTMLElement} row put in the middle @param {number} [offset] or so far below the upper edge */
  reveal({ offsetTop, offsetHeight }, offset = (this.lines.clientHeight - offsetHeight) / 2) {
    this.#moveTo(offsetTop - offset);
    this.isFollowing = this.isAtEnd;
  }

  /** @returns {{row: HTMLElement, offset: number}|null} the first row in sight, so far below the upper edge */
  find() {
    const row = this.rows().find((each) => each.offsetTop >= this.lines.scrollTop);
    return row ? { row, offset: row.offsetTop - this.lines.scrollTop } : null;
  }

  /** Does what moves the rows, and keeps the first one in sight where it is. @param {() => void} work */
  keep(work) {
    const below = this.rows().filter((each) => each.offsetTop >= this.lines.scrollTop);
    const { scrollTop } = this.lines;
    const offsets = below.map((each) => each.offsetTop - scrollTop);
    work();
    const at = below.findIndex((each) => each.isConnected);
    if (this.isFollowing) this.toEnd();
    else if (at !== -1) this.#moveTo(below[at].offsetTop - offsets[at]);
  }

  /** @param {() => void} work what changes the height of what is above the reader */
  keepDistanceToEnd(work) {
    const before = this.lines.scrollHeight - this.lines.scrollTop;
    work();
    this.#moveTo(this.lines.scrollHeight - before);
  }

  /** To be called when it was scrolled. @returns {boolean} whether the reader came to the end, or left it */
  look() {
    const { scrollTop } = this.lines;
    const { isAtEnd } = this;
    const isUp = scrollTop < this.#top;
    this.#top = scrollTop;
    if (isAtEnd === this.isFollowing || (!isAtEnd && !isUp)) return false;
    this.isFollowing = isAtEnd;
    return true;
  }

  /** @param {number} top */
  #moveTo(top) {
    this.lines.scrollTop = top;
    this.#top = this.lines.scrollTop;
  }
}
