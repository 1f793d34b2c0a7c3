/** The values of options: which one counts now, whether two are the same, and which bring a risk. Nothing is shown. */

import { t } from "../i18n.js";

/** @typedef {import("../api/settings_calls.js").Option} Option */
/** @typedef {import("../api/settings_calls.js").Value} Value */

const LONGEST_TEXT = 500;
const UNFIT = /["\\\p{Cc}\p{Cs}]/u;
const WORD = /^[A-Za-z0-9_]{1,64}$/;

/** What a save would leave as it is: what waits, else what the file has, else the default. @param {Option} option */
export function baseOf(option) {
  if (option.is_secret) return option.is_set ? null : "";
  return (option.is_pending ? option.pending : (option.file ?? option.default)) ?? "";
}

/** @param {Value|null} one @param {Value|null} other */
export function isSame(one, other) {
  if (Array.isArray(one) && Array.isArray(other)) return [...one].sort().join() === [...other].sort().join();
  return one === other;
}

/** @param {Option} option */
export function isDefault(option) {
  return option.is_secret ? !option.is_set : isSame(baseOf(option), option.default);
}

/** Whether the game itself says the same as its file, and nothing waits. @param {Option} option */
export function isInEffect(option) {
  return option.effective !== null && option.not_taken === null && !option.is_pending;
}

/** A port is a name made of digits: nobody groups them. @param {Option} option */
export function isPort(option) {
  return option.key.endsWith("Port");
}

/** Whether a change to this value is to be asked about. @param {Option} option @param {Value} value */
export function isRisky(option, value) {
  if (option.danger === null) return false;
  return option.dangerous_value === null || option.dangerous_value === value;
}

/** @param {Option} option @param {Value} value @returns {string} why it cannot be, empty where it can */
export function problemOf(option, value) {
  if (option.type === "int" || option.type === "float") return numberProblem(option, Number(value));
  if (Array.isArray(value)) return listProblem(option, value);
  if (option.type !== "string") return "";
  const text = String(value);
  return text.length > LONGEST_TEXT || UNFIT.test(text) ? t("settings.invalid.text") : "";
}

/** @param {Option} option @param {number} value */
function numberProblem(option, value) {
  const { min, max } = option;
  if (Number.isFinite(value) && option.type === "int" && !Number.isInteger(value))
    return t("settings.invalid.whole");
  if (Number.isFinite(value) && value >= (min ?? 0) && value <= (max ?? Infinity)) return "";
  if (max === null) return t("settings.invalid.number_from", { min: min ?? 0 });
  return t("settings.invalid.number", isPort(option) ? { min: `${min}`, max: `${max}` } : { min: min ?? 0, max });
}

/** @param {Option} option @param {string[]} words */
function listProblem(option, words) {
  if (option.choices.length) return words.length ? "" : t("settings.invalid.choices");
  return words.every((word) => WORD.test(word)) ? "" : t("settings.invalid.words");
}
