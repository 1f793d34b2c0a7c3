/** The one question before a world takes another's place. */

import { el } from "../dom.js";
import { exactMoment } from "../format.js";
import { phrase, t } from "../i18n.js";
import { isUp } from "../status.js";
import { store } from "../store.js";
import { warningFields } from "./actions.js";
import { beginAndShow, pathOf } from "./backup_jobs.js";
import { reasonText, whoIsOn } from "./backup_words.js";
import { ask } from "./confirm.js";
import { notifyFailure } from "./notice.js";
import { lostPlayers, whoList } from "./restore_words.js";

/** @typedef {import("../types.js").Backup} Backup */

/** @param {string} server @param {Backup} backup @param {import("../types.js").Preview|null} preview */
export async function askAndRestore(server, backup, preview) {
  const time = exactMoment(backup.created_at);
  const instance = store.instances.get(server);
  const willRun = instance ? isUp(instance) : false;
  const steps = [willRun ? "stop" : null, "copy", "exchange", willRun ? "start" : "stay"];
  const lost = preview ? lostPlayers(preview) : [];
  const warnings = [reasonText(backup), lost.length ? t("restore.lost", { count: lost.length }) : ""].filter(Boolean);
  const countdown = warningFields(server, "restore");
  const isConfirmed = await ask({
    title: phrase("restore.confirm.title", { name: server, time }),
    body: [
      el("p", { class: "strong" }, whoIsOn(server)),
      ...warnings.map((warning) => el("p", { class: "bad" }, warning)),
      ...(lost.length ? [whoList(lost, true)] : []),
      stepList(steps.filter((step) => step !== null).map((step) => t(`restore.step.${step}`, { time }))),
      ...countdown.elements,
    ],
    confirm: t("restore.confirm.yes"),
    isDangerous: true,
  });
  if (isConfirmed)
    await beginAndShow(server, pathOf(backup, "restore"), countdown.values()).catch(notifyFailure);
}

/** What will happen, one after the other. @param {string[]} steps */
export function stepList(steps) {
  return el("ol", { class: "steps" }, steps.map((step) => el("li", {}, step)));
}
