/** Every server on one screen; what needs a hand is said first. */

import { may } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { gameStatus, playersOn, trouble } from "../status.js";
import { store } from "../store.js";
import { actionButtons } from "./actions.js";
import { hostLine } from "./host.js";
import { figures, noteLine, statusMark } from "./vitals.js";

/** @typedef {import("../types.js").Instance} Instance */

const FIGURES = ["players", "cpu", "memory", "uptime"];

/** @returns {import("../types.js").View} */
export function homeView() {
  const headline = el("h1", { tabindex: "-1" });
  const second = el("p", { class: "soft second" });
  const ways = may("admin") ? waysToBegin() : null;
  const top = el("div", { class: "headline" }, el("div", {}, headline, second), ways);
  const list = el("ul", { class: "fleet", "aria-label": t("home.servers") });
  const rows = new KeyedList(list, (instance) => serverRow(instance));
  const host = hostLine();
  const element = el("section", { class: "home" }, top, columnTitles(), list, host.element);
  return { title: t("home.title"), element, update, close: () => rows.close() };

  function update() {
    const instances = store.list();
    const [first, then] = summary(instances);
    setText(headline, first);
    setText(second, then);
    element.classList.toggle("is-empty", instances.length === 0 && store.heardAt !== null);
    rows.show(instances.map((instance) => [instance.name, instance]));
    host.update();
  }
}

/** What leads to a first server, and to the next. What each does is said while there is none. */
function waysToBegin() {
  const way = (/** @type {string} */ name, /** @type {string} */ kind) => [
    el("a", { class: `button ${kind}`, href: `#/${name}`, testid: name }, t(`home.${name}`)),
    el("p", { class: "soft" }, t(`home.${name}.explained`)),
  ];
  const ways = [way("create", "primary"), way("adopt", "")];
  return el(
    "div",
    { class: "ways" },
    ways.map((parts) => el("div", {}, parts)),
  );
}

/** Seen where the rows have columns; each row says it again for those who listen, and where it is narrow. */
function columnTitles() {
  const titles = FIGURES.map((name) => el("span", {}, t(`figure.${name}`)));
  const cells = [el("span"), el("span"), el("div", { class: "figures" }, titles), el("span")];
  return el(
    "div",
    { class: "server-grid titles", "aria-hidden": "true" },
    may("operator") ? cells : cells.slice(0, 3),
  );
}

/** @param {Instance[]} instances @returns {[string, string]} two sentences: how it stands, and who plays */
function summary(instances) {
  if (store.heardAt === null) return [t("home.waiting"), ""];
  if (instances.length === 0)
    return [t("home.empty"), t(may("admin") ? "home.empty.begin" : "home.empty.ask")];
  return [standing(instances), playing(instances)];
}

/** @param {Instance[]} instances */
function standing(instances) {
  const troubled = instances.filter((instance) => trouble(instance) !== null).length;
  const unknown = instances.filter((instance) => instance.state === "unknown").length;
  const running = instances.filter((instance) => instance.state === "running");
  const ready = running.filter((instance) => gameStatus(instance)[0] === "ready").length;
  if (troubled) return t("home.trouble", { count: troubled });
  if (unknown) return t("home.unknown", { count: unknown });
  if (running.length === 0) return t("home.stopped");
  if (ready === instances.length) return t("home.all_ready", { count: ready });
  return t("home.some_ready", { count: ready, total: instances.length });
}

/** @param {Instance[]} instances */
function playing(instances) {
  const running = instances.filter((instance) => instance.state === "running");
  const known = running.map(playersOn).filter((players) => players !== null);
  const count = known.reduce((sum, players) => sum + players, 0);
  if (running.length === 0) return "";
  if (known.length === 0) return t("home.players.unknown");
  return t(known.length === running.length ? "home.players" : "home.players.at_least", { count });
}

/** @param {Instance} instance */
function serverRow(instance) {
  const { name } = instance;
  const title = el("h2", {}, el("a", { class: "whole", href: serverAddress(name) }, el("bdi", {}, name)));
  const parts = [statusMark(), figures(FIGURES, { withPast: true }), noteLine(), actionButtons(name)];
  const [status, numbers, note, actions] = parts.map((part) => part.element);
  const identity = el("div", { class: "identity" }, title, note);
  const element = el(
    "li",
    { class: "server server-grid", testid: `instance-${name}` },
    identity,
    status,
    numbers,
    may("operator") ? actions : null,
  );
  return { element, update: (/** @type {Instance} */ now) => parts.forEach((part) => part.update(now)) };
}
