/** The settings of a game: reading and changing them. */

import { authorised } from "./session.js";

const WRITE_TIMEOUT_MS = 90_000; // a stopped server's file is written before the answer comes

/**
 * @typedef {boolean|number|string|string[]} Value
 *
 * @typedef {object} Option
 * @property {string} key
 * @property {"bool"|"int"|"float"|"enum"|"string"|"list"} type
 * @property {string} group
 * @property {Value|null} file
 * @property {Value|null} pending
 * @property {Value|null} effective
 * @property {Value|null} default
 * @property {number|null} min
 * @property {number|null} max
 * @property {string[]} choices
 * @property {string|null} danger
 * @property {boolean|null} dangerous_value
 * @property {boolean} is_secret
 * @property {boolean|null} is_set
 * @property {boolean} is_pending
 * @property {string|null} not_taken
 *
 * @typedef {object} Settings
 * @property {string} revision
 * @property {Option[]} options
 * @property {{source: string, keys: string[]}[]} overridden_by
 * @property {"whole"|"missing"|"broken"} file
 * @property {string[]} unknown
 * @property {boolean} is_running
 * @property {{actor: string|null, ordered_at: string|null, problem: string|null}|null} pending
 */

/** @param {string} name @returns {Promise<Settings>} */
export function getSettings(name) {
  return authorised("GET", address(name));
}

/**
 * @param {string} name @param {string} revision of the settings that the change was made for
 * @param {Object<string, Value>} options @param {boolean} [discards] what waits so far
 * @returns {Promise<Settings>}
 */
export function putSettings(name, revision, options, discards = false) {
  const body = { revision, options, discard_pending: discards };
  return authorised("PUT", address(name), { body, timeoutMs: WRITE_TIMEOUT_MS });
}

/** @param {string} name */
function address(name) {
  return `api/instances/${encodeURIComponent(name)}/settings`;
}
