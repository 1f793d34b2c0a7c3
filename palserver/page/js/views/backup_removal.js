/** The questions before a backup is gone: one for ours, two for what somebody else has made. */

import { removeBackup } from "../api/backup_calls.js";
import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { describe, isForeign } from "./backup_words.js";
import { ask } from "./confirm.js";
import { notify } from "./notice.js";

/** @typedef {import("../types.js").Backup} Backup */

/** @param {string} server @param {Backup} backup @returns {Promise<boolean>} whether it is gone. Raises ApiError. */
export async function askAndRemove(server, backup) {
  const isOwn = isForeign(backup);
  if (!(await askOnce(backup, isOwn)) || (isOwn && !(await askAgain(backup)))) return false;
  await removeBackup(server, backup.id, { isConfirmed: isOwn });
  notify(t("backup.delete.done"));
  return true;
}

/** @param {Backup} backup @param {boolean} isOwn the operator's own */
function askOnce(backup, isOwn) {
  return ask({
    title: t("backup.delete.title"),
    body: [
      el("p", { class: "strong" }, describe(backup)),
      backup.note ? el("p", { class: "soft quoted", dir: "auto" }, backup.note) : null,
      isOwn ? el("p", { class: "bad" }, phrase("backup.delete.foreign", { name: code(backup) })) : null,
      el("p", {}, t("backup.delete.what")),
    ].filter((one) => one !== null),
    confirm: t(isOwn ? "backup.delete.next" : "backup.delete.yes"),
    isDangerous: true,
  });
}

/** @param {Backup} backup */
function askAgain(backup) {
  return ask({
    title: phrase("backup.delete.again.title", { name: code(backup) }),
    body: [el("p", { class: "bad" }, t("backup.delete.again.what"))],
    confirm: t("backup.delete.again.yes"),
    isDangerous: true,
    isLast: true,
  });
}

/** @param {Backup} backup */
function code(backup) {
  return el("bdi", { class: "code" }, backup.id);
}
