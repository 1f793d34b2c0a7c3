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

/**
 * @param {string} name @param {Object<string, string|number>} query
 * @returns {Promise<import("../types.js").LogPage>} part of the kept log
 */
export function readLog(name, query) {
  return authorised("GET", logAddress(name, { format: "json", ...query }));
}

/** @param {string} name @param {Object<string, string|number>} query @returns {string} */
export function logAddress(name, query) {
  const written = Object.entries(query).map(([key, value]) => [key, String(value)]);
  return `api/instances/${encodeURIComponent(name)}/logs?${new URLSearchParams(written)}`;
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

/** @param {string} name @returns {Promise<{bans: import("../types.js").Ban[], is_cut: boolean}>} */
export function listBans(name) {
  return authorised("GET", `api/instances/${encodeURIComponent(name)}/bans`);
}

/** @returns {Promise<import("../types.js").Account[]>} */
export async function listUsers() {
  return (await authorised("GET", "api/users")).users;
}

/** @param {{username: string, password: string, role: string}} user */
export function addUser(user) {
  return authorised("POST", "api/users", { body: user });
}

/** @param {string} username @param {{role?: string, password?: string}} changes */
export function changeUser(username, changes) {
  return authorised("PATCH", `api/users/${encodeURIComponent(username)}`, { body: changes });
}

/** @param {string} username */
export function removeUser(username) {
  return authorised("DELETE", `api/users/${encodeURIComponent(username)}`);
}

/** @returns {Promise<import("../types.js").OwnSession[]>} */
export async function listSessions() {
  return (await authorised("GET", "api/auth/sessions")).sessions;
}

/** @param {string} id */
export function endSession(id) {
  return authorised("DELETE", `api/auth/sessions/${encodeURIComponent(id)}`);
}

/**
 * @param {number} limit @param {string|null} before an entry's id
 * @returns {Promise<import("../types.js").AuditEntry[]>} newest first
 */
export async function listAudit(limit, before) {
  const older = before === null ? "" : `&before=${encodeURIComponent(before)}`;
  return (await authorised("GET", `api/audit?limit=${limit}${older}`)).entries;
}

/** @returns {Promise<import("../types.js").CreationForm>} what a form for a new server needs */
export function getCreation() {
  return authorised("GET", "api/creation");
}

/**
 * Makes a server; the passwords that were made up are told in this answer only.
 * @param {Object<string, any>} wanted @returns {Promise<{job: Job, generated: Object<string, string>}>}
 */
export function createInstance(wanted) {
  return authorised("POST", "api/instances", { body: wanted });
}

/** @param {string} name @param {string} kind `keep delete forget` @returns {Promise<Job>} */
export async function deleteInstance(name, kind) {
  const query = kind === "forget" ? "container=keep" : `data=${kind}`;
  return (await authorised("DELETE", `api/instances/${encodeURIComponent(name)}?${query}`)).job;
}

/** @param {string} name @param {object} changes @returns {Promise<import("../types.js").ChangeList>} what would differ */
export function listChanges(name, changes) {
  return authorised("PATCH", `api/instances/${encodeURIComponent(name)}?dry_run=1`, { body: changes });
}

/** @param {string} name @param {object} changes @returns {Promise<Job>} */
export async function patchInstance(name, changes) {
  return (await authorised("PATCH", `api/instances/${encodeURIComponent(name)}`, { body: changes })).job;
}
