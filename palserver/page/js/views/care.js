/** What an owner looks after: how old the last backup is, with a way to make one; and the end by force. */

import { listBackups } from "../api/backup_calls.js";
import { may } from "../api/session.js";
import { el, setData, setText } from "../dom.js";
import { ago } from "../format.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { store } from "../store.js";
import { isUp } from "../status.js";
import { askAndRun } from "./actions.js";
import { begin, isFree, signOfChange } from "./backup_jobs.js";
import { condition, kindText } from "./backup_words.js";
import { errorText, whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {import("../types.js").Backup} Backup */

/** @param {string} name */
export function carePanel(name) {
  const last = lastBackup(name);
  const end = may("operator") ? endByForce(name) : null;
  const element = el("section", { class: "care" }, el("h2", {}, t("care.title")), last.element, end?.element);
  return { element, update, close: last.close };

  /** @param {Instance} instance */
  function update(instance) {
    last.update();
    end?.update(instance);
  }
}

/** @param {string} name all that can be done with backups is one link away, on their own tab */
function lastBackup(name) {
  const age = el("p", { class: "strong", testid: "last-backup" });
  const about = el("p", { class: "soft" });
  const make = el("button", { type: "button", testid: "action-backup" }, t("backup.make"));
  const all = el("a", { href: serverAddress(name, "backups") }, t("care.backup.all"));
  make.addEventListener("click", () => whileWorking(make, makeOne));
  const row = el("div", { class: "row" }, may("operator") ? make : null, all);
  const element = el("div", { class: "care-part", "aria-live": "polite" }, age, about, row);
  /** @type {Backup|null|undefined} undefined until it is known */
  let newest;
  let asked = 0;
  let isWorking = false;
  /** @type {string|null} nothing is asked before the server is known to be there */
  let seen = null;
  return { element, update, close: () => void asked++ };

  async function load() {
    const mine = ++asked;
    try {
      const [first] = await listBackups(name);
      if (mine === asked) newest = first ?? null;
    } catch (error) {
      if (mine !== asked) return;
      newest = undefined;
      setText(age, t("care.backup.unknown"));
      setText(about, errorText(error));
    }
    if (mine === asked) update();
  }

  function update() {
    const now = signOfChange(name);
    if (now !== seen && store.connection === "live") load();
    if (store.connection === "live") seen = now;
    make.disabled = isWorking || !isFree(name);
    if (newest !== undefined) show(newest);
  }

  /** @param {Backup|null} backup */
  function show(backup) {
    const [words, tone] = backup ? condition(backup) : [t("care.backup.none_yet"), "bad"];
    setText(age, backup ? t("care.backup.last", { time: ago(backup.created_at) }) : t("care.backup.never"));
    setText(about, backup ? `${kindText(backup)} · ${words}` : words);
    setData(about, "tone", tone === "bad" ? tone : null);
  }

  async function makeOne() {
    isWorking = true;
    try {
      await begin(name, "backup");
      location.hash = serverAddress(name, "backups");
    } finally {
      isWorking = false;
    }
  }
}

/** @param {string} name */
function endByForce(name) {
  const button = el("button", { type: "button", class: "danger", testid: "action-kill" }, t("care.kill.submit"));
  button.addEventListener("click", () => {
    const instance = store.instances.get(name);
    if (instance) askAndRun(instance, "kill");
  });
  const title = el("p", { class: "strong" }, t("care.kill.title"));
  const explained = el("p", { class: "soft" }, t("care.kill.explained"));
  const element = el("div", { class: "care-part" }, title, explained, el("div", { class: "row" }, button));
  return { element, update: (/** @type {Instance} */ instance) => void (button.disabled = !isUp(instance)) };
}
