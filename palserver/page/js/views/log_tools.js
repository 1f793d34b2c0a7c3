/** What stands above the log: the search, a few switches, and how it is with the connection. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { isOn, setOn } from "../preferences.js";
import { toggle } from "./fields.js";

/** By name, and what they are until somebody chooses. @type {Object<string, boolean>} */
const SWITCHES = { times: false, wrap: true, hide: true };

/** @type {Object<string, string>} */
const STATES = {
  connecting: "log.connecting",
  live: "log.live",
  paused: "log.paused",
  history: "log.history",
  lost: "log.lost",
  off: "log.off",
  restarting: "log.restarting",
  frozen: "log.frozen",
  unknown: "log.unknown",
  gone: "error.instance_not_found",
  refused: "error.forbidden",
};

/**
 * @typedef {object} Handlers
 * @property {(words: string) => void} search
 * @property {(step: 1|-1) => void} go
 * @property {() => void} leaveSearch
 * @property {() => boolean} filter opens or closes it, and tells which
 * @property {() => void} pause
 * @property {(button: HTMLButtonElement) => void} download
 * @property {(name: string, value: boolean) => void} switched
 */

/** @param {Handlers} on */
export function logTools(on) {
  const find = searchField(on);
  const state = el("span", { class: "log-state soft", role: "status", testid: "log-state" });
  const skipped = el("span", { class: "log-skipped", testid: "log-skipped" });
  const pause = button("log-pause", t("log.pause"), on.pause);
  const filter = button("log-filter-open", t("log.filter"), () => showFilter(on.filter()), {
    "aria-expanded": "false",
    "aria-controls": "log-filter",
  });
  const more = button("log-options-open", t("log.options"), () => {}, { popovertarget: "log-options" });
  more.classList.add("narrow");
  const values = Object.fromEntries(
    Object.entries(SWITCHES).map(([name, usual]) => [name, isOn(`log-${name}`, usual)]),
  );
  const switches = Object.keys(SWITCHES).map((name) => {
    const attributes = { checked: values[name], testid: `log-${name}` };
    return toggle(t(`log.switch.${name}`), attributes, (value) => turn(name, value));
  });
  const download = button("log-download", t("log.download"), () => on.download(download));
  const options = el("div", { class: "log-options", id: "log-options", popover: "auto" }, switches, download);
  const buttons = el("div", { class: "log-buttons" }, filter, pause, more);
  const status = el("div", { class: "log-status" }, skipped, state);
  const element = el("div", { class: "log-tools" }, find.element, buttons, options, status);
  return { element, values, find, showFilter, showPause, showState, showSkipped };

  /** @param {string} name @param {boolean} value */
  function turn(name, value) {
    values[name] = value;
    setOn(`log-${name}`, value);
    on.switched(name, value);
  }

  /** @param {boolean} isOpen */
  function showFilter(isOpen) {
    filter.setAttribute("aria-expanded", String(isOpen));
  }

  /** @param {boolean} isPaused @param {boolean} isPossible */
  function showPause(isPaused, isPossible) {
    setText(pause, t(isPaused ? "log.resume" : "log.pause"));
    pause.disabled = !isPossible;
  }

  /** @param {string} word */
  function showState(word) {
    setText(state, t(STATES[word]));
    state.dataset.state = word;
  }

  /** @param {number} count lines that came too fast, all in all */
  function showSkipped(count) {
    setText(skipped, count > 0 ? t("log.skipped_so_far", { count }) : "");
  }
}

/** @param {string} testid @param {string} text @param {() => void} click @param {Object<string, string>} [attributes] */
function button(testid, text, click, attributes = {}) {
  return el("button", { type: "button", testid, click, ...attributes }, text);
}

/** @param {Handlers} on */
function searchField(on) {
  const id = "log-search";
  const input = el("input", {
    id,
    type: "search",
    testid: "log-search",
    placeholder: t("log.search"),
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    "aria-keyshortcuts": "/",
  });
  const count = el("output", { for: id, class: "soft", testid: "log-search-count" });
  const previous = button("log-search-previous", "↑", () => on.go(-1), { "aria-label": t("log.previous") });
  const next = button("log-search-next", "↓", () => on.go(1), { "aria-label": t("log.next") });
  for (const step of [previous, next]) step.className = "icon";
  const steps = el("span", { class: "log-steps", hidden: true }, count, previous, next);
  input.addEventListener("input", () => on.search(input.value));
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") on.go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
  });
  const element = el("div", { class: "log-search", role: "search" });
  element.append(el("label", { for: id, class: "unseen" }, t("log.search")), input, steps);
  return { element, input, show, clear };

  /** @param {number} place @param {number} all */
  function show(place, all) {
    steps.hidden = input.value === "";
    setText(count, place === 0 ? t("log.matches", { count: all }) : t("log.place", { place, all }));
    previous.disabled = next.disabled = all === 0;
  }

  function clear() {
    input.value = "";
    on.search("");
  }

  function leave() {
    clear();
    on.leaveSearch();
  }
}
