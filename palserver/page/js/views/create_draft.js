/** What was filled in for a server that is not made yet. It outlives the view; not the page, nor who is signed in. */

import { currentUser, session } from "../api/session.js";

/** @typedef {Object<string, HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement>} Inputs by the names of their fields */

/** @type {Map<string, string|boolean>} */
const kept = new Map();

// What one person typed, passwords among it, is not for the next one.
session.addEventListener("change", () => {
  if (!currentUser()) forgetDraft();
});

/** @param {Inputs} inputs */
export function keepDraft(inputs) {
  for (const [name, input] of Object.entries(inputs)) kept.set(name, isBox(input) ? input.checked : input.value);
}

/** Each as it was left; a choice that there is no more stays as the form proposes it. @param {Inputs} inputs */
export function fillIn(inputs) {
  for (const [name, input] of Object.entries(inputs)) {
    const value = kept.get(name);
    if (value === undefined) continue;
    if (isBox(input)) input.checked = value === true;
    else if (!(input instanceof HTMLSelectElement) || [...input.options].some((each) => each.value === value))
      input.value = String(value);
  }
}

export function forgetDraft() {
  kept.clear();
}

/** @param {Inputs[string]} input @returns {input is HTMLInputElement} */
function isBox(input) {
  return input instanceof HTMLInputElement && input.type === "checkbox";
}
