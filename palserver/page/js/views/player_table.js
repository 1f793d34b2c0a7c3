/** The players on a server, one row each that lives as long as the player is there. */

import { may } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { number, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { playerButtons } from "./player_orders.js";

/** @typedef {import("../types.js").Player} Player */

const COLUMNS = ["name", "level", "ping", "place"];
const CENTIMETRES = 100;

/** @param {string} server */
export function playerTable(server) {
  const body = el("tbody");
  const element = el("table", { class: "players", hidden: true }, tableHead(), body);
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

/** @param {Player} player @param {number} index */
function keyOf(player, index) {
  return player.user_id ?? `nobody ${index}`; // who is only just joining may have no id yet
}

function tableHead() {
  const titles = COLUMNS.map((column) => el("th", { scope: "col" }, t(`players.${column}`)));
  const orders = el("th", { scope: "col" }, el("span", { class: "unseen" }, t("players.orders")));
  return el("thead", {}, el("tr", {}, titles, may("operator") ? orders : null));
}

/** @param {string} server @param {Player} first */
function playerRow(server, first) {
  const name = el("bdi");
  const account = el("span", { class: "soft account" });
  const cells = COLUMNS.slice(1).map((column) => el("td", { "data-label": t(`players.${column}`) }));
  const buttons = may("operator") ? playerButtons(server, () => player) : [];
  const orders = may("operator") ? el("td", { class: "orders" }, buttons) : null;
  let player = first;
  const element = el("tr", {}, el("th", { scope: "row" }, name, account), cells, orders);
  return { element, update };

  /** @param {Player} now */
  function update(now) {
    player = now;
    setText(name, now.name || t("players.nameless"));
    setText(account, now.user_id ?? "");
    const ping = now.ping_ms === null ? UNKNOWN : t("players.ms", { count: Math.round(now.ping_ms) });
    const texts = [number(now.level), ping, place(now)];
    cells.forEach((cell, index) => setText(cell, texts[index]));
    for (const button of buttons) button.hidden = now.user_id === null;
  }
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
