/** What is around every view: the head of the page, the line that says the page is stale, the notices. */

import { currentUser, may, signOut } from "../api/session.js";
import { el, setText } from "../dom.js";
import { timeOfDay } from "../format.js";
import { currentLanguage, t } from "../i18n.js";
import { LANGUAGES, THEMES, setLanguage, setTheme, theme } from "../preferences.js";
import { store } from "../store.js";
import { noticeArea, notifyFailure } from "./notice.js";

/** @typedef {import("../types.js").View} View */

/**
 * Builds the page around its views, in the language of now.
 * @param {{changeLanguage: (tag: string) => void}} on
 */
export function createShell(on) {
  const main = el("main", { id: "main", tabindex: "-1" });
  const stale = el("p", { class: "stale", role: "status", hidden: true });
  const head = el("header", { class: "head" });
  const element = [head, stale, main, noticeArea];
  /** @type {View|null} */
  let shown = null;
  // What else keeps to the foot of the window keeps above it.
  new ResizeObserver(() =>
    document.documentElement.style.setProperty("--stale-height", `${stale.offsetHeight}px`),
  ).observe(stale);

  return { element, show, update, drawHead: () => head.replaceChildren(skipLink(main), ...headParts(on)) };

  /** @param {View} view */
  function show(view) {
    shown?.close?.();
    shown = view;
    main.replaceChildren(view.element);
    document.title = view.title ? `${view.title} · PalServer` : "PalServer";
    update();
  }

  function update() {
    const words = staleWords();
    stale.hidden = words === null;
    setText(stale, words ?? "");
    document.documentElement.toggleAttribute("data-stale", store.connection === "down");
    shown?.update?.();
  }
}

/** @returns {string|null} null while what is shown is true */
function staleWords() {
  if (!currentUser()) return null;
  if (store.connection === "down") {
    return store.heardAt === null ? t("stale.never") : t("stale.since", { time: timeOfDay(store.heardAt) });
  }
  return store.engine === "unreachable" ? t("stale.engine") : null;
}

/** @param {HTMLElement} main @returns {HTMLElement} for people who use the keyboard */
function skipLink(main) {
  const skip = (/** @type {Event} */ event) => {
    event.preventDefault(); // the address after # is a place in the app
    main.focus();
  };
  return el("a", { class: "skip", href: "#main", click: skip }, t("head.skip"));
}

/** @param {{changeLanguage: (tag: string) => void}} on @returns {HTMLElement[]} */
function headParts(on) {
  const mark = el("img", { src: "assets/icon.svg", alt: "", width: 28, height: 28 });
  const home = el("a", { class: "mark", href: "#/" }, mark, el("span", {}, "PalServer"));
  return [
    el("div", { class: "head-places" }, home, peopleLink()),
    el("div", { class: "head-controls" }, languageSelect(on.changeLanguage), themeSelect(), account()),
  ];
}

/** Where it is narrow, the way to the people is through one's own account. */
function peopleLink() {
  const link = () => el("a", { class: "head-place", href: "#/people", testid: "people" }, t("people.title"));
  return currentUser()?.must_change_password || !may("admin") ? null : link();
}

/** @param {(tag: string) => void} change */
function languageSelect(change) {
  const options = Object.entries(LANGUAGES).map(([tag, name]) =>
    el("option", { value: tag, lang: tag, selected: tag === currentLanguage() }, name),
  );
  const select = el(
    "select",
    { testid: "language", "aria-label": t("head.language"), class: "quiet" },
    options,
  );
  select.addEventListener("change", () => {
    setLanguage(select.value);
    change(select.value);
  });
  return select;
}

function themeSelect() {
  const options = THEMES.map((value) =>
    el("option", { value, selected: value === theme() }, t(`theme.${value}`)),
  );
  const select = el("select", { testid: "theme", "aria-label": t("head.theme"), class: "quiet" }, options);
  select.addEventListener("change", () => setTheme(select.value));
  return select;
}

/** @returns {(Node|null)[]} */
function account() {
  const user = currentUser();
  if (!user) return [];
  const initial = el(
    "span",
    { class: "initial", "aria-hidden": "true" },
    [...user.username.toUpperCase()][0],
  );
  const attributes = { class: "user", href: "#/account", title: t(`role.${user.role}`), testid: "account" };
  const name = el("a", attributes, initial, el("bdi", {}, user.username));
  const leave = () => signOut().catch(notifyFailure);
  return [
    name,
    el("button", { type: "button", class: "quiet", testid: "sign-out", click: leave }, t("head.sign_out")),
  ];
}
