/** Labelled inputs, so that none is without its label; what is wrong with one is said below it, in our words. */

import { ApiError } from "../api/request.js";
import { el, setText } from "../dom.js";
import { has, t } from "../i18n.js";

/** @typedef {{element: HTMLElement, input: HTMLInputElement, complain: (words: string) => void}} Field */

let made = 0;

/**
 * A browser's own bubbles speak the browser's language and vanish: it checks, and we say what it found.
 * @param {string} label
 * @param {Object<string, any>} attributes of the input; `invalid` is what to say where its pattern does not fit
 * @returns {Field}
 */
export function field(label, { invalid, ...attributes }) {
  const id = `field-${++made}`;
  const input = el("input", { id, autocomplete: "off", ...attributes });
  const problem = el("p", { class: "field-problem", id: `${id}-problem`, hidden: true });
  input.addEventListener("invalid", (/** @type {Event} */ event) => {
    event.preventDefault();
    complain(whatIsWrong(input, invalid));
    focusFirst(input);
  });
  input.addEventListener("input", () => complain(""));
  const element = el("div", { class: "field" }, el("label", { for: id }, label), input, problem);
  return { element, input, complain };

  /** @param {string} words none takes back what was said */
  function complain(words) {
    setText(problem, words);
    problem.hidden = words === "";
    if (words === "") for (const name of ["aria-invalid", "aria-describedby"]) input.removeAttribute(name);
    else {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
    }
  }
}

/**
 * Says below each field what the server found wrong with it.
 * @param {unknown} error @param {Object<string, Field>} fields by the names that the API has for them
 * @returns {boolean} whether all that is wrong has been said
 */
export function complainOf(error, fields) {
  if (!(error instanceof ApiError) || error.key !== "invalid") return false;
  const wrong = Object.keys(error.fields);
  const known = wrong.filter((name) => name in fields);
  for (const name of known) {
    fields[name].complain(has(`invalid.${name}`) ? t(`invalid.${name}`) : t("invalid.pattern"));
  }
  if (known.length > 0) fields[known[0]].input.focus();
  return known.length > 0 && known.length === wrong.length;
}

/** @param {HTMLInputElement} input @param {string} [invalid] what to say of anything else @returns {string} */
export function whatIsWrong(input, invalid) {
  const { validity } = input;
  if (validity.valueMissing) return t("invalid.missing");
  if (validity.tooShort) return t("invalid.too_short", { count: input.minLength });
  if (validity.tooLong) return t("invalid.too_long", { count: input.maxLength });
  if (validity.rangeUnderflow) return t("invalid.too_low", { least: input.min });
  if (validity.rangeOverflow) return t("invalid.too_high", { most: input.max });
  return invalid ?? t("invalid.pattern");
}

/** A browser moves the focus only where it may show its bubble. @param {HTMLInputElement} input */
export function focusFirst(input) {
  const first = input.form?.querySelector("input:invalid, select:invalid, textarea:invalid");
  if (first === input) input.focus();
}

/**
 * @param {string} label @param {[string, string][]} choices value and text
 * @param {string} chosen @param {Object<string, any>} [attributes]
 * @returns {{element: HTMLElement, input: HTMLSelectElement}}
 */
export function choice(label, choices, chosen, attributes = {}) {
  const id = `field-${++made}`;
  const options = choices.map(([value, text]) => el("option", { value, selected: value === chosen }, text));
  const input = el("select", { id, ...attributes }, options);
  return { element: el("div", { class: "field" }, el("label", { for: id }, label), input), input };
}

/** @param {string} label @param {Object<string, any>} attributes @param {(isOn: boolean) => void} changed */
export function toggle(label, attributes, changed) {
  const input = el("input", { type: "checkbox", ...attributes });
  input.addEventListener("change", () => changed(input.checked));
  return el("label", { class: "toggle" }, input, el("span", {}, label));
}

/**
 * One of a few, each with a word on what it means.
 * @param {string} legend @param {[string, string, string][]} choices value, name, and what it means
 * @param {string} chosen
 * @returns {{element: HTMLElement, value: () => string}}
 */
export function radios(legend, choices, chosen) {
  const name = `field-${++made}`;
  const inputs = choices.map(([value]) =>
    el("input", { type: "radio", name, value, checked: value === chosen, testid: `choose-${value}` }),
  );
  const labels = choices.map(([, title, meaning], index) => {
    const words = el(
      "span",
      {},
      el("span", { class: "strong" }, title),
      el("span", { class: "soft" }, meaning),
    );
    return el("label", { class: "radio" }, inputs[index], words);
  });
  return {
    element: el("fieldset", { class: "radios" }, el("legend", {}, legend), labels),
    value: () => inputs.find((input) => input.checked)?.value ?? chosen,
  };
}
