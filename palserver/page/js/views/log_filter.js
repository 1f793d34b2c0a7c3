/** Asks for what is to be looked for in all that is kept of the log. */

import { ApiError } from "../api/request.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { choice, field } from "./fields.js";
import { errorText } from "./notice.js";

/** @typedef {Object<string, string|number>} Query */

const ANY_CASE = "(?i)"; // as where one looks for words in what is shown

/**
 * @param {{show: (query: Query, pattern: string) => void, leave: () => void}} on
 * @returns {{element: HTMLElement, toggle: (pattern: string) => boolean, close: () => void, tell: (words: string) => void, fail: (error: unknown) => void}}
 */
export function logFilter(on) {
  const problem = el("p", { class: "problem", id: "log-filter-problem", role: "alert", hidden: true });
  const pattern = field(t("log.pattern"), {
    type: "search",
    testid: "log-pattern",
    maxlength: 1000 - ANY_CASE.length,
    placeholder: "joined|left",
    spellcheck: "false",
    autocapitalize: "off",
    "aria-describedby": "log-filter-problem log-filter-hint",
  });
  const streams = /** @type {[string, string][]} */ ([["", t("log.stream.both")]]).concat([
    ["stdout", "stdout"],
    ["stderr", "stderr"],
  ]);
  const stream = choice(t("log.stream"), streams, "", { testid: "log-stream" });
  const since = field(t("log.since"), { type: "datetime-local", testid: "log-since" });
  const until = field(t("log.until"), { type: "datetime-local", testid: "log-until" });
  const submit = el("button", { class: "primary", testid: "log-filter-submit" }, t("log.filter.submit"));
  const leave = el("button", { type: "button", testid: "log-live", hidden: true, click: () => on.leave() }, t("log.back"));
  const said = el("span", { class: "soft", role: "status", testid: "log-found" });
  pattern.element.classList.add("wide");
  const hint = el("p", { class: "soft log-filter-hint", id: "log-filter-hint" }, t("log.pattern.hint"));
  const bounds = el("div", { class: "log-filter-more" }, stream.element, since.element, until.element);
  const isWide = matchMedia("(width >= 40rem)").matches;
  const more = el(
    "details",
    { class: "log-filter-more", open: isWide },
    el("summary", {}, t("log.bounds")),
    bounds,
  );
  const element = el("form", { class: "log-filter", id: "log-filter", testid: "log-filter", hidden: true });
  element.append(el("div", { class: "log-filter-fields" }, pattern.element, submit, more), problem);
  element.append(el("div", { class: "log-filter-end" }, leave, said, hint));
  element.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    fail(null);
    leave.hidden = false;
    on.show(read(), pattern.input.value);
  });
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") on.leave();
  });
  return { element, toggle, close, tell: (words) => setText(said, words), fail };

  /** @returns {Query} only what was filled in */
  function read() {
    const given = {
      q: pattern.input.value && ANY_CASE + pattern.input.value,
      stream: stream.input.value,
      since: asUtc(since.input.value),
      until: asUtc(until.input.value),
    };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  }

  /** @param {string} words as a pattern, which are taken over where nothing else was asked for yet */
  function toggle(words) {
    if (!element.hidden) {
      on.leave();
      return false;
    }
    element.hidden = false;
    pattern.input.value ||= words;
    pattern.input.focus();
    return true;
  }

  function close() {
    element.hidden = true;
    leave.hidden = true;
    setText(said, "");
    fail(null);
  }

  /** @param {unknown} error null takes its words away */
  function fail(error) {
    const isPattern = error instanceof ApiError && "q" in error.fields;
    setText(problem, error === null ? "" : isPattern ? t("log.bad_pattern") : errorText(error));
    problem.hidden = error === null;
    pattern.input.toggleAttribute("aria-invalid", isPattern);
    if (isPattern) pattern.input.focus();
  }
}

/** @param {string} local as the field has it, "" for none */
function asUtc(local) {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
