/** One tab at a time. Two tabs that spend the same refresh token end the session for both. */

const HELD_MS = 10_000; // a tab that was closed with the lock in its hand blocks the others for no longer
const LOOK_MS = 60;

/**
 * Runs `work` while no other tab runs anything under the same name.
 * @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function exclusively(name, work) {
  if (navigator.locks) return /** @type {Promise<T>} */ (navigator.locks.request(name, work));
  const mine = await hold(name); // plain HTTP on a home network: no Web Locks there
  try {
    return await work();
  } finally {
    release(name, mine);
  }
}

/** Waits for the lock, kept in storage as "owner until"; a place is mine when it still is one look later. */
async function hold(/** @type {string} */ name) {
  const mine = String(crypto.getRandomValues(new Uint32Array(2)));
  for (;;) {
    const [owner, until] = (read(name) ?? " 0").split(" ");
    if (owner === mine) return mine;
    if (Number(until) < Date.now() && !write(name, `${mine} ${Date.now() + HELD_MS}`)) return mine;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** @param {string} name @param {string} mine */
function release(name, mine) {
  if (read(name)?.startsWith(`${mine} `)) localStorage.removeItem(`palserver:lock:${name}`);
}

/** @param {string} name */
function read(name) {
  try {
    return localStorage.getItem(`palserver:lock:${name}`);
  } catch {
    return null; // storage is forbidden, then every tab has to live without the lock
  }
}

/** @param {string} name @param {string} value @returns {boolean} whether there is storage to write to */
function write(name, value) {
  try {
    localStorage.setItem(`palserver:lock:${name}`, value);
    return true;
  } catch {
    return false;
  }
}
