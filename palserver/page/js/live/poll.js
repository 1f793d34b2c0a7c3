/** Asking again and again, for what the server does not tell by itself. */

/**
 * Runs `work` at once and then with a rest in between, but only while somebody looks at the page.
 * @param {number} restMs @param {() => Promise<void>} work @returns {() => void} what ends it
 */
export function every(restMs, work) {
  let isOver = false;
  /** @type {number|undefined} */
  let timer;
  const turn = async () => {
    if (!document.hidden) await work();
    if (!isOver) timer = setTimeout(turn, restMs);
  };
  turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
