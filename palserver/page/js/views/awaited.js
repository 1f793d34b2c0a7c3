/** What a view can do nothing without: asked for until it has come. */

import { errorText } from "./notice.js";

const REST_MS = 2000;

/**
 * @template T
 * @param {() => Promise<T>} ask
 * @param {{show: (answer: T) => void, fail: (why: string) => void}} on `fail` after each try that brought nothing
 * @returns {() => void} ends it
 */
export function awaited(ask, { show, fail }) {
  let isOver = false;
  /** @type {number|undefined} */
  let rest;
  turn();
  return () => {
    isOver = true;
    clearTimeout(rest);
  };

  async function turn() {
    try {
      const answer = await ask();
      if (!isOver) show(answer);
    } catch (error) {
      const why = errorText(error);
      if (isOver) return;
      fail(why);
      rest = setTimeout(turn, REST_MS);
    }
  }
}
