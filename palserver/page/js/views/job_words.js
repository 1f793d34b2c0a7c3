/** What a job was asked for and what came of it, in the reader's words. */

import { exactMoment } from "../format.js";
import { has, t } from "../i18n.js";

/** @typedef {import("../types.js").Job} Job */

const BACKUP_ID = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/; // the time in UTC at which it was begun

/** What tells it from others of its kind: a note, a version, a backup. @param {Job} job */
export function aboutText(job) {
  const about = job.about ?? {};
  if (about.note) return about.note;
  if (resultText(job)) return ""; // which says it too
  if (about.version) return t("job.about.version", { version: about.version });
  if (about.backup) return t("job.about.backup", { time: backupTime(about.backup) });
  return about.world ? t("job.about.world") : "";
}

/** @param {string} id @returns {string} when that backup was made */
function backupTime(id) {
  const parts = BACKUP_ID.exec(id)?.slice(1).map(Number);
  if (!parts) return id;
  const [year, month, day, hour, minute, second] = parts;
  return exactMoment(Date.UTC(year, month - 1, day, hour, minute, second));
}

/** @type {Object<string, (result: Object<string, any>) => (string|null|false)[]>} */
const TELLERS = {
  start: ({ was_running }) => [was_running && t("job.result.was_running")],
  stop: (result) => [ended(result)],
  restart: (result) => [ended(result)],
  backup: ({ backup, copies, consistent, removed }) => [
    backup ? t("job.result.backup", { time: backupTime(backup) }) : copies > 0 && t("job.result.copies", { count: copies }),
    consistent === false && t("job.result.doubtful"),
    removed?.length > 0 && t("job.result.removed", { count: removed.length }),
  ],
  verify: ({ backup }) => [
    BACKUP_ID.test(backup)
      ? t("job.result.verify", { time: backupTime(backup) })
      : t("job.result.verify_folder", { name: backup }),
  ],
  restore: ({ backup, safety_copy }) => [t("job.result.restore", { time: backupTime(backup) }), kept(safety_copy)],
  update: ({ image, backup }) => [t("job.result.image", { image }), kept(backup)],
  rollback: ({ image, world, backup }) => [
    t(world ? "job.result.image_and_world" : "job.result.image", { image }),
    kept(backup),
  ],
  recovery: ({ of, outcomes }) => [t("job.result.recovery", { what: kindText(of) }), ...(outcomes ?? []).map(outcome)],
};

/** What was found to be the truth. @param {{key: string, values: Object<string, string>}} found */
function outcome({ key, values }) {
  return has(`job.outcome.${key}`) && t(`job.outcome.${key}`, values);
}

/** @param {string} kind */
function kindText(kind) {
  return has(`job.kind.${kind}`) ? t(`job.kind.${kind}`) : kind;
}

/** @param {Job} job @returns {string} empty where its state says it all */
export function resultText(job) {
  const tell = job.state === "succeeded" && job.result ? TELLERS[job.kind] : undefined;
  return tell ? tell(job.result ?? {}).filter(Boolean).join(" ") : "";
}

/** @param {Job} job @returns {string|null} the backup that it has left */
export function backupOf({ state, kind, result }) {
  if (state !== "succeeded") return null;
  return (kind === "restore" ? result?.safety_copy : result?.backup) ?? null;
}

/** @param {Job} job @returns {string} what somebody can do about a failure */
export function adviceText(job) {
  const key = `job.advice.${job.error?.key}`;
  return job.error && has(key) ? t(key) : "";
}

/** @param {Object<string, any>} result */
function ended({ was_running, ended_by }) {
  if (was_running === false) return t("job.result.was_stopped");
  return ended_by === "engine" && t("job.result.ended_by_engine");
}

/** @param {string|null|undefined} backup the copy that was made first */
function kept(backup) {
  return backup ? t("job.result.kept", { time: backupTime(backup) }) : null;
}
