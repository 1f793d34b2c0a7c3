/** From what the engine and the game say of an instance to the few words and colours people see. */

import { secondsSince, serverNow } from "./clock.js";
import { duration, percent } from "./format.js";
import { has, t } from "./i18n.js";
import { store } from "./store.js";

/** @typedef {import("./types.js").Instance} Instance */
/** @typedef {import("./types.js").Job} Job */
/** @typedef {"ready"|"busy"|"bad"|"off"|"unknown"} Tone */

const SAMPLE_GOOD_SECONDS = 20;
const PLAYERS_GOOD_SECONDS = 90;
const KILLED = 137; // by a signal that nothing can refuse
const HARMLESS_EXIT_CODES = new Set([0, 130, KILLED, 143]); // an end by a signal that somebody sent

/** @type {Object<string, [string, Tone]>} */
const CONTAINER = {
  running: ["running", "ready"],
  created: ["stopped", "off"],
  exited: ["stopped", "off"],
  restarting: ["restarting", "busy"],
  paused: ["paused", "off"],
  dead: ["dead", "bad"],
  missing: ["missing", "bad"],
};

/** @type {Object<string, [string, Tone]>} */
const GAME = {
  ready: ["ready", "ready"],
  starting: ["starting", "busy"],
  unresponsive: ["unresponsive", "bad"],
  unauthorized: ["unauthorized", "bad"],
  paused: ["paused", "off"],
  off: ["off", "off"],
};

/** @param {string} state @returns {[string, Tone]} a word of `state.*` and its colour */
export function containerStatus(state) {
  return CONTAINER[state] ?? ["unknown", "unknown"];
}

/** @param {Instance} instance @returns {[string, Tone]} */
export function gameStatus(instance) {
  if (instance.state !== "running") return instance.state === "unknown" ? ["unknown", "unknown"] : GAME.off;
  return GAME[instance.game.status] ?? ["unknown", "unknown"];
}

/** The one word that says how it stands: the game's while its container runs. @returns {[string, Tone]} */
export function mainStatus(/** @type {Instance} */ instance) {
  return instance.state === "running" ? gameStatus(instance) : containerStatus(instance.state);
}

/** @param {Instance} instance */
export function isUp(instance) {
  return ["running", "restarting", "paused"].includes(instance.state);
}

/** @param {Instance} instance whether it had no time to save: ended by force, from here or from anywhere else */
export function wasKilled(instance) {
  return instance.state === "exited" && instance.exit_code === KILLED;
}

/** @param {Instance} instance whether a start makes its container again, should it be missing */
export function isMadeHere(instance) {
  return instance.source !== "adopted";
}

/** @param {Instance} instance @returns {string|null} why somebody should look after it */
export function trouble(instance) {
  if (instance.state === "missing") return t("trouble.missing");
  if (instance.state === "dead") return t("trouble.dead");
  if (instance.state === "running") return runningTrouble(instance.game.status);
  if (!["exited", "restarting"].includes(instance.state)) return null;
  if (instance.oom_killed) return t("trouble.memory");
  const code = instance.exit_code;
  if (code === null || HARMLESS_EXIT_CODES.has(code)) return null;
  return t(instance.state === "exited" ? "trouble.exit" : "trouble.again", { code: String(code) });
}

/** @param {string} status */
function runningTrouble(status) {
  if (status === "unresponsive") return t("trouble.unresponsive");
  if (status === "unauthorized") return t("trouble.unauthorized");
  return null;
}

/** @param {Instance} instance @returns {number|null} null too where the last answer is too old to be true */
export function playersOn(instance) {
  if (instance.state !== "running") return null;
  const age = secondsSince(instance.game.checked_at);
  return age !== null && age > PLAYERS_GOOD_SECONDS ? null : instance.game.players;
}

/** @param {Instance} instance @returns {import("./types.js").Sample|null} null where none is fresh */
export function freshSample(instance) {
  if (!isUp(instance) || instance.state === "restarting") return null;
  const latest = store.latestSample(instance.name) ?? instance.metrics;
  const age = secondsSince(latest?.sampled_at);
  if (latest === null || age === null || age > SAMPLE_GOOD_SECONDS) return null;
  const isOfBefore = Date.parse(latest.sampled_at) < Date.parse(instance.started_at ?? "");
  return isOfBefore ? null : latest; // a start has come in between; both times are by the engine's clock
}

/** While nothing is heard it stands still, as of the last word. @param {Instance} instance */
export function uptime(instance) {
  const seconds = instance.state === "running" ? secondsSince(instance.started_at) : null;
  return duration(seconds === null ? null : Math.max(0, seconds - store.silentSeconds()));
}

/** @param {Job|null} job whether its players are still being warned */
export function isCountingDown(job) {
  return job?.step === "counting_down";
}

/** @param {Job} job what it does, and how far it is: a share of the work, or the seconds of a countdown */
export function jobText(job) {
  const far = secondsLeft(job) || (job.percent === null ? "" : percent(job.percent));
  return [jobKind(job), job.step && stepText(job.step), far].filter(Boolean).join(" · ");
}

/** @param {Job} job */
function secondsLeft(job) {
  const end = Date.parse(job.step_ends_at ?? "");
  return Number.isNaN(end) ? "" : duration(Math.max(0, Math.ceil((end - serverNow()) / 1000)));
}

/** @param {Job} job */
export function jobKind(job) {
  return has(`job.kind.${job.kind}`) ? t(`job.kind.${job.kind}`) : job.kind;
}

/** What a job came to, beyond its state: why it failed, or what it could not do although it did not fail. */
export function jobTruth(/** @type {Job} */ job) {
  if (job.error?.key === "cancelled") return ""; // which its state says
  if (job.error) return problemText(job.error.key, job.error.detail);
  if (job.result?.copies === 0) return t("job.no_copy");
  if (job.result?.saved !== false || job.result.deleted) return ""; // a deleted world needs no save
  const why = job.result.save_error;
  return t("job.not_saved") + (why ? ` ${problemText(why, "")}` : "");
}

/** @param {string} key of a problem @param {string} detail what the server says of it, for a key we don't know */
export function problemText(key, detail) {
  if (has(`error.${key}`)) return t(`error.${key}`);
  return detail || t("error.unexpected");
}

/** @param {string} step */
function stepText(step) {
  return has(`job.step.${step}`) ? t(`job.step.${step}`) : step;
}
