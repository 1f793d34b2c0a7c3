/** One server: its head with what matters always in sight, and one of its tabs below. */

import { el } from "../dom.js";
import { t } from "../i18n.js";
import { serverAddress, TABS } from "../router.js";
import { store } from "../store.js";
import { actionButtons } from "./actions.js";
import { jobsTab } from "./jobs.js";
import { logsTab } from "./logs.js";
import { overviewTab } from "./overview.js";
import { playersTab } from "./players.js";
import { figures, noteLine, statusMark } from "./vitals.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {{element: HTMLElement, update?: (instance: Instance) => void, close?: () => void}} Tab */

/** @type {Object<string, (name: string, id: string|null) => Tab>} */
const MAKERS = { overview: overviewTab, logs: logsTab, players: playersTab, jobs: jobsTab };

/** @param {import("../router.js").Route} route @returns {import("../types.js").View} */
export function serverView({ name, tab, id }) {
  const head = serverHead(name);
  const tabs = tabLinks(name, tab);
  const shown = MAKERS[tab](name, id);
  const missing = el("p", { class: "empty", hidden: true }, t("error.instance_not_found"));
  const element = el(
    "section",
    { class: `page-server on-${tab}` },
    head.element,
    tabs,
    missing,
    shown.element,
  );
  return { title: name, element, update, close: () => shown.close?.() };

  function update() {
    const instance = store.instances.get(name);
    const isMissing = instance === undefined && store.heardAt !== null;
    missing.hidden = !isMissing;
    for (const part of [...head.body, tabs, shown.element]) part.hidden = isMissing;
    if (!instance) return;
    head.update(instance);
    shown.update?.(instance);
  }
}

/** @param {string} name */
function serverHead(name) {
  const back = el("a", { class: "back", href: "#/" }, t("server.back"));
  const title = el("h1", { tabindex: "-1" }, el("bdi", {}, name));
  const parts = [statusMark(), noteLine(), figures(), actionButtons(name)];
  const [status, note, numbers, actions] = parts.map((part) => part.element);
  const top = el(
    "div",
    { class: "server-top" },
    el("div", { class: "identity" }, back, title, note),
    actions,
  );
  const vitals = el("div", { class: "vitals" }, status, numbers);
  return {
    element: el("div", { class: "server-head" }, top, vitals),
    body: [actions, vitals],
    update: (/** @type {Instance} */ instance) => parts.forEach((part) => part.update(instance)),
  };
}

/** @param {string} name @param {string} current */
function tabLinks(name, current) {
  const links = TABS.map((tab) => {
    const address = serverAddress(name, tab === "overview" ? undefined : tab);
    const isHere = tab === current ? "page" : null;
    return el("a", { href: address, testid: `tab-${tab}`, "aria-current": isHere }, t(`tab.${tab}`));
  });
  return el("nav", { class: "tabs", "aria-label": t("server.tabs") }, links);
}
