/** What the page asks of the API, one function each. */

import { send } from "./request.js";
import { authorised } from "./session.js";

const HEALTH_TIMEOUT_MS = 5000;

/** @typedef {import("../types.js").Job} Job */
/** @typedef {import("../types.js").Player} Player */

/** @returns {Promise<string>} what opens one socket */
export async function requestTicket() {
  return (await authorised("POST", "api/auth/ticket")).ticket;
}

/** Rejects where the panel does not answer. */
export function checkHealth() {
  return send("GET", "health", { timeoutMs: HEALTH_TIMEOUT_MS });
}

/** @returns {Promise<import("../types.js").Adoptable[]>} */
export async function listAdoptable() {
  return (await authorised("GET", "api/instances/adoptable")).containers;
}

/** @param {string} container @param {string} name @returns {Promise<import("../types.js").Instance>} */
export function adopt(container, name) {
  return authorised("POST", "api/instances/adopt", { body: { container, ...(name && { name }) } });
}

/**
 * Starts a job on an instance.
 * @param {string} name @param {string} action `start stop restart kill backup update`
 * @param {Object<string, any>} [options] @returns {Promise<Job>}
 */
export async function startJob(name, action, options = {}) {
  const path = `api/instances/${encodeURIComponent(name)}/${action}`;
  return (await authorised("POST", path, { body: options })).job;
}

/** @param {string} name @returns {Promise<Job[]>} newest first */
export async function listJobs(name) {
  return (await authorised("GET", `api/jobs?instance=${encodeURIComponent(name)}&limit=50`)).jobs;
}

/** @param {string} id @returns {Promise<Job>} */
export async function getJob(id) {
  return (await authorised("GET", `api/jobs/${encodeURIComponent(id)}`)).job;
}

/** @param {string} id @returns {Promise<Job>} */
export async function cancelJob(id) {
  return (await authorised("POST", `api/jobs/${encodeURIComponent(id)}/cancel`)).job;
}

/** @param {string} name @returns {Promise<Player[]>} */
export async function listPlayers(name) {
  return (await authorised("GET", `api/server/${encodeURIComponent(name)}/players`)).players;
}

/**
 * Tells the game something.
 * @param {string} name @param {"announce"|"save"|"kick"|"ban"|"unban"} order @param {object} [body]
 */
export function tellGame(name, order, body = {}) {
  return authorised("POST", `api/server/${encodeURIComponent(name)}/${order}`, { body });
}
