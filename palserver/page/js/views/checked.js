/** A form whose problems stand beside the fields that have them, in the reader's words. */

import { ApiError } from "../api/request.js";
import { el, setText } from "../dom.js";
import { has, t } from "../i18n.js";
import { focusFirst, whatIsWrong } from "./fields.js";
import { errorText } from "./notice.js";

/** @typedef {{element: HTMLElement, input: any, say: (words: string) => void}} Checked */

let made = 0;

/**
 * A labelled field with a hint and a place for its problem: what the browser finds wrong with it is said there, too.
 * @param {string} label @param {any} input @param {string} [hint]
 * @param {string} [wrong] what it takes, said where what is in it cannot be
 * @returns {Checked}
 */
export function checked(label, input, hint = "", wrong = "") {
  const id = `checked-${++made}`;
  const problem = el("p", { class: "problem", id: `${id}-problem`, role: "alert" });
  const words = el("p", { class: "hint", id: `${id}-hint` }, hint);
  input.id = id;
  input.setAttribute("aria-describedby", `${id}-problem ${id}-hint`);
  const parts = [el("label", { for: id }, label), input, problem, hint ? words : null];
  const element = el("div", { class: "field checked" }, parts);
  input.addEventListener("input", () => say(""));
  input.addEventListener("invalid", (/** @type {Event} */ event) => {
    event.preventDefault();
    say(wrong && !input.validity.valueMissing ? wrong : whatIsWrong(input, input.title || undefined));
    focusFirst(input);
  });
  return { element, input, say };

  /** @param {string} text empty where nothing is wrong */
  function say(text) {
    setText(problem, text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

/**
 * Says each problem beside its field, and returns what is left for the form itself.
 * @param {unknown} error @param {Object<string, Checked>} fields by their names in the API
 */
export function sayProblems(error, fields) {
  const told = error instanceof ApiError ? Object.keys(fields).filter((name) => name in error.fields) : [];
  for (const field of Object.values(fields)) field.say("");
  if (told.length === 0) return errorText(error);
  const { key, fields: reasons } = /** @type {ApiError} */ (error);
  for (const name of told) fields[name].say(problemWords(key, name, reasons[name]));
  fields[told[0]].input.focus();
  return t("create.problem.some", { count: told.length });
}

/** @param {string} key of the problem @param {string} name of the field @param {string} reason as the server has it */
function problemWords(key, name, reason) {
  if (key === "port_in_use") return portWords(reason);
  if (key !== "invalid") return t(`error.${key}`);
  return has(`create.problem.${name}`) ? t(`create.problem.${name}`) : t("error.invalid");
}

/** Whose it is, where that is a container or another field. @param {string} reason */
function portWords(reason) {
  const who = /is taken by ([\w.-]+)$/.exec(reason)?.[1];
  if (!who) return t("create.problem.port_in_use");
  return t("create.problem.port_taken_by", { who: has(`create.${who}`) ? t(`create.${who}`) : who });
}

/**
 * `NAME=value` in each line; a name alone is null.
 * @param {string} text @returns {Object<string, string|null>}
 */
export function readVariables(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line.trim(), null] : [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}
