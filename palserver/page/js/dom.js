/** Making and changing elements. Text only ever becomes text nodes: the names of players are hostile. */

/**
 * Makes an element. An attribute that is a function becomes a listener, `testid` a `data-testid`; null and
 * false are left out, true is written without a value.
 * @param {string} tag
 * @param {Object<string, any>} [attributes]
 * @param {...any} children nodes and strings, in lists or not; null is left out
 * @returns {any} the element; `any`, because its class follows from a string
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** @param {Element} element @param {string} name @param {any} value */
function setAttribute(element, name, value) {
  if (typeof value === "function") element.addEventListener(name, value);
  else if (value === true) element.setAttribute(name, "");
  else if (value !== null && value !== undefined && value !== false) {
    element.setAttribute(name === "testid" ? "data-testid" : name, String(value));
  }
}

/**
 * Sets text only where it differs, so that a selection survives and a live region speaks only of news.
 * @param {Element} element @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string|null} value null takes it away */
export function setData(element, name, value) {
  const attribute = `data-${name}`;
  if (value === null) element.removeAttribute(attribute);
  else if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}

/**
 * A name that somebody else chose, kept from turning the text around it.
 * @param {string} text
 */
export function isolated(text) {
  return el("bdi", {}, text);
}

/**
 * A part of a list that lives as long as its key: `make` builds it once, its `update` is called ever after.
 * @typedef {{element: Element, update: (value: any) => void, close?: () => void}} Row
 */
export class KeyedList {
  /** @param {Element} parent @param {(value: any) => Row} make */
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
  }

  /** @param {[string, any][]} entries in the order to show them */
  show(entries) {
    const wanted = new Set(entries.map(([key]) => key));
    for (const key of [...this.rows.keys()]) if (!wanted.has(key)) this.#drop(key);
    entries.forEach(([key, value], position) => {
      const row = this.rows.get(key) ?? this.#add(key, value);
      row.update(value);
      const there = this.parent.children[position] ?? null;
      if (there !== row.element) this.parent.insertBefore(row.element, there);
    });
  }

  close() {
    for (const key of [...this.rows.keys()]) this.#drop(key);
  }

  /** @param {string} key @param {any} value */
  #add(key, value) {
    const row = this.make(value);
    this.rows.set(key, row);
    return row;
  }

  /** @param {string} key */
  #drop(key) {
    const row = this.rows.get(key);
    this.rows.delete(key);
    row?.close?.();
    row?.element.remove();
  }
}
