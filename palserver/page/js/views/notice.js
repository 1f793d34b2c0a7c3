/** Short words on what just happened, at the edge of the page, read out too. */

import { ApiError } from "../api/request.js";
import { el } from "../dom.js";
import { has, t } from "../i18n.js";
import { problemText } from "../status.js";

/** @typedef {{isFailure?: boolean, link?: HTMLElement|null, about?: string}} Options `about` is the instance whose
 *   job has ended */

const SHOWN_MS = 6000;
const FAILURE_SHOWN_MS = 14_000;
const MOST = 2; // they lie over the page

export const noticeArea = el("div", { class: "notices", role: "status", "aria-live": "polite" });

new ResizeObserver(() =>
  document.documentElement.style.setProperty("--notices-height", `${noticeArea.offsetHeight}px`),
).observe(noticeArea);

// What an action was refused for means nothing in another place; how a job ended does.
window.addEventListener("hashchange", () =>
  removeWhere((note) => note.dataset.tone === "bad" && note.dataset.about === undefined),
);

/** Takes away the words on how the last job of an instance ended. @param {string} instance */
export function forgetEnd(instance) {
  removeWhere((note) => note.dataset.about === instance);
}

/** @param {(note: HTMLElement) => boolean} isOver */
function removeWhere(isOver) {
  for (const note of /** @type {HTMLElement[]} */ ([...noticeArea.children])) if (isOver(note)) note.remove();
}

/** @param {string|(string|Node)[]} text @param {Options} [options] */
export function notify(text, options = {}) {
  const close = el("button", { class: "icon", type: "button", click: () => note.remove() }, "×");
  close.setAttribute("aria-label", t("notice.close"));
  const note = el("div", { class: "notice" }, el("p", {}, text, options.link && [" ", options.link]), close);
  if (options.isFailure) note.dataset.tone = "bad";
  if (options.about) {
    forgetEnd(options.about);
    note.dataset.about = options.about;
  }
  noticeArea.append(note);
  while (noticeArea.children.length > MOST) noticeArea.firstElementChild?.remove();
  setTimeout(() => note.remove(), options.isFailure ? FAILURE_SHOWN_MS : SHOWN_MS);
}

/** @param {unknown} error of a call; what is no ApiError is a mistake of ours and goes on up */
export function errorText(error) {
  if (!(error instanceof ApiError)) throw error;
  const said = problemText(error.key, error.message);
  const fields = error.key === "invalid" ? Object.entries(error.fields) : [];
  if (fields.length === 0) return said;
  if (fields.every(([name]) => has(`invalid.${name}`)))
    return fields.map(([name]) => t(`invalid.${name}`)).join(" ");
  return [said, ...fields.map((field) => field.join(": "))].join(" ");
}

/** @param {unknown} error */
export function notifyFailure(error) {
  notify(errorText(error), { isFailure: true });
}

/**
 * Runs what a button or a form asked for: the button waits meanwhile, a failure is shown.
 * @param {HTMLButtonElement} button @param {() => Promise<void>} work
 */
export async function whileWorking(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    notifyFailure(error);
  } finally {
    button.disabled = false;
  }
}
