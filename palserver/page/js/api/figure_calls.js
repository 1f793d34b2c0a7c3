/** What the charts ask of the API. */

import { authorised } from "./session.js";

/**
 * @typedef {object} History
 * @property {number} step_seconds
 * @property {string[]} time
 * @property {(number|null)[]} cpu_percent
 * @property {(number|null)[]} memory_bytes
 * @property {(number|null)[]} players
 * @property {(number|null)[]} fps
 * @property {string[]} started_at when the server was started in this time
 */

/** @param {string} name @param {string} from @param {number} points @returns {Promise<History>} up to now */
export function getHistory(name, from, points) {
  const query = new URLSearchParams({ from, points: String(points) });
  return authorised("GET", `api/metrics/${encodeURIComponent(name)}/history?${query}`);
}

/** @param {string} name @returns {Promise<string[]>} when each was made, newest first */
export async function listBackupTimes(name) {
  const answer = await authorised("GET", `api/instances/${encodeURIComponent(name)}/backups`);
  return answer.backups.map((/** @type {{created_at: string}} */ backup) => backup.created_at);
}
