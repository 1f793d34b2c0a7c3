/** Labelled inputs, so that none is without its label. */

import { el } from "../dom.js";

let made = 0;

/**
 * @param {string} label @param {Object<string, any>} attributes of the input
 * @returns {{element: HTMLElement, input: HTMLInputElement}}
 */
export function field(label, attributes) {
  const id = `field-${++made}`;
  const input = el("input", { id, autocomplete: "off", ...attributes });
  return { element: el("div", { class: "field" }, el("label", { for: id }, label), input), input };
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
