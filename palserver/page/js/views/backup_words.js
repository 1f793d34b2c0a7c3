/** What is known of a backup, in the reader's words. */

import { ago, exactMoment, size } from "../format.js";
import { has, t } from "../i18n.js";
import { playersOn } from "../status.js";
import { store } from "../store.js";

/** @typedef {import("../types.js").Backup} Backup */

/** @param {Backup} backup @param {string} action whether the server can do that with it at all */
export function can(backup, action) {
  return backup.actions.includes(action);
}

/** Whether an operator's own script has left it, or nobody knows who. @param {Backup} backup */
export function isForeign(backup) {
  return backup.kind === "script";
}

/** @param {Backup} backup */
export function kindText(backup) {
  return has(`backup.kind.${backup.kind}`) ? t(`backup.kind.${backup.kind}`) : backup.kind;
}

/** Whether it is whole, as far as anybody knows. @param {Backup} backup @returns {[string, string]} and its tone */
export function condition(backup) {
  if (backup.reasons.some(({ key }) => key === "not_as_written")) return [t("backup.condition.broken"), "bad"];
  if (backup.consistent === false) return [t("backup.condition.doubtful"), "bad"];
  if (!can(backup, "verify")) return [t("backup.condition.foreign"), "unknown"];
  const time = ago(backup.verified_at);
  if (!isForeign(backup))
    return backup.verified_at
      ? [t("backup.condition.verified", { time }), "ready"]
      : [t("backup.condition.unverified"), "off"];
  return backup.verified_at
    ? [t("backup.condition.read", { time }), "ready"]
    : [t("backup.condition.unread"), "unknown"];
}

/** @param {Backup} backup @returns {string} why it may not be whole; empty where nothing speaks against it */
export function reasonText(backup) {
  return backup.reasons
    .map(({ key, values }) => (has(`backup.reason.${key}`) ? t(`backup.reason.${key}`, values) : values.sentence))
    .filter(Boolean)
    .join(" ");
}

/** @param {Backup} backup @returns {string} of a copy that is not PalServer's: what it is and what can be done */
export function originText(backup) {
  if (!isForeign(backup)) return "";
  if (can(backup, "restore")) return t("backup.foreign.folder");
  return t(can(backup, "download") ? "backup.foreign.file" : "backup.foreign.unknown");
}

/** @param {Backup[]} backups how many, and how large as far as that is known */
export function totalText(backups) {
  const known = backups.filter((backup) => backup.size_bytes !== null);
  const total = size(known.reduce((sum, backup) => sum + (backup.size_bytes ?? 0), 0));
  const values = { count: backups.length, size: total };
  if (known.length === backups.length) return t("backup.count", values);
  return t(known.length ? "backup.count_at_least" : "backup.count_unknown", values);
}

/** @param {Backup} backup what a question calls it */
export function describe(backup) {
  const texts = [exactMoment(backup.created_at), kindText(backup)];
  return [...texts, ...(backup.size_bytes === null ? [] : [size(backup.size_bytes)])].join(" · ");
}

/** What stopping a server does to the people on it. @param {string} server */
export function whoIsOn(server) {
  const instance = store.instances.get(server);
  if (instance && instance.state !== "running") return t("confirm.players.none_running");
  const players = instance ? playersOn(instance) : null;
  return players === null ? t("confirm.players.unknown") : t("confirm.players", { count: players });
}
