/** Every server on one screen; what needs a hand is said first. */

import { may } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { gameStatus, playersOn, trouble } from "../status.js";
import { store } from "../store.js";
import { actionButtons } from "./actions.js";
import { figures, noteLine, statusMark } from "./vitals.js";

/** @typedef {import("../types.js").Instance} Instance */

/** @returns {import("../types.js").View} */
export function homeView() {
  const headline = el("h1", { tabindex: "-1" });
  const second = el("p", { class: "soft second" });
  const adopt = el("a", { class: "button", href: "#/adopt", testid: "adopt" }, t("home.adopt"));
  const top = el("div", { class: "headline" }, el("div", {}, headline, second), may("admin") ? adopt : null);
  const list = el("ul", { class: "fleet", "aria-label": t("home.servers") });
  const rows = new KeyedList(list, (instance) => serverRow(instance));
  const element = el("section", { class: "home" }, top, columnTitles(), list);
  return { title: t("home.title"), element, update, close: () => rows.close() };

  function update() {
    const instances = store.list();
    const [first, then] = summary(instances);
    setText(headline, first);
    setText(second, then);
    rows.show(instances.map((instance) => [instance.name, instance]));
  }
}

/** Seen where the rows have columns; each row says it again for those who listen, and where it is narrow. */
function columnTitles() {
  const titles = ["players", "cpu", "memory", "uptime"].map((name) => el("span", {}, t(`figure.${name}`)));
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
    return [t("home.empty"), t(may("admin") ? "home.empty.adopt" : "home.empty.ask")];
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
  const parts = [statusMark(), figures(), noteLine(), actionButtons(name)];
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
