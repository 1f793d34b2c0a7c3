/** What a restore would add, change and remove; from there, for operators, the restore itself. */

import { previewRestore } from "../api/backup_calls.js";
import { may } from "../api/session.js";
import { el } from "../dom.js";
import { size } from "../format.js";
import { t } from "../i18n.js";
import { isFree, isWithinReach } from "./backup_jobs.js";
import { can } from "./backup_words.js";
import { errorText } from "./notice.js";
import { askAndRestore } from "./restore_question.js";
import { lostPlayers, partsText, playersIn, whoList } from "./restore_words.js";

/** @typedef {import("../types.js").Backup} Backup */
/** @typedef {import("../types.js").Preview} Preview */

const MOST_PATHS = 200;

/** @param {string} server @param {() => Backup} current */
export function restorePreview(server, current) {
  const body = el("div", { class: "stack", role: "status" });
  const restore = el("button", { type: "button", class: "danger", testid: "restore" }, t("restore.button"));
  const element = el(
    "section",
    { class: "preview", hidden: true },
    el("h2", {}, t("restore.title")),
    body,
    may("operator") ? restore : null,
  );
  /** @type {Preview|null} */
  let found = null;
  let asked = 0;
  restore.addEventListener("click", () => askAndRestore(server, current(), found));
  return { element, open, update, close: () => void asked++ };

  async function open() {
    const mine = ++asked;
    found = null;
    element.hidden = false;
    restore.hidden = true;
    body.replaceChildren(el("p", { class: "soft" }, t("restore.comparing")), progressBar());
    try {
      found = await previewRestore(server, current().id);
      if (mine === asked) body.replaceChildren(...summary(found));
    } catch (error) {
      if (mine === asked) body.replaceChildren(el("p", { class: "bad" }, t("restore.unknown")), words(errorText(error)));
    }
    if (mine === asked) restore.hidden = !can(current(), "restore");
    update();
  }

  function update() {
    restore.disabled = !isFree(server) || !isWithinReach(server);
  }
}

/** @param {Preview} preview @returns {HTMLElement[]} */
function summary(preview) {
  const groups = [
    group("changed", preview),
    group("added", preview),
    group("removed", preview),
  ].filter((one) => one !== null);
  const lost = lostPlayers(preview).length;
  const isTight = preview.free_bytes !== null && preview.free_bytes < preview.needed_bytes;
  const space = { needed: size(preview.needed_bytes), free: size(preview.free_bytes) };
  return [
    groups.length ? el("dl", { class: "changes" }, groups) : words(t("restore.nothing")),
    lost ? el("p", { class: "bad" }, t("restore.lost", { count: lost })) : null,
    words(t("restore.unchanged", { count: preview.unchanged_count }), "soft"),
    words(t(preview.free_bytes === null ? "restore.space_unknown" : "restore.space", space), isTight ? "bad" : "soft"),
  ].filter((one) => one !== null);
}

/** @param {"changed"|"added"|"removed"} name @param {Preview} preview */
function group(name, preview) {
  const paths = preview[name];
  if (paths.length === 0) return null;
  const ids = playersIn(paths);
  const players = preview.players.filter(({ player_uid }) => ids.has(player_uid));
  const shown = paths.slice(0, MOST_PATHS).map((path) => el("li", { dir: "ltr" }, el("bdi", {}, path)));
  const over = paths.length - shown.length;
  if (over > 0) shown.push(el("li", { class: "soft" }, t("restore.more", { count: over })));
  const files = el("summary", {}, t("restore.files", { count: paths.length }));
  const folded = el("details", {}, files, el("ul", { class: "paths" }, shown));
  const what = el("dd", {}, partsText(paths), whoList(players, name === "removed"), folded);
  return el("div", {}, el("dt", {}, t(`restore.group.${name}`)), what);
}

function progressBar() {
  return el("progress", { "aria-label": t("restore.comparing") });
}

/** @param {string} text @param {string|null} [kind] */
function words(text, kind = null) {
  return el("p", { class: kind }, text);
}
