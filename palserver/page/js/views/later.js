/** What the first view does without: its code and its rules are fetched together when somebody goes there. */

import { checkHealth } from "../api/calls.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";

/**
 * @typedef {{element: HTMLElement, title?: string, update?: (...news: any[]) => void, close?: () => void}} Part
 * @typedef {(...about: any[]) => Part} Maker
 */

const REST_MS = 2000;

/** @type {Map<string, Promise<void>>} by its address */
const sheets = new Map();

/**
 * @param {string[]} styles addresses of style sheets below `assets/`; nothing is shown before they are there
 * @param {() => Promise<Maker>} load brings what makes the part
 * @param {{isPage?: boolean}} [options] a page has a heading, which takes the focus until it comes
 * @returns {any} the same maker: the first time of what waits for the part, and ever after of the part itself
 */
export function later(styles, load, { isPage = false } = {}) {
  /** @type {Maker|null} */
  let make = null;
  return (/** @type {any[]} */ ...about) => (make ? make(...about) : waiting(about));

  /** @param {any[]} about @returns {Part} */
  function waiting(about) {
    const heading = isPage ? el("h1", { tabindex: "-1", class: "unseen" }, t("coming.waiting")) : null;
    const words = el("p", { class: "soft", role: "status" }, isPage ? t("coming.waiting") : "");
    const element = el("div", { class: "later" }, heading, words);
    /** @type {Part|null} */
    let part = null;
    /** @type {any[]|null} */
    let news = null;
    let [isClosed, hasFailed] = [false, false];
    fetchIt();
    return { element, title: "", update, close };

    function fetchIt() {
      Promise.all([load(), ...styles.map(loadSheet)]).then(([maker]) => fill(maker), rest);
    }

    /** A browser drops what is on its way when a network comes or goes, and some never ask for a module again. */
    function rest() {
      if (isClosed) return;
      setText(words, t("stale.never"));
      setTimeout(() => checkHealth().then(tryAgain, rest), REST_MS);
    }

    function tryAgain() {
      if (isClosed) return;
      if (hasFailed) location.reload();
      hasFailed = true;
      fetchIt();
    }

    /** @param {Maker} maker */
    function fill(maker) {
      make = maker;
      if (isClosed) return;
      const wasFocused = element.contains(document.activeElement);
      part = make(...about);
      element.replaceChildren(part.element);
      if (part.title) document.title = `${part.title} · PalServer`;
      if (wasFocused) /** @type {HTMLElement|null} */ (element.querySelector("h1"))?.focus();
      if (news) part.update?.(...news);
    }

    /** @param {any[]} latest */
    function update(...latest) {
      news = latest;
      part?.update?.(...latest);
    }

    function close() {
      isClosed = true;
      part?.close?.();
    }
  }
}

/** @param {string} address @returns {Promise<void>} */
function loadSheet(address) {
  const loading = sheets.get(address) ?? append(address);
  sheets.set(address, loading);
  loading.catch(() => sheets.delete(address));
  return loading;
}

/** Marked as awaited: who waits for it tries again, and the page is not loaded anew for it (`arrival.js`). @param {string} address */
function append(address) {
  return new Promise((resolve, reject) => {
    const link = el("link", { rel: "stylesheet", href: `assets/${address}`, "data-awaited": true, load: resolve });
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(address));
    });
    document.head.append(link);
  });
}
