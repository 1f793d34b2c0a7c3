/** JSON Schemas as people read them: fields with their types, and the types inside them, unfolded on demand. */

import { el } from "../dom.js";

/** @typedef {Object<string, any>} Json */

/** @type {Object<string, Json>} */
let types = {};

/** @param {Object<string, Json>} named what `$ref` leads to */
export function useTypes(named) {
  types = named;
}

/** @param {string|undefined} text with `code` in it */
export function prose(text) {
  return (text ?? "").split("`").map((part, position) => (position % 2 ? el("code", {}, part) : part));
}

/**
 * The fields of a type, or of each that it may be.
 * @param {Json} schema @param {boolean} [isSent] to the panel: there a field may be optional
 * @returns {HTMLElement}
 */
export function shape(schema, isSent = false) {
  if (schema.anyOf) return el("div", { class: "either" }, schema.anyOf.map((one) => shape(one, isSent)));
  const type = resolved(schema);
  const words = type.description ? el("p", { class: "soft" }, prose(type.description)) : null;
  if (!type.properties) return el("div", {}, el("code", { class: "type" }, typeText(type)), words);
  const rows = Object.entries(type.properties).map(([name, value]) =>
    field(name, value, flags(type.required.includes(name), isSent)),
  );
  return el("div", {}, words, el("ul", { class: "fields" }, rows));
}

/** @param {boolean} isRequired @param {boolean} isSent what always comes in an answer needs no word */
function flags(isRequired, isSent) {
  if (isSent) return [isRequired ? "required" : "optional"];
  return isRequired ? [] : ["may be missing"];
}

/** @param {string} name @param {Json} schema @param {string[]} notes */
export function field(name, schema, notes) {
  const described = notes.concat(limits(schema)).map((note) => el("span", { class: "note" }, note));
  const words = schema.description ? el("p", {}, prose(schema.description)) : null;
  return el(
    "li",
    {},
    el("code", { class: "name" }, name),
    el("code", { class: "type" }, typeText(schema)),
    described,
    words,
    namesIn(schema).map(unfolding),
  );
}

/** @param {string} name of a type, shown when it is first opened: some hold each other */
function unfolding(name) {
  const details = el("details", { class: "nested", toggle: fill }, el("summary", {}, name));
  function fill() {
    if (details.open && details.children.length === 1) details.append(shape(types[name]));
  }
  return details;
}

/** @param {Json} schema @returns {Json} */
function resolved(schema) {
  return schema.$ref ? types[nameOf(schema)] : schema;
}

/** @param {Json} schema */
function nameOf(schema) {
  return schema.$ref.split("/").at(-1);
}

/** @param {Json} schema @returns {string[]} the named types in it */
function namesIn(schema) {
  if (schema.$ref) return [nameOf(schema)];
  if (schema.items) return namesIn(schema.items);
  return (schema.anyOf ?? []).flatMap(namesIn);
}

/** @param {Json} schema @returns {string} */
function typeText(schema) {
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(" or ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeText).join(", ")}]`;
  if (schema.items) return `${typeText(schema.items)}[]`;
  return schema.type ?? "any";
}

/** @param {Json} schema @returns {string[]} */
function limits(schema) {
  const inner = schema.anyOf?.find((one) => one.type !== "null") ?? schema;
  const { minimum, maximum, minLength, maxLength, pattern } = inner;
  return [
    range("", minimum, maximum),
    range(" characters", minLength, maxLength),
    pattern === undefined ? "" : `matches ${pattern}`,
    schema.default === undefined || schema.default === null ? "" : `default ${schema.default}`,
  ].filter((text) => text !== "");
}

/** @param {string} unit @param {number|undefined} least @param {number|undefined} most */
function range(unit, least, most) {
  const upper = most !== undefined && most < Number.MAX_SAFE_INTEGER ? most : undefined; // else it is no limit
  if (least !== undefined && upper !== undefined) return `${least} to ${upper}${unit}`;
  if (upper !== undefined) return `at most ${upper}${unit}`;
  return least === undefined ? "" : `at least ${least}${unit}`;
}
