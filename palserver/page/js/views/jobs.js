/** What was done to a server and what is being done: the list of its jobs, and one of them with its output. */

import { cancelJob, listJobs } from "../api/calls.js";
import { may } from "../api/session.js";
import { serverNow } from "../clock.js";
import { el, KeyedList, setData, setText } from "../dom.js";
import { duration, moment, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { jobKind, jobText, jobTruth } from "../status.js";
import { isRunning, store } from "../store.js";
import { jobOutput } from "./job_output.js";
import { notifyFailure, whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Job} Job */

/** @type {Object<string, string>} */
const TONES = {
  queued: "busy",
  running: "busy",
  succeeded: "ready",
  failed: "bad",
  interrupted: "bad",
  cancelled: "off",
};

const PARTS = ["state", "who", "took", "why"];

/** @param {string} name @param {string|null} openId @returns {import("./server.js").Tab} */
export function jobsTab(name, openId) {
  const words = el("p", { class: "soft", role: "status" }, t("jobs.waiting"));
  const list = el("ul", { class: "jobs" });
  const rows = new KeyedList(list, (job) => jobRow(name, job.id, openId));
  /** @type {Map<string, Job>} */
  let listed = new Map();
  listJobs(name).then(take, notifyFailure);
  return { element: el("div", { class: "stack" }, words, list), update, close: () => rows.close() };

  /** @param {Job[]} jobs */
  function take(jobs) {
    listed = new Map(jobs.map((job) => [job.id, job]));
    setText(words, jobs.length ? "" : t("jobs.none"));
    update();
  }

  function update() {
    for (const job of store.jobs.values()) if (job.instance === name) listed.set(job.id, job);
    const newest = [...listed.values()].sort((one, other) => other.created_at.localeCompare(one.created_at));
    if (newest.length) setText(words, "");
    rows.show(newest.map((job) => [job.id, job]));
  }
}

/** @param {string} server @param {string} id @param {string|null} openId */
function jobRow(server, id, openId) {
  const isOpen = id === openId;
  const link = jobLink(server, id, isOpen);
  const parts = Object.fromEntries(PARTS.map((part) => [part, el("span", { class: part })]));
  const bar = el("progress", { max: 100, "aria-label": t("jobs.progress") });
  const cancel = cancelButton(id);
  const output = isOpen ? jobOutput(id) : null;
  const title = [el("span", { class: "lamp", "aria-hidden": "true" }), el("h2", {}, link)];
  const head = el("div", { class: "job-head" }, title, Object.values(parts), cancel, bar);
  const element = el("li", { class: "job" }, head, output?.element);
  return { element, update, close: () => output?.close() };

  /** @param {Job} job */
  function update(job) {
    setData(element, "tone", TONES[job.state] ?? "unknown");
    setText(link, isRunning(job) ? jobText(job) : jobKind(job));
    setText(parts.state, t(`job.state.${job.state}`));
    setText(parts.who, `${job.actor ?? t("jobs.nobody")} · ${moment(job.created_at)}`);
    setText(parts.took, took(job));
    setText(parts.why, jobTruth(job));
    cancel.hidden = !isRunning(job) || !may("operator");
    showProgress(bar, job);
  }
}

/** @param {string} id @returns {HTMLButtonElement} */
function cancelButton(id) {
  const button = el("button", { type: "button", class: "small", testid: "job-cancel" }, t("jobs.cancel"));
  button.addEventListener("click", () => whileWorking(button, async () => void (await cancelJob(id))));
  return button;
}

/** @param {string} server @param {string} id @param {boolean} isOpen */
function jobLink(server, id, isOpen) {
  const href = serverAddress(server, "jobs", isOpen ? undefined : id);
  return el("a", { class: "whole", testid: `job-${id}`, "aria-expanded": String(isOpen), href });
}

/** @param {HTMLProgressElement} bar @param {Job} job */
function showProgress(bar, job) {
  bar.hidden = !isRunning(job);
  if (job.percent === null)
    bar.removeAttribute("value"); // moving, for how far is not known
  else bar.value = job.percent;
}

/** @param {Job} job */
function took(job) {
  if (!job.started_at) return UNKNOWN;
  const end = job.finished_at ? Date.parse(job.finished_at) : serverNow();
  return duration(Math.max(0, end - Date.parse(job.started_at)) / 1000);
}
