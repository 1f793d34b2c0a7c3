/** That something is new which the server tells only who asks: accounts, sessions, the audit trail, bans, who plays. */

const SUBJECTS = ["users", "sessions", "audit", "bans", "players"];

/** Fires each subject by its name, with the server that it is about, or null, in `detail`. */
export const news = new EventTarget();

/** @param {string} about @param {string|null} instance */
export function tellNews(about, instance) {
  news.dispatchEvent(new CustomEvent(about, { detail: instance }));
}

/** What was new while nothing could be heard is not known: all of it may be. */
export function tellAllNews() {
  for (const about of SUBJECTS) tellNews(about, null);
}
