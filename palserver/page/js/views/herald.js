/** Says aloud what changed: the state of a server for those who listen, the end of a job for who started it. */

import { getJob } from "../api/calls.js";
import { currentUser, session } from "../api/session.js";
import { secondsSince } from "../clock.js";
import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { jobKind, jobTruth, mainStatus } from "../status.js";
import { isRunning, store } from "../store.js";
import { startedHere } from "./actions.js";
import { forgetEnd, notify, notifyFailure } from "./notice.js";

/** What starts a container anew, or may. */
const STARTING_KINDS = new Set(["start", "restart", "update", "rollback", "restore"]);
const WORD_OF_START_SECONDS = 2; // within which a start is heard of, where the job's end came first
const WORD_OF_GAME_SECONDS = 8; // within which a new container's game is asked for the first time

/** @type {Map<string, string>} the word that was last said of each server */
const said = new Map();

export const spoken = el("div", { class: "unseen", role: "status", "aria-live": "polite" });

/** @type {import("../types.js").User|null} who was signed in when it was last looked */
let user = null;

session.addEventListener("change", () => {
  const now = currentUser();
  if (now && now.username === user?.username && now.role !== user.role)
    notify(t("role.changed", { role: t(`role.${now.role}`) }));
  user = now;
});

/** To be called when the store has changed. */
export function herald() {
  if (store.connection === "live") sayStates();
  for (const id of startedHere) {
    const job = store.jobs.get(id);
    if (job && isRunning(job)) forgetEnd(job.instance);
    else if (job && !isSoonKnown(job)) tellEnd(job);
    else if (!job && store.connection === "live") askForEnd(id);
  }
}

/** It ended while nobody listened: the snapshot after a lost connection holds only what still runs. */
async function askForEnd(/** @type {string} */ id) {
  startedHere.delete(id);
  try {
    store.addJob(await getJob(id));
    startedHere.add(id);
  } catch (error) {
    notifyFailure(error);
  }
}

function sayStates() {
  for (const instance of store.list()) {
    const word = mainStatus(instance)[0];
    const before = said.get(instance.name);
    said.set(instance.name, word);
    if (before !== undefined && before !== word)
      spoken.textContent = `${instance.name}: ${t(`state.${word}`)}`;
  }
}

/** @param {import("../types.js").Job} job */
function tellEnd(job) {
  startedHere.delete(job.id);
  const link = el("a", { href: serverAddress(job.instance, "jobs", job.id) }, t("jobs.show"));
  const truth = jobTruth(job);
  const isFailure = truth !== "" || !["succeeded", "cancelled"].includes(job.state);
  const words = phrase(`job.end.${job.state}`, { what: jobKind(job), name: job.instance });
  notify([...words, ` ${truth || restText(job)}`], { isFailure, link, about: job.instance });
}

/** Whether it is worth waiting a moment for what its game does now. @param {import("../types.js").Job} job */
function isSoonKnown(job) {
  const word = wordAfter(job);
  if (word === null) return false;
  const startedAt = store.instances.get(job.instance)?.started_at ?? "";
  const isOfBefore = word === "stopped" || Date.parse(startedAt) < Date.parse(job.started_at ?? "");
  const seconds = isOfBefore ? WORD_OF_START_SECONDS : word === "unknown" ? WORD_OF_GAME_SECONDS : 0;
  return (secondsSince(job.finished_at) ?? Infinity) < seconds;
}

/** What is still to come although the job is done: a container runs long before its game is ready. */
function restText(/** @type {import("../types.js").Job} */ job) {
  return wordAfter(job) === "starting" ? t("job.end.starting") : "";
}

/** @param {import("../types.js").Job} job @returns {string|null} how its server stands, where the job started it */
function wordAfter(job) {
  const instance = store.instances.get(job.instance);
  const isByIt = job.state === "succeeded" && STARTING_KINDS.has(job.kind);
  return isByIt && instance ? mainStatus(instance)[0] : null;
}
