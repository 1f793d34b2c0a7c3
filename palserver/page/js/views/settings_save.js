/** The bar with what is not saved yet, and the question before something that brings a risk. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { ask } from "./confirm.js";
import { baseOf, isRisky } from "./settings_values.js";
import { titleOf, valueText } from "./settings_words.js";

/** @typedef {import("../api/settings_calls.js").Option} Option */
/** @typedef {import("./settings_drafts.js").Drafts} Drafts */

const GAP = 8; // pixels between a field and the bar

/**
 * @param {Drafts} drafts
 * @param {{save: (button: HTMLButtonElement) => void, undo: () => void, show: (key: string) => void}} orders
 */
export function saveBar(drafts, orders) {
  const words = el("p", { class: "strong", role: "status" });
  const wrong = el("p", { class: "problem" });
  const look = el("button", { type: "button", class: "quiet small", testid: "settings-look", click: showWrong }, t("settings.bar.look"));
  const save = el("button", { type: "submit", class: "primary", testid: "settings-save" }, t("settings.save"));
  const undo = el("button", { type: "button", testid: "settings-undo", click: orders.undo }, t("settings.undo"));
  const counts = el("div", {}, words, el("div", { class: "row" }, wrong, look));
  const element = el("div", { class: "save-bar", hidden: true }, counts, el("div", { class: "row" }, undo, save));
  return { element, update, keepClear, save: () => orders.save(save) };

  function update() {
    const [count, bad] = [drafts.values.size, drafts.problems.size];
    element.hidden = count === 0;
    setText(words, t("settings.bar", { count }));
    setText(wrong, bad ? t("settings.bar.wrong", { count: bad }) : "");
    look.hidden = bad === 0;
    save.disabled = bad > 0;
    keepInSight();
  }

  /** Of a press of the mouse only where it opens a field: what moves beneath it would not be pressed. @param {Event} event */
  function keepClear(event) {
    if (/** @type {Element} */ (event.target).matches(":focus-visible")) keepInSight();
  }

  /** The bar comes with the first letter typed, over the field in which it was: that is moved out from beneath it. */
  function keepInSight() {
    const focused = document.activeElement?.closest(".option-value");
    if (!focused || element.hidden || !element.parentElement?.contains(focused)) return;
    const covered = focused.getBoundingClientRect().bottom + GAP - element.getBoundingClientRect().top;
    if (covered > 0) window.scrollBy(0, covered);
  }

  function showWrong() {
    const [key] = drafts.problems.keys();
    if (key !== undefined) orders.show(key);
  }
}

/** @param {Option[]} options @param {Drafts} drafts @returns {Promise<boolean>} whether all of it may be saved */
export async function mayBeSaved(options, drafts) {
  const risky = options.filter((option) => {
    const value = drafts.values.get(option.key);
    return value !== undefined && isRisky(option, value);
  });
  if (risky.length === 0) return true;
  return ask({
    title: t("settings.confirm.title", { count: risky.length }),
    body: [el("ul", { class: "risks" }, risky.map((option) => risk(option, drafts)))],
    confirm: t("settings.confirm.yes"),
    isDangerous: true,
  });
}

/** @param {Option} option @param {Drafts} drafts */
function risk(option, drafts) {
  const values = { from: valueText(option, baseOf(option)), to: valueText(option, drafts.get(option)) };
  const change = option.is_secret ? valueText(option, drafts.get(option)) : t("settings.from_to", values);
  return el(
    "li",
    {},
    el("p", { class: "strong" }, titleOf(option.key)),
    el("p", {}, change),
    el("p", { class: "danger-mark", "data-danger": option.danger }, t(`settings.danger.${option.danger}`)),
  );
}
