/** Says aloud what changed: the state of a server for those who listen, the end of a job for who started it. */

import { getJob } from "../api/calls.js";
import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { jobKind, jobTruth, mainStatus } from "../status.js";
import { isRunning, store } from "../store.js";
import { startedHere } from "./actions.js";
import { notify, notifyFailure } from "./notice.js";

/** @type {Map<string, string>} the word that was last said of each server */
const said = new Map();

export const spoken = el("div", { class: "unseen", role: "status", "aria-live": "polite" });

/** To be called when the store has changed. */
export function herald() {
  if (store.connection === "live") sayStates();
  for (const id of startedHere) {
    const job = store.jobs.get(id);
    if (job && !isRunning(job)) tellEnd(job);
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
  const words = phrase(`job.end.${job.state}`, { what: jobKind(job), name: job.instance });
  notify([...words, ` ${truth}`], { isFailure: truth !== "" || job.state !== "succeeded", link });
}
