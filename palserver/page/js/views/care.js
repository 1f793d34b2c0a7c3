/** What an operator does to a server now and then: back it up, update it, end it by force. */

import { el } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { askAndRun, runJob } from "./actions.js";
import { ask } from "./confirm.js";
import { field } from "./fields.js";
import { phrase } from "../i18n.js";
import { isUp, playersOn } from "../status.js";

const VERSION_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,127}";

/** @param {string} name @returns {import("./vitals.js").Part} */
export function carePanel(name) {
  const kill = killForm(name);
  const forms = [backupForm(name), updateForm(name), kill].map((form) => form.element);
  const element = el("section", { class: "care" }, el("h2", {}, t("care.title")), forms);
  return { element, update: (instance) => kill.button.toggleAttribute("disabled", !isUp(instance)) };
}

/** @param {string} name */
function backupForm(name) {
  const note = field(t("care.backup.note"), { maxlength: 200 });
  return careForm("backup", [note.element], async () => {
    const text = note.input.value.trim();
    await runJob(name, "backup", text ? { note: text } : {});
    note.input.value = "";
  });
}

/** @param {string} name */
function updateForm(name) {
  const version = field(t("care.update.version"), {
    required: true,
    pattern: VERSION_PATTERN,
    maxlength: 128,
  });
  return careForm("update", [version.element], async () => {
    const tag = version.input.value.trim();
    const isConfirmed = await ask({
      title: phrase("care.update.title", { name, version: tag }),
      body: [el("p", { class: "strong" }, playersWords(name)), el("p", {}, t("care.update.what"))],
      confirm: t("care.update.submit"),
    });
    if (isConfirmed) await runJob(name, "update", { version: tag });
  });
}

/** @param {string} name */
function killForm(name) {
  return careForm("kill", [], async () => {
    const instance = store.instances.get(name);
    if (instance) await askAndRun(instance, "kill");
  });
}

/** @param {string} name */
function playersWords(name) {
  const instance = store.instances.get(name);
  const players = instance ? playersOn(instance) : null;
  if (instance && instance.state !== "running") return t("confirm.players.none_running");
  return players === null ? t("confirm.players.unknown") : t("confirm.players", { count: players });
}

/**
 * @param {string} what @param {HTMLElement[]} fields @param {() => Promise<void>} work
 * @returns {{element: HTMLElement, button: HTMLElement}}
 */
function careForm(what, fields, work) {
  const isKill = what === "kill";
  const button = el(
    "button",
    { type: "submit", testid: `action-${what}`, class: isKill ? "danger" : null },
    t(`care.${what}.submit`),
  );
  const explained = el("p", { class: "soft" }, t(`care.${what}.explained`));
  const form = el("form", { class: "care-form" }, explained, el("div", { class: "row" }, fields, button));
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    work();
  });
  return { element: form, button };
}
