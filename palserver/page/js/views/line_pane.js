/**
 * Lines that come and come: a bounded number in the page, the end followed only while the reader is there.
 * A reader who has scrolled up is not moved: what is new waits, and its number is shown.
 */

import { el, setText } from "../dom.js";
import { timeOfDay } from "../format.js";
import { t } from "../i18n.js";
import { LineQueue } from "../live/line_queue.js";

/** @typedef {import("../live/line_queue.js").Entry} Entry */

const MOST_SHOWN = 2000;
const MOST_AT_ONCE = 500; // a frame's work; the rest of a burst waits for the next ones
const NEAR_END_PIXELS = 32;
const BETWEEN_MS = 100;
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

export class LinePane {
  #queue = new LineQueue();
  #words = "";
  #isFollowing = true;
  /** @type {number|undefined} */
  #timer;

  /** @param {{label: string, hasTime?: boolean}} options */
  constructor({ label, hasTime = false }) {
    this.hasTime = hasTime;
    this.lines = el("div", {
      class: "lines",
      role: "log",
      "aria-live": "off",
      "aria-label": label,
      tabindex: "0",
    });
    this.more = el("button", { type: "button", class: "more", hidden: true, click: () => this.follow() });
    this.element = el("div", { class: "line-pane" }, this.lines, this.more);
    this.lines.addEventListener("scroll", () => this.#scrolled());
  }

  /** @param {(import("../live/line_queue.js").Line|import("../live/line_queue.js").Mark)[]} entries */
  push(entries) {
    this.#queue.push(entries);
    this.#soon();
  }

  /** Shows only lines that contain `words`, of those that are here and those to come. @param {string} words */
  filter(words) {
    this.#words = words.toLowerCase();
    for (const node of this.lines.children) this.#applyFilter(node);
    if (this.#isFollowing) this.#toEnd();
  }

  /** Goes to the end and stays there. */
  follow() {
    this.#isFollowing = true;
    this.#flush();
    this.#toEnd();
  }

  clear() {
    this.#queue.clear();
    this.lines.replaceChildren();
    this.#isFollowing = true;
    this.#showMore();
  }

  close() {
    clearTimeout(this.#timer);
  }

  #soon() {
    this.#timer ??= setTimeout(() => requestAnimationFrame(() => this.#flush()), BETWEEN_MS);
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isFollowing) {
      this.lines.append(...this.#queue.take(MOST_AT_ONCE).map((entry) => this.#node(entry)));
      this.#trim();
      this.#toEnd();
      if (this.#queue.count > 0) this.#soon();
    }
    this.#showMore();
  }

  #trim() {
    const over = this.lines.children.length - MOST_SHOWN;
    for (let count = 0; count < over; count++) this.lines.firstElementChild?.remove();
  }

  #toEnd() {
    this.lines.scrollTop = this.lines.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.lines;
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - NEAR_END_PIXELS;
    if (isAtEnd === this.#isFollowing) return;
    this.#isFollowing = isAtEnd;
    if (isAtEnd) this.#flush();
  }

  #showMore() {
    const count = this.#isFollowing ? 0 : this.#queue.count;
    this.more.hidden = count === 0;
    if (count > 0) setText(this.more, t("log.new", { count }));
  }

  /** @param {Entry} entry @returns {HTMLElement} */
  #node(entry) {
    if (entry.kind === "mark") return el("p", { class: "mark" }, entry.text);
    if (entry.kind === "skipped") return el("p", { class: "mark" }, t("log.skipped", { count: entry.count }));
    const time = this.hasTime ? el("time", {}, timeOfDay(entry.time)) : null;
    const text = el("span", { class: "text", dir: "auto" }, entry.text.replace(ESCAPES, ""));
    const node = el("p", { class: entry.isError ? "line error" : "line", testid: "log-line" }, time, text);
    this.#applyFilter(node);
    return node;
  }

  /** @param {Element} node marks of ours are always shown */
  #applyFilter(node) {
    if (!node.classList.contains("line")) return;
    const text = node.querySelector(".text")?.textContent?.toLowerCase() ?? "";
    node.toggleAttribute("hidden", !text.includes(this.#words));
  }
}
