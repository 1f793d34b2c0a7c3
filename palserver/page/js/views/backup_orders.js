/** What can be done with one backup: all that the server names for it, and nothing that it would refuse. */

import { changeBackup, downloadAddress } from "../api/backup_calls.js";
import { may } from "../api/session.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { begin, isFree, isWithinReach, pathOf } from "./backup_jobs.js";
import { askAndRemove } from "./backup_removal.js";
import { can } from "./backup_words.js";
import { whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Backup} Backup */
/**
 * @typedef {object} Hands
 * @property {(change: (listed: Backup[]) => Backup[]) => void} changed
 * @property {(() => void)|undefined} edit opens the note
 * @property {() => void} preview
 */

/** @param {string} server @param {() => Backup} current @param {Hands} hands */
export function backupOrders(server, current, hands) {
  const preview = order("preview", async () => hands.preview());
  const verify = order("verify", async () => void (await begin(server, pathOf(current(), "verify"))));
  const download = order("download", () => saveFile(server, current(), "download"));
  const manifest = order("manifest", () => saveFile(server, current(), "manifest"));
  const pin = order("pin", () => setPinned(server, current(), hands));
  const note = order("note", async () => hands.edit?.());
  const remove = order("delete", () => removeIt(server, current(), hands));
  remove.classList.add("danger");
  /** @type {[HTMLButtonElement, string][]} each with the server's word for it */
  const orders = [
    [preview, "preview"],
    [verify, "verify"],
    [download, "download"],
    [manifest, "manifest"],
    [pin, "change"],
    [note, "change"],
    [remove, "remove"],
  ];
  const mine = may("operator") ? orders : orders.filter(([button]) => button === preview || button === manifest);
  const kept = el("p", { class: "soft", hidden: true }, t("backup.delete.pinned"));
  const row = el("div", { class: "row" }, mine.map(([button]) => button));
  return { element: el("div", { class: "backup-orders" }, row, kept), update };

  function update() {
    const backup = current();
    const isFreeNow = isFree(server);
    for (const [button, action] of orders) button.hidden = !can(backup, action);
    setText(preview, t(may("operator") && can(backup, "restore") ? "backup.order.restore" : "backup.order.preview"));
    preview.disabled = store.connection !== "live" || !isWithinReach(server);
    verify.disabled = !isFreeNow;
    remove.disabled = !isFreeNow || backup.pinned;
    kept.hidden = !backup.pinned || !may("operator");
    setText(pin, t(backup.pinned ? "backup.unpin" : "backup.pin"));
  }
}

/** @param {string} name @param {() => Promise<void>} work */
function order(name, work) {
  const button = el("button", { type: "button", class: "small", testid: `backup-order-${name}` });
  button.append(t(`backup.order.${name}`));
  button.addEventListener("click", () => whileWorking(button, work));
  return button;
}

/**
 * The browser takes it from here: the page holds none of it.
 * @param {string} server @param {Backup} backup @param {"download"|"manifest"} what
 */
async function saveFile(server, backup, what) {
  const name = what === "manifest" ? `${server}-${backup.id}.json` : "";
  el("a", { href: await downloadAddress(server, backup.id, what), download: name }).click();
}

/** @param {string} server @param {Backup} backup @param {Hands} hands */
async function setPinned(server, backup, hands) {
  const now = await changeBackup(server, backup.id, { pinned: !backup.pinned });
  hands.changed((listed) => listed.map((one) => (one.id === now.id ? now : one)));
}

/** @param {string} server @param {Backup} backup @param {Hands} hands */
async function removeIt(server, backup, hands) {
  if (!(await askAndRemove(server, backup))) return;
  hands.changed((listed) => listed.filter((one) => one.id !== backup.id));
  /** @type {HTMLElement|null} */ (document.querySelector(".backups .opener"))?.focus(); // where it was, there is nothing
}
