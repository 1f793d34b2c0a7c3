/** What is to be said above the options: what waits, and what else has a say. */

import { may } from "../api/session.js";
import { el } from "../dom.js";
import { moment } from "../format.js";
import { t } from "../i18n.js";
import { problemText } from "../status.js";
import { titleOf } from "./settings_words.js";

/** @typedef {import("../api/settings_calls.js").Settings} Settings */
/** @typedef {import("../types.js").Job} Job */
/** @typedef {{restart: () => void, write: () => void, discard: () => void}} Orders */

/** In which the game runs to the end: they do not bring a moment to write in. */
const RUNS_ON = new Set(["start", "backup", "verify", "clone", "recovery"]);
/** Which stop the game and write nothing: files are put in their places, or the server goes. */
const LEAVES = new Set(["restore", "rollback", "delete"]);

/** @param {Settings} settings @param {Orders} orders @param {Job|null} job at work on the server @returns {HTMLElement[]} */
export function settingsNotes(settings, orders, job) {
  const file = settings.file === "whole" ? [] : [note("busy", t(`settings.file.${settings.file}`))];
  const above = settings.overridden_by.map((source) => {
    const names = source.source === "command_line" ? source.keys.map(titleOf).join(", ") : "";
    return note("off", t(`settings.above.${source.source}`, { count: source.keys.length, names }));
  });
  const unknown = settings.unknown.length
    ? [note("off", t("settings.unknown", { names: settings.unknown.join(", ") }))]
    : [];
  return [...pendingNote(settings, orders, job), ...file, ...above, ...unknown];
}

/** @param {Settings} settings @param {Orders} orders @param {Job|null} job @returns {HTMLElement[]} */
function pendingNote(settings, orders, job) {
  const { pending, is_running: isRunning } = settings;
  if (!pending) return isRunning && may("operator") ? [note("off", t("settings.running"))] : [];
  const count = settings.options.filter((option) => option.is_pending).length;
  const isLeft = job !== null && LEAVES.has(job.kind);
  // A job that stops the game writes them then, and one that found it stopped, before it is over.
  const isWritten = job !== null && !isLeft && !(isRunning && RUNS_ON.has(job.kind));
  const stopped = isWritten && !pending.problem ? "settings.pending.writing" : "settings.pending.stopped";
  const running = isWritten && !pending.problem ? "settings.pending.soon" : "settings.pending";
  const what = el("p", { class: "strong" }, t(isRunning || isLeft ? running : stopped, { count }));
  const who = t("settings.pending.who", { who: pending.actor ?? "–", time: moment(pending.ordered_at) });
  const isConflict = pending.problem === "settings_changed";
  const conflict = isConflict ? t("settings.pending.conflict") : problemText(pending.problem ?? "", "");
  const left = isLeft ? el("p", {}, t(`settings.pending.left.${job.kind}`)) : null;
  const waits = isRunning && !isWritten ? el("p", { class: "soft" }, t("settings.pending.by_itself")) : null;
  const why = pending.problem ? el("p", {}, conflict) : (left ?? waits);
  const buttons = may("operator") && !isWritten && !isLeft ? pendingButtons(isConflict, isRunning, orders) : null;
  return [note(pending.problem ? "bad" : "busy", what, why, el("p", { class: "soft" }, who), buttons)];
}

/** @param {boolean} isConflict @param {boolean} isRunning @param {Orders} orders */
function pendingButtons(isConflict, isRunning, orders) {
  const again = el("button", { type: "button", testid: "settings-again", click: orders.write }, t("settings.pending.again"));
  const retry = el("button", { type: "button", testid: "settings-retry", click: orders.write }, t("settings.pending.retry"));
  const restart = el(
    "button",
    { type: "button", class: "primary", testid: "settings-restart", click: orders.restart },
    t("settings.pending.restart"),
  );
  const discard = el("button", { type: "button", testid: "settings-discard", click: orders.discard }, t("settings.pending.discard"));
  const first = isConflict ? again : isRunning ? restart : retry;
  return el("div", { class: "row" }, first, discard);
}

/** @param {string} tone @param {...any} content */
function note(tone, ...content) {
  const parts = content.map((part) => (typeof part === "string" ? el("p", {}, part) : part));
  return el("div", { class: "settings-note", "data-tone": tone }, parts);
}
