/** Loads what is older when the reader comes near the top, and what is newer near the end of an older part. */

import { readLog } from "../api/calls.js";
import { setText } from "../dom.js";
import { t } from "../i18n.js";
import { readMessages } from "./log_entries.js";
import { errorText } from "./notice.js";

/**
 * @typedef {import("./line_pane.js").LinePane} LinePane
 * @typedef {import("../types.js").LogPage} LogPage
 * @typedef {Object<string, string|number>} Query
 */

export const PAGE_LINES = 500;
const NEAR_SCREENS = 1.5;
const REST_AFTER_FAILURE_MS = 3000;

export class LogPager {
  /** @type {number|null|undefined} older lines stand before this; null: there are none; undefined: not known yet */
  before = undefined;
  /** @type {number|null} newer lines stand behind this, where the pane does not end with the newest */
  after = null;
  /** @type {Query} what is asked for besides */
  query = {};
  #isLoading = false;
  #isResting = false;
  #turn = 0;

  /**
   * @param {string} name @param {LinePane} pane
   * @param {(last: number) => void} reachedNewest what is shown now ends where the log does, with this line
   */
  constructor(name, pane, reachedNewest) {
    this.name = name;
    this.pane = pane;
    this.reachedNewest = reachedNewest;
  }

  /** What is on its way is no longer wanted. @param {Query} query what is asked for from now on */
  change(query) {
    this.#turn++;
    this.#isLoading = this.#isResting = false;
    this.query = query;
  }

  /** Another part of the log will be shown. @param {Query} query */
  reset(query) {
    this.change(query);
    this.before = undefined;
    this.after = null;
    this.showEdge();
  }

  /** Rows had to go at one edge. @param {"start"|"end"} edge */
  trimmed(edge) {
    const numbers = this.pane.rows.flatMap(({ entry }) => (entry.kind === "line" ? [entry.seq ?? 0] : []));
    if (edge === "start") this.before = numbers[0] ?? this.before;
    else this.after = numbers.at(-1) ?? this.after;
  }

  /** Looks whether something has to be loaded, where the reader is now. */
  look() {
    this.showEdge();
    if (this.#isLoading || this.#isResting) return;
    const { isFollowing, isDetached } = this.pane;
    const { scrollTop, scrollHeight, clientHeight } = this.pane.lines;
    if (clientHeight === 0) return;
    const near = clientHeight * NEAR_SCREENS;
    const isShort = scrollHeight <= clientHeight;
    const isReadingOld = !isFollowing || isDetached;
    if (typeof this.before === "number" && (isShort || (isReadingOld && scrollTop < near))) {
      this.#run((turn) => this.#loadOlder(turn));
    } else if (this.after !== null && scrollHeight - scrollTop - clientHeight < near) {
      this.#run((turn) => this.#loadNewer(turn));
    }
  }

  /** @param {LogPage} page the first of what is shown @param {number} [last] newer lines stand behind this */
  show(page, last) {
    this.before = page.before;
    this.after = last ?? null;
    this.pane.insert(0, readMessages(page.messages, false));
  }

  /** @param {LogPage} older @param {LogPage} newer what stands behind `last` @param {number} last */
  showBoth(older, newer, last) {
    this.#isLoading = true; // what is missing below is at hand
    this.show(older, last);
    this.#isLoading = false;
    this.showNewer(newer);
  }

  showEdge() {
    const { edge } = this.pane;
    const isAtStart = this.before === null && this.pane.rows.length > 0;
    edge.hidden = this.before === undefined || (this.before === null && !isAtStart);
    if (this.#isResting) return;
    setText(edge, isAtStart ? t("log.beginning") : this.#isLoading ? t("log.loading") : "");
  }

  /** @param {number} turn */
  async #loadOlder(turn) {
    const page = await this.#ask({ tail: PAGE_LINES, before: /** @type {number} */ (this.before) });
    if (turn !== this.#turn) return;
    this.before = page.before;
    this.pane.insert(0, readMessages(page.messages, false));
  }

  /** @param {number} turn */
  async #loadNewer(turn) {
    const page = await this.#ask({ head: PAGE_LINES, after: /** @type {number} */ (this.after) });
    if (turn === this.#turn) this.showNewer(page);
  }

  /** @param {LogPage} page what stands behind `after` */
  showNewer(page) {
    const after = /** @type {number} */ (this.after);
    const lines = page.messages.flatMap((message) => (message.type === "lines" ? message.lines : []));
    this.after = page.after;
    this.pane.append(readMessages(page.messages, false));
    if (page.after === null) this.reachedNewest(lines.at(-1)?.[0] ?? after);
  }

  /** @param {Query} query @returns {Promise<LogPage>} */
  #ask(query) {
    return readLog(this.name, { ...this.query, ...query });
  }

  /**
   * One at a time; after a failure there is a rest, in which it is told.
   * @param {(turn: number) => Promise<void>} work
   */
  async #run(work) {
    const turn = this.#turn;
    this.#isLoading = true;
    this.showEdge();
    try {
      await work(turn);
    } catch (error) {
      if (turn === this.#turn) this.#rest(errorText(error));
    }
    if (turn !== this.#turn) return;
    this.#isLoading = false;
    this.look();
  }

  /** @param {string} words */
  #rest(words) {
    const turn = this.#turn;
    this.#isResting = true;
    setText(this.pane.edge, words);
    setTimeout(() => {
      if (turn !== this.#turn) return;
      this.#isResting = false;
      this.look();
    }, REST_AFTER_FAILURE_MS);
  }
}
