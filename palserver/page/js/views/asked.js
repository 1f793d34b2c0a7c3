/** What the server does not send, but says that it has changed: asked for at once, and again with each news. Nothing
 * is asked for while nobody looks at the page. */

import { news } from "../live/news.js";
import { errorText } from "./notice.js";

const REST_MS = 1000; // between two questions, however much there is news of

/**
 * @template T
 * @param {string} about a subject of `news`
 * @param {{ask: () => Promise<T>, show: (answer: T) => void, fail: (why: string) => void, server?: string,
 *   everyMs?: number}} on `server` where other servers' news are none; `everyMs` where there is more than the news tell
 * @returns {{again: () => Promise<void>, close: () => void}}
 */
export function asked(about, { ask, show, fail, server, everyMs }) {
  let isOver = false;
  let isWanted = false;
  let isResting = false;
  /** @type {Promise<void>|null} */
  let asking = null;
  news.addEventListener(about, heard);
  document.addEventListener("visibilitychange", look);
  const timer = everyMs === undefined ? undefined : setInterval(want, everyMs);
  again();
  return { again, close };

  /** @param {Event} event */
  function heard(event) {
    const of = /** @type {CustomEvent<string|null>} */ (event).detail;
    if (server !== undefined && of !== null && of !== server) return;
    want();
  }

  function want() {
    isWanted = true;
    look();
  }

  function look() {
    if (isWanted && asking === null && !isResting && !document.hidden) again();
  }

  /** Resolves when what is true now is shown. @returns {Promise<void>} */
  async function again() {
    while (asking !== null) await asking;
    if (isOver) return;
    isWanted = false;
    isResting = true;
    asking = turn();
    await asking;
    asking = null;
    setTimeout(() => {
      isResting = false;
      look();
    }, REST_MS);
  }

  async function turn() {
    try {
      const answer = await ask();
      if (!isOver) show(answer);
    } catch (error) {
      const said = errorText(error);
      if (!isOver) fail(said);
    }
  }

  function close() {
    isOver = true;
    clearInterval(timer);
    news.removeEventListener(about, heard);
    document.removeEventListener("visibilitychange", look);
  }
}
