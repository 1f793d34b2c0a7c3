/** One server: its head with what matters always in sight, and one of its tabs below. */

import { may } from "../api/session.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { serverAddress, TABS } from "../router.js";
import { store } from "../store.js";
import { actionButtons } from "./actions.js";
import { later } from "./later.js";
import { figures, noteLine, statusMark } from "./vitals.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {{element: HTMLElement, update?: (instance: Instance) => void, close?: () => void}} Tab */

const VITALS = ["players", "fps", "day", "uptime", "cpu", "memory"];

const BACKUP_STYLES = ["css/log.css", "css/jobs.css", "css/backups.css"]; // its jobs are shown there too

/** @type {Object<string, (name: string, id: string|null) => Tab>} */
const MAKERS = {
  overview: later(["css/charts.css"], async () => (await import("./overview.js")).overviewTab),
  logs: later(["css/log.css"], async () => (await import("./log_view.js")).logsTab),
  players: later(["css/tables.css", "css/players.css"], async () => (await import("./players.js")).playersTab),
  backups: later(BACKUP_STYLES, async () => (await import("./backups.js")).backupsTab),
  settings: later(["css/settings.css"], async () => (await import("./settings.js")).settingsTab),
  jobs: later(["css/log.css", "css/jobs.css"], async () => (await import("./jobs.js")).jobsTab),
  manage: later(["css/create.css"], async () => (await import("./manage.js")).manageTab),
};

/** @param {import("../router.js").Route} route @returns {import("../types.js").View} */
export function serverView({ name, tab, id }) {
  const head = serverHead(name);
  const tabs = tabLinks(name, tab);
  const shown = (isForMe(tab) ? MAKERS[tab] : MAKERS.overview)(name, id);
  const missing = el("p", { class: "empty", hidden: true }, t("error.instance_not_found"));
  const element = el(
    "section",
    { class: `page-server on-${tab}` },
    head.title,
    head.vitals,
    tabs,
    missing,
    shown.element,
  );
  return { title: name, element, update, close: () => shown.close?.() };

  function update() {
    const instance = store.instances.get(name);
    const isMissing = instance === undefined && store.heardAt !== null;
    missing.hidden = !isMissing;
    for (const part of [head.vitals, tabs, shown.element]) part.hidden = isMissing;
    if (!instance) return;
    head.update(instance);
    shown.update?.(instance);
  }
}

/** Who it is, and beneath it the bar that stays in sight however far one scrolls. @param {string} name */
function serverHead(name) {
  const back = el("a", { class: "back", href: "#/" }, t("server.back"));
  const title = el("h1", { tabindex: "-1" }, el("bdi", {}, name));
  const parts = [statusMark(), noteLine(), figures(VITALS), actionButtons(name)];
  const [status, note, numbers, actions] = parts.map((part) => part.element);
  return {
    title: el("div", { class: "server-top identity" }, back, title, note),
    vitals: el("div", { class: "vitals", testid: "vitals" }, status, numbers, actions),
    update: (/** @type {Instance} */ instance) => parts.forEach((part) => part.update(instance)),
  };
}

/** @param {string} name @param {string} current */
function tabLinks(name, current) {
  const links = TABS.filter(isForMe).map((tab) => {
    const address = serverAddress(name, tab === "overview" ? undefined : tab);
    const isHere = tab === current ? "page" : null;
    return el("a", { href: address, testid: `tab-${tab}`, "aria-current": isHere }, t(`tab.${tab}`));
  });
  const element = el("nav", { class: "tabs", "aria-label": t("server.tabs") }, links);
  requestAnimationFrame(() => showCurrent(element)); // once it is in the page
  return element;
}

/** On a phone not all of them have room. @param {HTMLElement} tabs */
function showCurrent(tabs) {
  const current = /** @type {HTMLElement|null} */ (tabs.querySelector("[aria-current]"));
  if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
}

/** @param {string} tab */
function isForMe(tab) {
  return tab !== "manage" || may("admin");
}
