/** What happened to a server: when it was started, and when its world was backed up. */

/** @typedef {{at: number, kind: "restart"|"backup"}} Mark `at` in seconds since 1970 */

/**
 * @param {Iterable<number>} starts in seconds since 1970 @param {string[]} backups times
 * @returns {Mark[]} oldest first
 */
export function marksOf(starts, backups) {
  /** @type {Mark[]} */
  const marks = [
    ...[...starts].map((at) => ({ at, kind: /** @type {const} */ ("restart") })),
    ...backups.map((time) => ({ at: Date.parse(time) / 1000, kind: /** @type {const} */ ("backup") })),
  ];
  return marks.sort((one, other) => one.at - other.at);
}
