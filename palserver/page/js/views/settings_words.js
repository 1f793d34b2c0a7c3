/** What the options are called and what they do, from a file of its own, and their values as people read them. */

import { loadAsset } from "../api/request.js";
import { number } from "../format.js";
import { currentLanguage, t } from "../i18n.js";
import { LANGUAGES } from "../preferences.js";
import { isPort } from "./settings_values.js";

/** @typedef {import("../api/settings_calls.js").Option} Option */
/** @typedef {import("../api/settings_calls.js").Value} Value */
/** @typedef {{title: string, help: string, choices?: Object<string, string>}} Words */

const DIGITS = 6;

/** @type {Map<string, Object<string, Words>>} by language: who searches may know an option by its name in another */
const loaded = new Map();

/** To be awaited before anything below is called. */
export async function loadOptionWords() {
  const missing = Object.keys(LANGUAGES).filter((tag) => !loaded.has(tag));
  await Promise.all(missing.map(async (tag) => loaded.set(tag, await loadAsset(`locales/options.${tag}.json`))));
}

/** @param {string} key @returns {Words|undefined} in the reader's language */
function wordsOf(key) {
  return loaded.get(currentLanguage())?.[key];
}

/** @param {string} key */
export function titleOf(key) {
  return wordsOf(key)?.title ?? key;
}

/** @param {string} key */
export function helpOf(key) {
  return wordsOf(key)?.help ?? "";
}

/** What it is found by, in lower case. @param {string} key */
export function searchTextOf(key) {
  const texts = [...loaded.values()].map((words) => `${words[key]?.title ?? ""} ${words[key]?.help ?? ""}`);
  return `${key} ${texts.join(" ")}`.toLowerCase();
}

/** @param {Option} option @param {string} choice */
export function choiceText(option, choice) {
  return wordsOf(option.key)?.choices?.[choice] ?? choice;
}

/** @param {Option} option @param {Value|null} value */
export function valueText(option, value) {
  if (option.is_secret) return t(value ? "settings.secret.set" : "settings.secret.unset");
  if (typeof value === "boolean") return t(value ? "settings.on" : "settings.off");
  if (typeof value === "number") return isPort(option) ? String(value) : number(value, DIGITS);
  const text = Array.isArray(value) ? value.join(", ") : choiceText(option, value ?? "");
  return text || t("settings.empty");
}

/** @param {Option} option what a number may be; nothing for the rest */
export function rangeText(option) {
  if (option.min === null) return "";
  if (option.max === null) return t("settings.at_least", { min: option.min });
  const { min, max } = option;
  return t("settings.range", isPort(option) ? { min: `${min}`, max: `${max}` } : { min, max });
}
