/** The log of one server: live, or what was searched for, in one pane. Everything else keeps out of its way. */

import { logAddress, requestTicket } from "../api/calls.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { LinePane } from "./line_pane.js";
import { logFilter } from "./log_filter.js";
import { LogFind, literally } from "./log_find.js";
import { fillGap } from "./log_gaps.js";
import { LogPart } from "./log_part.js";
import { logRow } from "./log_rows.js";
import { logTools } from "./log_tools.js";
import { notifyFailure, whileWorking } from "./notice.js";

/** @typedef {import("./log_filter.js").Query} Query */

const ENDED = ["gone", "refused"];
/** What it is of a server that writes nothing now; of one in no state that is named here, it is off. @type {Object<string, string>} */
const SERVER_WORDS = { running: "live", restarting: "restarting", paused: "frozen", unknown: "unknown" };

/** @param {string} name @returns {import("./server.js").Tab} */
export function logsTab(name) {
  let connection = "connecting";
  let isHeard = true;
  const tools = logTools({
    search: (words) => find.search(words),
    go: (step) => find.go(step),
    leaveSearch: () => pane.lines.focus(),
    filter: () => filter.toggle(literally(tools.find.input.value)),
    pause: () => pane.pause(!pane.isPaused),
    download: (button) => whileWorking(button, download),
    switched,
  });
  const filter = logFilter({ show: showMatches, leave: leaveFilter });
  const pane = new LinePane({
    label: t("tab.logs"),
    row: (entry) => logRow(entry, { fill, goTo: showAround, isFound: () => part.wanted !== null }),
    changed,
    trimmed: (edge) => part.pager.trimmed(edge),
    toNewest: () => (part.wanted ? showFound(part.wanted) : part.showNewest()),
  });
  const part = new LogPart(name, pane, tools.values.hide, { begun: showSwitches, state: showState });
  const find = new LogFind(pane, () => tools.find.show(find.place, find.found.length));
  const element = el("div", { class: "log" }, tools.element, filter.element, pane.element);
  document.addEventListener("keydown", focusSearch);
  showSwitches();
  if (matchMedia("(width < 40rem)").matches) {
    requestAnimationFrame(() => element.scrollIntoView({ block: "end" })); // once it is in the page
  }
  return { element, update, close };

  /** The page's own watch knows sooner than this socket that nothing is heard any more. */
  function update() {
    const wasHeard = isHeard;
    isHeard = store.connection !== "down";
    if (wasHeard && !isHeard && connection === "live") part.feed.reopen();
    showState();
  }

  /** The rows, or the place of the reader among them. */
  function changed() {
    part.pager.look();
    find.refresh();
    tools.showPause(pane.isPaused, part.wanted === null);
    tools.showSkipped(pane.skipped);
    showState();
  }

  function showState(word = connection) {
    connection = word;
    const isHistory = pane.isStill || pane.isDetached;
    const shown = isHistory && !ENDED.includes(word) ? "history" : word === "live" ? liveWord() : word;
    tools.showState(shown === "live" && pane.isPaused ? "paused" : shown);
    if (pane.isStill) filter.tell(foundText());
  }

  /** What can be said while this socket is open. */
  function liveWord() {
    if (!isHeard) return "lost";
    const state = store.instances.get(name)?.state;
    return state === undefined ? "live" : (SERVER_WORDS[state] ?? "off");
  }

  function foundText() {
    const isAll = part.pager.before === null && part.pager.after === null;
    return t(isAll ? "log.found" : "log.found_so_far", { count: pane.rows.length });
  }

  /** Other words than those that are being looked for take their place. @param {Query} query @param {string} pattern */
  function showMatches(query, pattern) {
    if (pattern !== "" && pattern !== literally(tools.find.input.value)) tools.find.clear();
    showFound(query);
  }

  /** @param {Query} query */
  async function showFound(query) {
    filter.tell(t("log.searching"));
    try {
      await part.showFound(query);
    } catch (error) {
      filter.tell("");
      filter.fail(error);
    }
  }

  function leaveFilter() {
    if (part.wanted) part.showNewest();
    filter.close();
    tools.showFilter(false);
    pane.lines.focus();
  }

  /** @param {number} seq */
  async function showAround(seq) {
    try {
      (await part.showAround(seq))?.element.classList.add("shown");
    } catch (error) {
      notifyFailure(error);
    }
  }

  /** @param {HTMLElement} mark */
  function fill(mark) {
    fillGap(name, pane, mark, part.queryFor(null)).catch(notifyFailure);
  }

  /** @param {string} which @param {boolean} value */
  function switched(which, value) {
    if (which === "hide") part.hideOwn(value).catch(notifyFailure);
    else pane.place.keep(showSwitches);
  }

  function showSwitches() {
    pane.element.classList.toggle("with-times", tools.values.times || part.wanted !== null);
    pane.element.classList.toggle("unwrapped", !tools.values.wrap);
  }

  async function download() {
    const ticket = await requestTicket();
    const href = logAddress(name, { download: 1, ...part.queryFor(part.wanted), ticket });
    el("a", { href, download: "" }).click();
  }

  /** @param {KeyboardEvent} event */
  function focusSearch(event) {
    const isTyping =
      event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    tools.find.input.focus();
    tools.find.input.select();
  }

  function close() {
    document.removeEventListener("keydown", focusSearch);
    find.close();
    part.feed.close();
    pane.close();
  }
}
