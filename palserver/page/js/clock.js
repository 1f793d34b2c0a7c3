/** The server's clock. What is old is judged by it, since a reader's own clock may be minutes off. */

const TOLERATED_MS = 2000; // the Date header has whole seconds, and travelled

let offsetMs = 0;

/** @param {string|null} date the Date header of an answer that has just come */
export function noteServerTime(date) {
  const server = Date.parse(date ?? "");
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  offsetMs = Math.abs(difference) > TOLERATED_MS ? difference : 0;
}

/** @returns {number} milliseconds since 1970, by the server's clock */
export function serverNow() {
  return Date.now() + offsetMs;
}

/** @param {string|null|undefined} timestamp @returns {number|null} seconds since then; null where unknown */
export function secondsSince(timestamp) {
  const then = Date.parse(timestamp ?? "");
  return Number.isNaN(then) ? null : Math.max(0, (serverNow() - then) / 1000);
}
