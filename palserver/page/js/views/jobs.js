/** What was done to a server and what is being done: the list of its jobs, and one of them with its output. */

import { cancelJob, getJob, listJobs } from "../api/calls.js";
import { may } from "../api/session.js";
import { serverNow } from "../clock.js";
import { el, KeyedList, setData, setText } from "../dom.js";
import { duration, moment, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { jobKind, jobText, jobTruth } from "../status.js";
import { isRunning, store } from "../store.js";
import { jobOutput } from "./job_output.js";
import { aboutText, adviceText, backupOf, resultText } from "./job_words.js";
import { notifyFailure } from "./notice.js";

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

const PARTS = ["about", "state", "who", "took", "outcome", "why", "advice"];

/** @param {string} name @param {string|null} openId @returns {import("./server.js").Tab} */
export function jobsTab(name, openId) {
  const words = el("p", { class: "soft", role: "status" }, t("jobs.waiting"));
  const list = el("ul", { class: "jobs" });
  const rows = new KeyedList(list, (job) => jobRow(name, job.id, openId));
  /** @type {Map<string, Job>} */
  let listed = new Map();
  let isBehind = false;
  load();
  return { element: el("div", { class: "stack" }, words, list), update, close: () => rows.close() };

  function load() {
    listJobs(name).then(take, notifyFailure);
  }

  /** @param {Job[]} jobs */
  function take(jobs) {
    listed = new Map(jobs.map((job) => [job.id, job]));
    setText(words, jobs.length ? "" : t("jobs.none"));
    update();
    if (openId !== null && !listed.has(openId)) getJob(openId).then(addOlder, notifyFailure);
  }

  /** One that a link leads to, and that is too old for the list. @param {Job} job */
  function addOlder(job) {
    if (job.instance === name) listed.set(job.id, job);
    update();
  }

  /** What ended while the connection was lost is told by no event. */
  function update() {
    if (isBehind && store.connection === "live") load();
    isBehind = store.connection === "down";
    for (const job of store.jobs.values()) if (job.instance === name) listed.set(job.id, job);
    const newest = [...listed.values()].sort((one, other) => other.created_at.localeCompare(one.created_at));
    if (newest.length) setText(words, "");
    rows.show(newest.map((job) => [job.id, job]));
  }
}

/** @param {string} server @param {string} id @param {string|null} openId */
export function jobRow(server, id, openId) {
  const isOpen = id === openId;
  const link = jobLink(server, id, isOpen);
  const parts = Object.fromEntries(PARTS.map((part) => [part, el("span", { class: part, dir: "auto" })]));
  const outcome = el("span");
  const backup = el("a", { testid: "job-backup" }, t("job.show_backup"));
  parts.outcome.append(outcome, " ", backup);
  const actor = el("bdi");
  const time = el("span");
  parts.who.append(actor, " · ", time);
  const bar = el("progress", { max: 100, "aria-label": t("jobs.progress") });
  const cancel = cancelButton(id);
  const output = isOpen ? jobOutput(id) : null;
  const lamp = el("span", { class: "lamp", "aria-hidden": "true" });
  const { about, ...others } = parts;
  const title = el("div", { class: "job-title" }, el("h2", {}, link), about);
  const head = el("div", { class: "job-head" }, lamp, title, Object.values(others), cancel.element, bar);
  const element = el("li", { class: "job", testid: "job" }, head, output?.element);
  return { element, update, close: () => output?.close() };

  /** @param {Job} job */
  function update(job) {
    setData(element, "tone", TONES[job.state] ?? "unknown");
    setText(link, isRunning(job) ? jobText(job) : jobKind(job));
    setText(parts.state, t(`job.state.${job.state}`));
    setText(about, aboutText(job));
    setText(actor, job.actor ?? t("jobs.nobody"));
    setText(time, moment(job.created_at));
    setText(parts.took, took(job));
    setText(outcome, resultText(job));
    showBackup(job);
    setText(parts.why, jobTruth(job));
    setText(parts.advice, adviceText(job));
    cancel.update(job);
    showProgress(bar, job);
  }

  /** @param {Job} job */
  function showBackup(job) {
    const left = backupOf(job);
    backup.hidden = left === null;
    parts.outcome.hidden = left === null && resultText(job) === "";
    if (left !== null) backup.href = serverAddress(server, "backups", left);
  }
}

/** There only where a cancel is safe; it takes effect at the next safe place. @param {string} id */
function cancelButton(id) {
  const element = el("button", { type: "button", class: "small", testid: "job-cancel", hidden: true });
  let isAsked = false;
  element.addEventListener("click", async () => {
    isAsked = element.disabled = true;
    try {
      await cancelJob(id);
    } catch (error) {
      isAsked = element.disabled = false;
      notifyFailure(error);
    }
  });
  return { element, update };

  /** @param {Job} job */
  function update(job) {
    element.hidden = !isRunning(job) || !may("operator") || !(job.is_cancellable || isAsked);
    setText(element, t(isAsked ? "job.cancelling" : "jobs.cancel"));
  }
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
