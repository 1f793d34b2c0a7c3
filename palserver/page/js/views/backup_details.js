/** All that is known of one backup, and what can be done with it. */

import { may } from "../api/session.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { backupOrders } from "./backup_orders.js";
import { originText, reasonText } from "./backup_words.js";
import { noteEditor } from "./backup_note.js";
import { restorePreview } from "./restore_preview.js";

/** @typedef {import("../types.js").Backup} Backup */

const FACTS = ["note", "origin", "reason", "world", "image", "file", "sum"];

/**
 * @param {string} server @param {Backup} first @param {number} columns how many it spans
 * @param {(change: (listed: Backup[]) => Backup[]) => void} changed
 */
export function backupDetails(server, first, columns, changed) {
  let backup = first;
  const facts = FACTS.map((name) => {
    const value = el("dd", { dir: "auto" });
    return { name, value, element: el("div", { class: `fact-${name}` }, el("dt", {}, t(`backup.fact.${name}`)), value) };
  });
  const editor = may("operator") ? noteEditor(server, () => backup, changed) : null;
  const preview = restorePreview(server, () => backup);
  const orders = backupOrders(server, () => backup, { changed, edit: editor?.open, preview: preview.open });
  const list = el("dl", { class: "backup-facts" }, facts.map((fact) => fact.element));
  const inner = el("div", { class: "backup-more" }, list, editor?.element, orders.element, preview.element);
  const element = el("tr", { class: "backup-details" }, el("td", { colspan: columns }, inner));
  return { element, update, close: preview.close };

  /** @param {{backup: Backup}} entry */
  function update(entry) {
    backup = entry.backup;
    const texts = factTexts(backup);
    for (const { name, value, element: line } of facts) {
      setText(value, texts[name]);
      line.hidden = texts[name] === "";
    }
    orders.update();
    preview.update();
  }
}

/** What is not known is left out here: the row says so already. @param {Backup} backup @returns {Object<string, string>} */
function factTexts(backup) {
  return {
    note: backup.note ?? "",
    origin: originText(backup),
    reason: reasonText(backup),
    world: backup.world_guid ?? "",
    image: backup.image ?? "",
    file: backup.id,
    sum: backup.sha256 ?? "",
  };
}
