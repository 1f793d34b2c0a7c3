/** What the charts ask of the API. */

import { authorised } from "./session.js";

/**
 * Highest and lowest are of the single samples in each step, the figures themselves are averages.
 * @typedef {object} History
 * @property {number} step_seconds
 * @property {string[]} time
 * @property {(number|null)[]} cpu_percent
 * @property {(number|null)[]} memory_bytes
 * @property {(number|null)[]} players
 * @property {(number|null)[]} fps
 * @property {(number|null)[]} highest_cpu_percent
 * @property {(number|null)[]} highest_memory_bytes
 * @property {(number|null)[]} highest_players
 * @property {(number|null)[]} highest_fps
 * @property {(number|null)[]} lowest_cpu_percent
 * @property {(number|null)[]} lowest_memory_bytes
 * @property {(number|null)[]} lowest_players
 * @property {(number|null)[]} lowest_fps
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
