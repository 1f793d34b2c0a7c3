/** Which part of the log is shown: its end and all that comes, what was searched for, or the lines around one. */

import { readLog } from "../api/calls.js";
import { LogFeed } from "./log_feed.js";
import { LogPager, PAGE_LINES } from "./log_pager.js";

/**
 * @typedef {import("../live/line_queue.js").Entry} Entry
 * @typedef {import("./line_pane.js").LinePane} LinePane
 * @typedef {import("./log_filter.js").Query} Query
 */

export class LogPart {
  /** What is searched for in all that is kept; null while the log is shown as it is. @type {Query|null} */
  wanted = null;
  #isOwnHidden;
  #turn = 0;

  /**
   * @param {string} name @param {LinePane} pane @param {boolean} isOwnHidden whether the panel's own polling is left out
   * @param {{begun: () => void, state: (word: string) => void}} on `begun`: another part takes the place of what was shown
   */
  constructor(name, pane, isOwnHidden, on) {
    this.name = name;
    this.pane = pane;
    this.on = on;
    this.#isOwnHidden = isOwnHidden;
    this.pager = new LogPager(name, pane, (last) => this.#reachedNewest(last));
    this.pager.query = this.queryFor(null);
    const lines = (/** @type {Entry[]} */ entries, /** @type {number|null} */ first) => this.#take(entries, first);
    this.feed = new LogFeed(name, isOwnHidden, { lines, state: on.state });
  }

  /** @param {Query|null} wanted @returns {Query} what the server is asked for, apart from the place */
  queryFor(wanted) {
    return { ...(this.#isOwnHidden ? { polling: 0 } : {}), ...wanted };
  }

  showNewest() {
    this.#begin(null);
    this.feed.restart(null);
  }

  /**
   * All lines that match; the newest are seen first.
   * @param {Query} wanted @throws {import("../api/request.js").ApiError} and shows what it did
   */
  async showFound(wanted) {
    const turn = ++this.#turn;
    const page = await readLog(this.name, { ...this.queryFor(wanted), tail: PAGE_LINES });
    if (turn !== this.#turn) return;
    this.feed.close();
    this.#begin(wanted, { isStill: true });
    this.pager.show(page);
  }

  /**
   * A line among those around it.
   * @param {number} seq @param {Query|null} wanted @param {number} [offset] of the line from the upper edge
   * @returns {Promise<import("./line_pane.js").Row|undefined>} its row, if it is still the one to be shown
   */
  async showAround(seq, wanted = null, offset = undefined) {
    const turn = ++this.#turn;
    const query = this.queryFor(wanted);
    const [older, newer] = await Promise.all([
      readLog(this.name, { ...query, before: seq + 1, tail: PAGE_LINES }),
      readLog(this.name, { ...query, after: seq, head: PAGE_LINES }),
    ]);
    if (turn !== this.#turn) return undefined;
    this.#begin(wanted, wanted ? { isStill: true } : { isDetached: true });
    if (!wanted) this.feed.restart(null, 0);
    this.pager.showBoth(older, newer, seq);
    const row = this.pane.rows.findLast(({ entry }) => entry.kind === "line" && entry.seq === seq);
    if (row) this.pane.reveal(row, offset);
    return row;
  }

  /**
   * The panel's own polling goes, or comes. Who reads elsewhere than at the live end keeps the line they were at.
   * @param {boolean} isHidden
   */
  async hideOwn(isHidden) {
    this.#isOwnHidden = this.feed.isOwnHidden = isHidden;
    this.pager.change(this.queryFor(this.wanted));
    if (isHidden) return this.pane.remove((entry) => entry.kind === "line" && entry.isOwn === true);
    const there = this.#findReader(); // what was hidden is not here: all is asked for again
    if (there) await this.showAround(there.seq, this.wanted, there.offset);
    else if (this.wanted) await this.showFound(this.wanted);
    else this.showNewest();
    return undefined;
  }

  /** @returns {{seq: number, offset: number}|null} the line at the upper edge; null for who is at the live end */
  #findReader() {
    const { pane } = this;
    const isLive = pane.isFollowing && !pane.isDetached && !pane.isPaused && !pane.isStill;
    const there = isLive ? null : pane.place.find();
    if (there === null) return null;
    const from = pane.rows.findIndex((row) => row.element === there.row);
    for (const { entry, element } of pane.rows.slice(from)) {
      if (entry.kind === "line" && entry.seq !== undefined)
        return { seq: entry.seq, offset: there.offset + element.offsetTop - there.row.offsetTop };
    }
    return null;
  }

  /** @param {Query|null} query @param {object} [how] */
  #begin(query, how) {
    this.#turn++;
    this.wanted = query;
    this.pager.reset(this.queryFor(query));
    this.pane.clear(how);
    this.on.begun();
  }

  /** @param {Entry[]} entries @param {number|null} first */
  #take(entries, first) {
    if (this.pager.before === undefined && first !== null && !this.pane.isDetached) this.pager.before = first;
    this.pane.push(entries);
  }

  /** What is shown ends where the log does: from here on it is live again. @param {number} last */
  #reachedNewest(last) {
    this.pane.attach();
    if (!this.wanted) this.feed.restart(last);
  }
}
