/** The settings of a game: what its file has, what waits, what the game plays by; for operators, changing them. */

import { ApiError } from "../api/request.js";
import { getSettings, putSettings } from "../api/settings_calls.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { isMadeHere } from "../status.js";
import { store } from "../store.js";
import { askAndRun } from "./actions.js";
import { errorText, notify, notifyFailure, whileWorking } from "./notice.js";
import { draftsOf } from "./settings_drafts.js";
import { settingsForm } from "./settings_form.js";
import { mayBeSaved } from "./settings_save.js";
import { loadOptionWords } from "./settings_words.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {import("../types.js").Job} Job */
/** @typedef {import("../api/settings_calls.js").Settings} Settings */
/** @typedef {import("../api/settings_calls.js").Value} Value */

/** @param {string} name @returns {import("./server.js").Tab} */
export function settingsTab(name) {
  const words = el("p", { class: "soft", role: "status" }, t("settings.waiting"));
  const element = el("div", { class: "settings" }, words);
  const drafts = draftsOf(name);
  const form = settingsForm(drafts, { save, restart, write: () => order({}), discard });
  /** @type {Settings|null} */
  let settings = null;
  let seen = "";
  let [reads, answered] = [0, 0];
  let isClosed = false;
  return { element, update, close: () => void (isClosed = true) };

  /**
   * What a job or a restart changes here is read again; the first time this reads it all. Nothing is asked for
   * that has no answer: they are read from the container and written into it.
   * @param {Instance} instance
   */
  function update(instance) {
    if (store.connection !== "live") return void (seen = ""); // what changes meanwhile is told to nobody
    const now = [instance.state, instance.game.status, instance.job?.id ?? ""].join(" ");
    if (now === seen) return;
    seen = now;
    if (instance.state === "missing" || instance.state === "removing") return sayMissing(instance);
    if (settings && instance.job) form.show(settings, instance.job); // what it does to them is known already
    readAgain(instance.job);
  }

  /** @param {Job|null} job at work on the server */
  function readAgain(job) {
    const mine = ++reads;
    Promise.all([getSettings(name), loadOptionWords()]).then(([read]) => {
      if (mine !== reads) return; // an older answer may come later
      answered = mine;
      show(read, job);
    }, showFailure);
  }

  /**
   * @param {Settings} read
   * @param {Job|null} [job] that was at work when it was asked for: its end brings another answer
   */
  function show(read, job = null) {
    if (isClosed) return;
    drafts.follow(settings?.options ?? [], read.options);
    settings = read;
    form.show(read, job ?? store.instances.get(name)?.job ?? null);
    if (words.isConnected) element.replaceChildren(form.element);
  }

  /** What has been typed is kept. @param {Instance} instance */
  function sayMissing(instance) {
    reads++;
    settings = null;
    const advice = t(isMadeHere(instance) ? "settings.no_container.start" : "job.advice.container_missing");
    setText(words, `${t("settings.no_container")} ${advice}`);
    if (!words.isConnected) element.replaceChildren(words);
  }

  /** @param {unknown} error what was known stays */
  function showFailure(error) {
    if (settings === null) setText(words, errorText(error));
  }

  /** @param {HTMLButtonElement} button */
  async function save(button) {
    if (settings === null || !(await mayBeSaved(settings.options, drafts))) return;
    await whileWorking(button, async () => {
      const saved = await put(Object.fromEntries(drafts.values), false);
      if (!saved) return;
      drafts.clear();
      show(saved);
      notify(t(saved.pending ? "settings.saved.pending" : "settings.saved"));
    });
    form.update();
  }

  function restart() {
    const instance = store.instances.get(name);
    if (instance) askAndRun(instance, "restart");
  }

  async function discard() {
    if (await order({}, true)) notify(t("settings.pending.discarded"));
  }

  /** @param {Object<string, Value>} options @param {boolean} [discards] @returns {Promise<boolean>} whether it worked */
  async function order(options, discards = false) {
    try {
      const done = await put(options, discards);
      if (done) show(done);
      return done !== null;
    } catch (error) {
      notifyFailure(error);
      return false;
    }
  }

  /**
   * Somebody else may have been faster: then it is all read again, and nothing that was typed is lost.
   * @param {Object<string, Value>} options @param {boolean} discards @returns {Promise<Settings|null>}
   */
  async function put(options, discards) {
    try {
      const saved = await putSettings(name, settings?.revision ?? "", options, discards);
      if (answered !== reads) readAgain(store.instances.get(name)?.job ?? null); // the answer to come may be older
      return saved;
    } catch (error) {
      if (!(error instanceof ApiError) || error.key !== "settings_changed") throw error;
      show(await getSettings(name));
      notify(t("settings.conflict"), { isFailure: true });
      return null;
    }
  }
}
