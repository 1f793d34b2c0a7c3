/** What the page asks of the API about backups, restores and the way back, one function each. */

import { authorised } from "./session.js";
import { requestTicket } from "./calls.js";

const PREVIEW_TIMEOUT_MS = 600_000; // the present world is read to its end for it

/** @typedef {import("../types.js").Backup} Backup */

/** @param {string} name @returns {Promise<Backup[]>} newest first */
export async function listBackups(name) {
  return (await authorised("GET", `${pathOf(name)}/backups`)).backups;
}

/** @param {string} name @param {string} id @param {{pinned?: boolean, note?: string|null}} changes */
export function changeBackup(name, id, changes) {
  return authorised("PATCH", backupPath(name, id), { body: changes });
}

/**
 * @param {string} name @param {string} id
 * @param {{isConfirmed: boolean}} options what PalServer did not make is removed only when that is confirmed
 */
export function removeBackup(name, id, { isConfirmed }) {
  return authorised("DELETE", backupPath(name, id) + (isConfirmed ? "?confirm=1" : ""));
}

/**
 * @param {string} name @param {string} id @param {"download"|"manifest"} what
 * @returns {Promise<string>} an address that works once, for a link
 */
export async function downloadAddress(name, id, what) {
  const ticket = await requestTicket();
  return `${backupPath(name, id)}/${what}?ticket=${encodeURIComponent(ticket)}`;
}

/** @param {string} name @param {string} id @returns {Promise<import("../types.js").Preview>} */
export function previewRestore(name, id) {
  return authorised("GET", `${backupPath(name, id)}/preview`, { timeoutMs: PREVIEW_TIMEOUT_MS });
}

/** @param {string} name @returns {Promise<import("../types.js").WayBack|null>} null where there is none */
export async function findRollback(name) {
  return (await authorised("GET", `${pathOf(name)}/rollback`)).rollback;
}

/** @param {string} name @returns {Promise<import("../types.js").Version[]>} at hand, newest first */
export async function listVersions(name) {
  return (await authorised("GET", `${pathOf(name)}/versions`)).versions;
}

/** @param {string} name */
function pathOf(name) {
  return `api/instances/${encodeURIComponent(name)}`;
}

/** @param {string} name @param {string} id */
function backupPath(name, id) {
  return `${pathOf(name)}/backups/${encodeURIComponent(id)}`;
}
