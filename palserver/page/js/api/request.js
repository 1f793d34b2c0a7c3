/** The only code that talks HTTP: one request, one answer, and every failure as an ApiError. */

import { noteServerTime } from "../clock.js";

const TIMEOUT_MS = 30_000;
const SECOND_TRY_MS = 1000;

/** A request that did not work, in the server's words; `key` is what the page translates. */
export class ApiError extends Error {
  /** @param {number} status 0 where no answer came @param {Object<string, any>} problem problem JSON */
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    /** @type {string} */
    this.key = problem.key ?? "unexpected";
    /** @type {Object<string, string>} */
    this.fields = problem.fields ?? {};
  }
}

/**
 * Sends one request. Addresses are relative to the page, so that it works below any path of a proxy.
 * @param {string} method @param {string} path
 * @param {{body?: object, token?: string, timeoutMs?: number, keepalive?: boolean}} [options]
 * @returns {Promise<any>} the JSON of the answer, null where it has none
 */
export async function send(method, path, options = {}) {
  const answer = await fetchOrFail(path, () => ({
    method,
    headers: headers(options),
    body: options.body && JSON.stringify(options.body),
    cache: "no-store",
    keepalive: options.keepalive ?? false,
    signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
  }));
  noteServerTime(answer.headers.get("Date"));
  const value = await readJson(answer);
  if (!answer.ok) throw new ApiError(answer.status, value ?? {});
  return value;
}

/** @param {string} path a file beside the page @returns {Promise<any>} its JSON */
export async function loadAsset(path) {
  const answer = await fetchOrFail(`assets/${path}`, () => ({ method: "GET" }));
  if (!answer.ok) throw new ApiError(answer.status, {});
  return answer.json();
}

/** @param {{body?: object, token?: string}} options */
function headers(options) {
  /** @type {Object<string, string>} */
  const all = { Accept: "application/json" };
  if (options.body) all["Content-Type"] = "application/json";
  if (options.token) all.Authorization = `Bearer ${options.token}`;
  return all;
}

/**
 * Refused, cut, or too slow: all the same to a reader. What only reads is tried once more; the rest may have done
 * its work.
 * @param {string} path @param {() => RequestInit} make the options, anew for each try @param {number} [tries]
 * @returns {Promise<Response>}
 */
async function fetchOrFail(path, make, tries = 2) {
  const options = make();
  try {
    return await fetch(path, options);
  } catch {
    if (options.method !== "GET" || tries === 1) throw new ApiError(0, { key: "panel_unreachable" });
    await new Promise((resolve) => setTimeout(resolve, SECOND_TRY_MS));
    return fetchOrFail(path, make, tries - 1);
  }
}

/** @param {Response} answer */
async function readJson(answer) {
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    if (!answer.ok) return null; // a proxy's own error page
    throw new ApiError(answer.status, {});
  }
}
