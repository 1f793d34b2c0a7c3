/** One control for each kind of option. Each shows a value and tells of every change of it. */

import { el } from "../dom.js";
import { t } from "../i18n.js";
import { choiceText } from "./settings_words.js";

/** @typedef {import("../api/settings_calls.js").Option} Option */
/** @typedef {import("../api/settings_calls.js").Value} Value */
/** @typedef {(value: Value|null) => void} Tell null for a password that is left as it is */
/** @typedef {{element: HTMLElement, show: (value: Value|null) => void}} Control */

/** @param {Option} option @param {string} id for its label @param {Tell} tell @returns {Control} */
export function controlFor(option, id, tell) {
  if (option.is_secret) return secretControl(option, id, tell);
  if (option.type === "bool") return switchControl(id, tell);
  if (option.type === "enum") return enumControl(option, id, tell);
  if (option.type === "int" || option.type === "float") return numberControl(option, id, tell);
  if (option.type === "list") return option.choices.length ? boxes(option, id, tell) : wordsControl(id, tell);
  return textControl(id, tell);
}

/** @param {string} id @param {Tell} tell @returns {Control} */
function switchControl(id, tell) {
  const word = el("span", { "aria-hidden": "true" });
  const input = el("input", { id, type: "checkbox", role: "switch", change: changed });
  return { element: el("label", { class: "toggle" }, input, word), show };

  /** @param {Value|null} value */
  function show(value) {
    input.checked = value === true;
    word.textContent = t(input.checked ? "settings.on" : "settings.off");
  }

  function changed() {
    show(input.checked);
    tell(input.checked);
  }
}

/** @param {Option} option @param {string} id @param {Tell} tell @returns {Control} */
function enumControl(option, id, tell) {
  const choices = option.choices.map((value) => el("option", { value }, choiceText(option, value)));
  const input = el("select", { id, change: () => tell(input.value) }, choices);
  return { element: input, show };

  /** @param {Value|null} value one that we do not know stays a choice as long as it is there */
  function show(value) {
    const text = String(value);
    if (!option.choices.includes(text) && !input.querySelector(`option[value="${CSS.escape(text)}"]`))
      input.append(el("option", { value: text, disabled: true }, text));
    input.value = text;
  }
}

/** @param {Option} option @param {string} id @param {Tell} tell @returns {Control} */
function numberControl(option, id, tell) {
  const limits = { min: option.min, max: option.max, step: option.type === "int" ? 1 : "any" };
  const attributes = { id, type: "number", inputmode: "decimal", autocomplete: "off", ...limits };
  const input = el("input", { ...attributes, input: () => tell(input.value === "" ? NaN : Number(input.value)) });
  return { element: input, show: (value) => showText(input, Number.isNaN(value) ? "" : String(value)) };
}

/** @param {string} id @param {Tell} tell @returns {Control} */
function textControl(id, tell) {
  const input = el("input", { id, type: "text", autocomplete: "off", input: () => tell(input.value) });
  return { element: input, show: (value) => showText(input, String(value ?? "")) };
}

/** @param {string} id @param {Tell} tell @returns {Control} */
function wordsControl(id, tell) {
  const input = el("input", { id, type: "text", autocomplete: "off", spellcheck: "false", input: changed });
  return { element: input, show: (value) => isTyping() || showText(input, /** @type {string[]} */ (value).join(", ")) };

  /** What somebody is typing is not put in order under his hands. */
  function isTyping() {
    return document.activeElement === input;
  }

  function changed() {
    tell(input.value.split(/[\s,]+/).filter(Boolean));
  }
}

/** @param {Option} option @param {string} id @param {Tell} tell @returns {Control} */
function boxes(option, id, tell) {
  const inputs = option.choices.map((value) => el("input", { type: "checkbox", value, change: changed }));
  const labels = inputs.map((input) => el("label", { class: "toggle" }, input, el("span", {}, input.value)));
  const element = el("div", { id, class: "row boxes", role: "group", "aria-labelledby": `${id}-title` }, labels);
  return { element, show };

  /** @param {Value|null} value */
  function show(value) {
    for (const input of inputs) input.checked = Array.isArray(value) && value.includes(input.value);
  }

  function changed() {
    tell(inputs.filter((input) => input.checked).map((input) => input.value));
  }
}

/** A password is never shown: a new one is typed, or it is taken away. @returns {Control} */
function secretControl(/** @type {Option} */ option, /** @type {string} */ id, /** @type {Tell} */ tell) {
  const input = el("input", { id, type: "password", autocomplete: "new-password", input: typed });
  const clear = el("button", { type: "button", class: "small", click: cleared });
  let isCleared = false;
  return { element: el("div", { class: "row secret" }, input, clear), show };

  /** @param {Value|null} value */
  function show(value) {
    isCleared = value === "" && option.is_set === true;
    showText(input, value ?? "");
    input.placeholder = t(isCleared ? "settings.secret.cleared" : "settings.secret.new");
    clear.textContent = t(isCleared ? "settings.secret.keep" : "settings.secret.clear");
    clear.hidden = !option.is_set;
  }

  function typed() {
    tell(input.value === "" ? (option.is_set ? null : "") : input.value);
  }

  function cleared() {
    const value = isCleared ? null : "";
    show(value);
    tell(value);
  }
}

/** Not while it is the same already: the cursor would jump. @param {HTMLInputElement} input @param {any} text */
function showText(input, text) {
  if (input.type === "number" && input.value !== "" && Number(input.value) === Number(text)) return;
  if (input.value !== text) input.value = text;
}
