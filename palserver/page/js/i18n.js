/** Words in the reader's language, from `locales/<language>.json`. */

import { loadAsset } from "./api/request.js";
import { el, isolated } from "./dom.js";

/** @type {Object<string, string|Object<string, string>>} */
let messages = {};
let tag = "en";
let plurals = new Intl.PluralRules(tag);
let numbers = new Intl.NumberFormat(tag);

/** @returns {string} the language shown now */
export function currentLanguage() {
  return tag;
}

/** @param {string} wanted */
export async function useLanguage(wanted) {
  messages = await loadAsset(`locales/${wanted}.json`);
  tag = wanted;
  plurals = new Intl.PluralRules(tag);
  numbers = new Intl.NumberFormat(tag);
  document.documentElement.lang = tag;
}

/** @param {string} key */
export function has(key) {
  return key in messages;
}

/**
 * The text of `key` with its `{names}` filled in. A message that depends on a number has one form for each
 * plural category, chosen by `values.count`, and may have one of its own for none at all.
 * @param {string} key @param {Object<string, string|number>} [values] numbers are written as the language does
 */
export function t(key, values = {}) {
  return pattern(key, values).replace(/\{(\w+)\}/g, (whole, name) =>
    name in values ? written(values[name]) : whole,
  );
}

/**
 * The same, as nodes: each value stands isolated in the text, so a right-to-left name turns only itself.
 * @param {string} key @param {Object<string, string|number|Node>} values
 * @returns {Node[]}
 */
export function phrase(key, values) {
  return pattern(key, values)
    .split(/(\{\w+\})/)
    .map((part) => {
      const value = part.startsWith("{") ? values[part.slice(1, -1)] : undefined;
      if (value === undefined) return document.createTextNode(part);
      return value instanceof Node ? value : isolated(written(value));
    });
}

/** @param {string} tagName @param {string} key @param {Object<string, string|number|Node>} values */
export function sentence(tagName, key, values) {
  return el(tagName, {}, phrase(key, values));
}

/** @param {string} key @param {Object<string, any>} values @returns {string} */
function pattern(key, values) {
  const message = messages[key];
  if (message === undefined) return key;
  if (typeof message === "string") return message;
  if (values.count === 0 && message.zero) return message.zero;
  return message[plurals.select(Number(values.count))] ?? message.other;
}

/** @param {string|number} value */
function written(value) {
  return typeof value === "number" ? numbers.format(value) : value;
}
