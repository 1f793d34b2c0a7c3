/** The players on a server, one row each that lives as long as the player is there. */

import { may } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { number, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { isSeen, nameOf, playerButtons } from "./player_orders.js";

/** @typedef {import("../types.js").Player} Player */

const COLUMNS = ["level", "ping", "platform", "place"];
const CENTIMETRES = 100;
/** What user ids begin with, as far as it is known what that means. @type {Object<string, string>} */
const PLATFORMS = { steam: "Steam", gdk: "Xbox/Store", xbox: "Xbox", ps5: "PS5" };

/** @param {string} server */
export function playerTable(server) {
  const body = el("tbody");
  const element = el("table", { class: "roster players", hidden: true }, tableHead(), body);
  const rows = new KeyedList(body, (player) => playerRow(server, player));
  return { element, show, fade: () => element.classList.add("is-old") };

  /** @param {Player[]} players */
  function show(players) {
    const entries = players.map(
      (player, index) => /** @type {[string, Player]} */ ([keyOf(player, index), player]),
    );
    rows.show([...new Map(entries)]);
    element.hidden = players.length === 0;
    element.classList.remove("is-old");
  }
}

/** @param {Player} player @param {string} wanted in small letters @returns {boolean} */
export function isFound(player, wanted) {
  const texts = [nameOf(player), player.account_name, player.user_id];
  return texts.some((text) => text?.toLocaleLowerCase().includes(wanted));
}

/** @param {Player} player @param {number} index */
function keyOf(player, index) {
  return player.user_id ?? `nobody ${index}`; // who is only just joining may have no id yet
}

function tableHead() {
  const titles = ["players.name", ...COLUMNS.map((column) => `player.${column}`)];
  const cells = titles.map((title) => el("th", { scope: "col" }, t(title)));
  const orders = el("th", { scope: "col" }, el("span", { class: "unseen" }, t("players.orders")));
  return el("thead", {}, el("tr", {}, cells, may("operator") ? orders : null));
}

/** @param {string} server @param {Player} first */
function playerRow(server, first) {
  const name = el("bdi");
  const [account, id] = [el("bdi"), el("bdi")]; // apart: a name that turns its text leaves the id alone
  const dot = el("span", { hidden: true }, " · ");
  const second = el("span", { class: "soft second-line" }, account, dot, id);
  const cells = COLUMNS.map((column) => el("td", { "data-label": t(`player.${column}`), class: column }));
  const orders = may("operator") ? playerButtons(server, () => player) : null;
  const cell = orders && el("td", { class: "orders" }, orders.elements);
  let player = first;
  const element = el("tr", {}, el("th", { scope: "row" }, name, second), cells, cell);
  return { element, update };

  /** @param {Player} now */
  function update(now) {
    player = now;
    setText(name, nameOf(now));
    name.title = now.name ?? "";
    setText(account, otherName(now));
    setText(id, now.user_id ?? "");
    dot.hidden = account.textContent === "" || id.textContent === "";
    const ping = now.ping_ms === null ? UNKNOWN : t("players.ms", { count: Math.round(now.ping_ms) });
    const texts = [number(now.level), ping, platform(now), place(now)];
    cells.forEach((one, index) => setText(one, texts[index]));
    orders?.update(now);
  }
}

/** The account's name, where it is another. @param {Player} player */
function otherName({ name, account_name }) {
  return account_name === name || !isSeen(account_name) ? "" : account_name;
}

/** @param {Player} player */
function platform({ user_id }) {
  const prefix = user_id?.match(/^([A-Za-z0-9]{1,20})_/)?.[1];
  if (prefix === undefined) return UNKNOWN;
  return Object.hasOwn(PLATFORMS, prefix) ? PLATFORMS[prefix] : prefix;
}

/** @param {Player} player */
function place({ location, loading }) {
  if (loading) return t("players.loading");
  if (location.x === null || location.y === null) return UNKNOWN;
  return t("players.metres", {
    x: Math.round(location.x / CENTIMETRES),
    y: Math.round(location.y / CENTIMETRES),
  });
}
