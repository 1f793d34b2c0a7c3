/** The note beside a backup, changed where it stands. */

import { changeBackup } from "../api/backup_calls.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { field } from "./fields.js";
import { whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Backup} Backup */

/**
 * @param {string} server @param {() => Backup} current
 * @param {(change: (listed: Backup[]) => Backup[]) => void} changed
 */
export function noteEditor(server, current, changed) {
  const note = field(t("backup.fact.note"), { maxlength: 300, testid: "note", dir: "auto" });
  const save = el("button", { type: "submit", class: "primary", testid: "note-save" }, t("backup.note.save"));
  const cancel = el("button", { type: "button", click: close }, t("confirm.cancel"));
  const element = el("form", { class: "row note-form", hidden: true }, note.element, save, cancel);
  /** @type {Element|null} */
  let opener = null;
  element.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    whileWorking(save, async () => {
      const text = note.input.value.trim();
      const now = await changeBackup(server, current().id, { note: text || null });
      changed((listed) => listed.map((one) => (one.id === now.id ? now : one)));
      close();
    });
  });
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") close();
  });
  return { element, open };

  function open() {
    opener = document.activeElement;
    note.input.value = current().note ?? "";
    element.hidden = false;
    note.input.focus();
  }

  function close() {
    element.hidden = true;
    if (opener instanceof HTMLElement) opener.focus();
  }
}
