/** The backups of a server: one is made, each is looked at, and the way to another version and back. */

import { listBackups } from "../api/backup_calls.js";
import { may } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { begin, isFree, signOfChange } from "./backup_jobs.js";
import { backupTable } from "./backup_table.js";
import { totalText } from "./backup_words.js";
import { field } from "./fields.js";
import { jobRow } from "./jobs.js";
import { errorText, whileWorking } from "./notice.js";
import { updateSection } from "./update_section.js";

/** @typedef {import("../types.js").Backup} Backup */

/** @param {string} server @param {string|null} openId @returns {import("./server.js").Tab} */
export function backupsTab(server, openId) {
  const form = may("operator") ? backupForm(server) : null;
  const words = el("p", { class: "soft", role: "status" }, t("backup.waiting"));
  const empty = emptyState();
  const strip = el("ul", { class: "jobs", "aria-label": t("backup.running") });
  const running = new KeyedList(strip, (job) => jobRow(server, job.id, null));
  const table = backupTable(server, openId, take);
  const version = may("operator") ? updateSection(server) : null;
  version?.element.toggleAttribute("hidden", true); // until the list above it has its height
  const parts = [form?.element, strip, words, empty, table.element, version?.element];
  const element = el("div", { class: "backups-tab" }, parts);
  /** @type {Backup[]|null} */
  let listed = null;
  let asked = 0;
  let seen = signOfChange(server);
  load();
  return { element, update, close };

  async function load() {
    const mine = ++asked;
    version?.load();
    try {
      const backups = await listBackups(server);
      if (mine === asked) take(() => backups);
    } catch (error) {
      if (mine !== asked) return;
      setText(words, errorText(error));
      version?.element.toggleAttribute("hidden", false);
      table.fade();
    }
  }

  /** @param {(listed: Backup[]) => Backup[]} change */
  function take(change) {
    listed = change(listed ?? []);
    setText(words, listed.length ? totalText(listed) : "");
    showEmpty();
    table.show(listed);
    version?.element.toggleAttribute("hidden", false);
  }

  function update() {
    const now = signOfChange(server);
    if (now !== seen && store.connection === "live") load();
    if (store.connection === "live") seen = now;
    const job = store.instances.get(server)?.job;
    running.show(job ? [[job.id, job]] : []);
    showEmpty();
    form?.update();
    version?.update();
    if (listed) table.show(listed);
  }

  /** Nothing is there, and nothing is about to be. */
  function showEmpty() {
    empty.hidden = listed === null || listed.length > 0 || store.instances.get(server)?.job?.kind === "backup";
  }

  function close() {
    asked++;
    running.close();
    table.close();
  }
}

function emptyState() {
  const next = t(may("operator") ? "backup.empty.make" : "backup.empty.ask");
  return el(
    "div",
    { class: "empty", hidden: true },
    el("h2", {}, t("backup.empty.title")),
    el("p", {}, next),
  );
}

/** @param {string} server */
function backupForm(server) {
  const note = field(t("backup.note_optional"), { maxlength: 300, testid: "backup-note", dir: "auto" });
  const button = el("button", { type: "submit", class: "primary", testid: "action-backup" }, t("backup.make"));
  const row = el("div", { class: "row" }, note.element, button);
  const element = el("form", { class: "backup-form" }, row, el("p", { class: "soft" }, t("backup.make.what")));
  let isWorking = false;
  element.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = note.input.value.trim();
    isWorking = true;
    await whileWorking(button, async () => {
      await begin(server, "backup", text ? { note: text } : {});
      note.input.value = "";
    });
    isWorking = false;
    update();
  });
  return { element, update };

  function update() {
    button.disabled = isWorking || !isFree(server);
  }
}
