/**
 * Who is signed in. The access token lives in this module's memory and nowhere else; the refresh token is a
 * cookie that no script can read.
 */

import { exclusively } from "./lock.js";
import { ApiError, send } from "./request.js";

const RENEW_AT_SHARE = 0.8; // of the token's life, so that it never runs out on the way
const LAST_ANSWERS_MS = 3000; // for which a sign-out waits: after it they would be refusals

/** @typedef {import("../types.js").User} User */
/** @typedef {{token: string, renewAt: number, user: User}} Session */

/** Fires "change" when somebody signs in or out, or must do so. */
export const session = new EventTarget();

/** @type {Session|null} */
let current = null;
/** @type {Set<Promise<any>>} */
const asking = new Set();
/** @type {Promise<void>|null} */
let renewing = null;
/** @type {string|null} */
let ending = null;
/** @type {{why: string|null, end: Promise<void>}|null} a sign-out on its way */
let leaving = null;

/** @returns {User|null} */
export function currentUser() {
  return current?.user ?? null;
}

/** @returns {string|null} why somebody who had been signed in is so no longer, unless it was done here */
export function whyEnded() {
  return ending;
}

/** @param {import("../types.js").Role} role @returns {boolean} whether the user may do what `role` may */
export function may(role) {
  const order = ["viewer", "operator", "admin"];
  return current !== null && order.indexOf(current.user.role) >= order.indexOf(role);
}

/** @param {string} username @param {string} password */
export async function signIn(username, password) {
  accept(await send("POST", "api/auth/login?cookie=1", { body: { username, password } }));
}

/** @param {string|null} [why] what to say of it, where it was not asked for */
export function signOut(why = null) {
  leaving ??= { why, end: leave(why).finally(() => (leaving = null)) };
  return leaving.end;
}

/** @param {string|null} why */
async function leave(why) {
  const late = new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS));
  await Promise.race([Promise.allSettled(asking), late]);
  try {
    await ask("POST", "api/auth/logout");
  } catch (error) {
    if (current) throw error; // not signed out: the server did not hear it
  }
  accept(null, why);
}

/** @param {string} currentPassword @param {string} newPassword */
export async function changePassword(currentPassword, newPassword) {
  const body = { current_password: currentPassword, new_password: newPassword };
  await authorised("POST", "api/auth/password", { body });
  await renew(); // the user is no longer one who must change it
}

/** Gets a new access token for the cookie, once however many ask. No cookie, no session: nobody is signed in. */
export function renew() {
  renewing ??= exclusively("refresh", exchange).finally(() => {
    renewing = null;
  });
  return renewing;
}

/**
 * Sends a request as the user who is signed in, renewing the token when it is time. What is asked during a sign-out
 * waits for how that ends; nothing is sent where nobody is signed in.
 * @param {string} method @param {string} path
 * @param {{body?: object, timeoutMs?: number}} [options] @returns {Promise<any>}
 */
export async function authorised(method, path, options = {}) {
  await leaving?.end.catch(() => {});
  if (!current) throw new ApiError(401, { key: "unauthorized" });
  const answer = ask(method, path, options);
  asking.add(answer);
  try {
    return await answer;
  } finally {
    asking.delete(answer);
  }
}

/** @param {string} method @param {string} path @param {{body?: object, timeoutMs?: number}} [options] */
async function ask(method, path, options = {}) {
  if (current && Date.now() > current.renewAt) await renew();
  const token = current?.token ?? "";
  try {
    return await send(method, path, { ...options, token });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.key === "forbidden") renew().catch(() => {}); // the role is not what it was thought to be
    if (error.key !== "unauthorized") throw error;
    if (current?.token === token) await renew();
    if (!current) throw error;
    return send(method, path, { ...options, token: current.token });
  }
}

async function exchange() {
  try {
    // It outlives a reload: a spent token whose successor never arrived would end the session.
    accept(await send("POST", "api/auth/refresh", { keepalive: true }), current && "signed_out");
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    accept(null, leaving ? leaving.why : (error.fields.ended ?? (current && "unknown")));
  }
}

/** @param {import("../types.js").SignedIn|null} answer @param {string|null} [why] nobody is signed in any more */
function accept(answer, why = null) {
  const before = describe(current);
  current = answer && {
    token: answer.access_token,
    renewAt: Date.now() + answer.expires_in * 1000 * RENEW_AT_SHARE,
    user: answer.user,
  };
  if (answer) ending = null;
  else if (why || before !== describe(null)) ending = why;
  if (describe(current) !== before) session.dispatchEvent(new Event("change"));
}

/** @param {Session|null} state */
function describe(state) {
  return JSON.stringify(state?.user ?? null);
}
