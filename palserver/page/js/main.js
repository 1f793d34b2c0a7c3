/** The page from its start: words, who is signed in, and from then on the view that the address asks for. */

import { ApiError } from "./api/request.js";
import { currentUser, may, renew, session } from "./api/session.js";
import { el } from "./dom.js";
import { t, useLanguage } from "./i18n.js";
import { connectEvents, disconnectEvents } from "./live/events.js";
import { language } from "./preferences.js";
import { parseRoute } from "./router.js";
import { store } from "./store.js";
import { herald, spoken } from "./views/herald.js";
import { homeView } from "./views/home.js";
import { later } from "./views/later.js";
import { createShell } from "./views/shell.js";
import { passwordView, signInView } from "./views/sign_in.js";

/** @typedef {import("./types.js").View} View */

const TICK_MS = 1000; // figures grow old, and "3 minutes ago" becomes four
const RETRY_MS = 2000;
const PEOPLE_STYLES = ["css/tables.css", "css/people.css"];

/**
 * The pages that are fetched when somebody goes there, and who may.
 * @type {Object<string, {role: import("./types.js").Role, view: (route: import("./router.js").Route) => View}>}
 */
const PAGES = {
  server: page("viewer", ["css/server.css"], async () => (await import("./views/server.js")).serverView),
  adopt: page("admin", ["css/adopt.css"], async () => (await import("./views/adopt.js")).adoptView),
  create: page("admin", ["css/create.css"], async () => (await import("./views/create.js")).createView),
  account: page("viewer", ["css/people.css"], async () => (await import("./views/account.js")).accountView),
  people: page("admin", PEOPLE_STYLES, async () => (await import("./views/people.js")).peopleView),
  audit: page("admin", PEOPLE_STYLES, async () => (await import("./views/audit.js")).auditView),
};

const shell = createShell({ changeLanguage });

async function start() {
  const renewed = tried(renew);
  await until(() => tried(() => useLanguage(language())));
  document.body.replaceChildren(...shell.element, spoken);
  if (!(await renewed)) await waitForPanel();
  session.addEventListener("change", signedInOrOut);
  window.addEventListener("hashchange", moved);
  store.subscribe(shell.update);
  store.subscribe(herald);
  setInterval(() => store.changed(), TICK_MS);
  signedInOrOut();
}

/** Nobody can know who is signed in before the panel answers: ask until it does. */
async function waitForPanel() {
  shell.drawHead();
  const words = el("p", { class: "empty", role: "status" }, t("stale.never"));
  shell.show({ title: "", element: words });
  await until(() => tried(renew));
}

/** @param {() => Promise<boolean>} work again and again, with a rest in between, until it says that it is done */
async function until(work) {
  while (!(await work())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

/** @param {() => Promise<void>} work @returns {Promise<boolean>} whether it worked; only the network may fail it */
async function tried(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/** @param {() => void} work what replaces parts of the page, the one with the focus among them */
function keepingFocus(work) {
  const held = document.activeElement?.getAttribute("data-testid");
  work();
  const same = held && document.querySelector(`[data-testid="${CSS.escape(held)}"]`);
  const next = same || document.querySelector("main h1");
  if (next instanceof HTMLElement) next.focus();
}

function signedInOrOut() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close(); // a question to who was here before
  const user = currentUser();
  if (user && !user.must_change_password) connectEvents();
  else disconnectEvents();
  shell.drawHead();
  shell.show(viewOfNow());
  // Not left to the attribute that browsers have for this: they heed it for the first view only, and complain later.
  const first = document.querySelector("main [data-first]") ?? document.querySelector("main h1");
  if (first instanceof HTMLElement) first.focus();
}

function moved() {
  keepingFocus(() => shell.show(viewOfNow()));
}

/** @returns {View} */
function viewOfNow() {
  const user = currentUser();
  if (!user) return signInView();
  if (user.must_change_password) return passwordView();
  const route = parseRoute(location.hash);
  if (route.page === "home") return homeView();
  if (!(route.page in PAGES)) return emptyView(t("error.not_found"));
  return may(PAGES[route.page].role) ? PAGES[route.page].view(route) : emptyView(t("forbidden.title"));
}

/** @param {import("./types.js").Role} role @param {string[]} styles @param {() => Promise<any>} load */
function page(role, styles, load) {
  return { role, view: later(styles, load, { isPage: true }) };
}

/** @param {string} title why there is nothing else @returns {View} */
function emptyView(title) {
  const home = el("a", { href: "#/" }, t("server.back"));
  return {
    title,
    element: el("section", { class: "stack" }, el("h1", { tabindex: "-1" }, title), el("p", {}, home)),
  };
}

/** @param {string} tag */
async function changeLanguage(tag) {
  await useLanguage(tag);
  keepingFocus(() => {
    shell.drawHead();
    shell.show(viewOfNow());
  });
}

await start();
