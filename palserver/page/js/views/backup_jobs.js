/** Starting a job from the page's own buttons. */

import { startJob } from "../api/calls.js";
import { serverAddress } from "../router.js";
import { isRunning, store } from "../store.js";
import { startedHere } from "./actions.js";

/**
 * Its end is told to whoever asked for it. Raises ApiError.
 * @param {string} server @param {string} action the rest of the address @param {Object<string, any>} [options]
 */
export async function begin(server, action, options = {}) {
  const job = await startJob(server, action, options);
  startedHere.add(job.id);
  store.addJob(job);
  return job;
}

/** The same, and shows what it does: long work that changes the server. Raises ApiError. */
export async function beginAndShow(
  /** @type {string} */ server,
  /** @type {string} */ action,
  /** @type {Object<string, any>} */ options = {},
) {
  const job = await begin(server, action, options);
  location.hash = serverAddress(server, "jobs", job.id);
}

/** @param {string} server whether a job may be started on it now */
export function isFree(server) {
  return store.connection === "live" && store.instances.get(server)?.job === null;
}

/** @param {string} server whether it can be read and restored; a container that is missing is made for it */
export function isWithinReach(server) {
  const state = store.instances.get(server)?.state;
  return state !== undefined && state !== "unknown";
}

/** Differs when a job has ended since, or the connection was lost: then it is time to ask again. */
export function signOfChange(/** @type {string} */ server) {
  const ended = [...store.jobs.values()].filter((job) => job.instance === server && !isRunning(job));
  return [store.connection, ...ended.map((job) => job.id)].join();
}

/** The rest of the address of an order. @param {import("../types.js").Backup} backup @param {string} what */
export function pathOf(backup, what) {
  return `backups/${encodeURIComponent(backup.id)}/${what}`;
}
