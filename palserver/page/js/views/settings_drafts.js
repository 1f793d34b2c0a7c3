/** What somebody has typed and not saved yet. It outlives the view, and what others do to the settings meanwhile. */

import { currentUser, session } from "../api/session.js";
import { baseOf, isSame, problemOf } from "./settings_values.js";

/** @typedef {import("../api/settings_calls.js").Option} Option */
/** @typedef {import("../api/settings_calls.js").Value} Value */

export class Drafts {
  /** @type {Map<string, Value>} */
  values = new Map();
  /** @type {Map<string, string>} */
  problems = new Map();
  /** @type {Set<string>} keys that somebody else has changed under the hands of who typed */
  overtaken = new Set();

  /** @param {Option} option @param {Value|null} value */
  set(option, value) {
    this.overtaken.delete(option.key);
    this.problems.delete(option.key);
    if (value === null || isSame(value, baseOf(option))) {
      this.values.delete(option.key);
      return;
    }
    this.values.set(option.key, value);
    const problem = problemOf(option, value);
    if (problem) this.problems.set(option.key, problem);
  }

  /** @param {Option} option @returns {Value|null} as typed, else as it is */
  get(option) {
    return this.values.get(option.key) ?? baseOf(option);
  }

  /** Settings have come anew. @param {Option[]} before @param {Option[]} after */
  follow(before, after) {
    const known = new Map(before.map((option) => [option.key, baseOf(option)]));
    for (const option of after) {
      const value = this.values.get(option.key);
      if (value === undefined) continue;
      const isNew = known.has(option.key) && !isSame(known.get(option.key) ?? null, baseOf(option));
      const isOvertaken = isNew || this.overtaken.has(option.key);
      this.set(option, value);
      if (isOvertaken && this.values.has(option.key)) this.overtaken.add(option.key);
    }
  }

  clear() {
    for (const kept of [this.values, this.problems, this.overtaken]) kept.clear();
  }
}

/** @type {Map<string, Drafts>} */
const kept = new Map();

// What one person typed, passwords among it, is not for the next one.
session.addEventListener("change", () => {
  if (!currentUser()) kept.clear();
});

/** @param {string} server */
export function draftsOf(server) {
  const drafts = kept.get(server) ?? new Drafts();
  kept.set(server, drafts);
  return drafts;
}
