/** Who is on a server now, and what an operator says to them. */

import { listPlayers } from "../api/calls.js";
import { may } from "../api/session.js";
import { el, setText } from "../dom.js";
import { timeOfDay } from "../format.js";
import { t } from "../i18n.js";
import { tellNews } from "../live/news.js";
import { gameStatus } from "../status.js";
import { store } from "../store.js";
import { asked } from "./asked.js";
import { banList } from "./bans.js";
import { field } from "./fields.js";
import { announceForm } from "./player_orders.js";
import { isFound, playerTable } from "./player_table.js";

/** @typedef {import("../types.js").Player} Player */
/** @typedef {import("../types.js").Instance} Instance */

/** Who comes and who goes is told at once; ping, level and place are not. */
const EVERY_MS = 15_000;
const SEARCHED_FROM = 8; // fewer are seen at a glance
/** Nobody can be on it; of all other words but `ready` nothing follows about the players. */
const EMPTY = new Set(["off", "starting", "paused"]);

/** @param {string} server @returns {import("./server.js").Tab} */
export function playersTab(server) {
  const words = el("p", { class: "soft", role: "status" }, t("players.waiting"));
  const search = field(t("player.search"), { type: "search", testid: "player-search" });
  const table = playerTable(server);
  const announce = may("operator") ? announceForm(server) : null;
  const bans = banList(server);
  bans.element.hidden = true; // until the table above it has its height
  /** @type {Player[]} */
  let players = [];
  let asOf = "";
  /** @type {number|null} as the server counts them, which it tells before it knows who they are */
  let counted = null;
  /** @type {ReturnType<typeof asked>|null} */
  let asking = null;
  search.input.addEventListener("input", showFound);
  search.element.hidden = true;
  return {
    element: el(
      "div",
      { class: "stack players-tab" },
      announce?.element ?? null,
      words,
      search.element,
      table.element,
      bans.element,
    ),
    update,
    close: () => {
      asking?.close();
      bans.close();
    },
  };

  /** The game is asked only while it is ready: of all else the server tells by itself. @param {Instance} instance */
  function update(instance) {
    const status = gameStatus(instance)[0];
    const isReady = status === "ready" && store.connection === "live";
    announce?.allow(isReady);
    bans.allow(isReady, instance.state !== "missing");
    if (isReady) {
      const ask = () => listPlayers(server);
      const told = instance.game.players; // null where the game has just not answered: it may be about to end
      if (asking === null) asking = asked("players", { ask, show, fail: showOld, server, everyMs: EVERY_MS });
      else if (told !== null && told !== counted) tellNews("players", server);
      counted = told;
      return;
    }
    asking?.close();
    asking = null;
    if (store.connection === "live") sayWhyNot(status);
    else showOld("");
  }

  /** @param {string} status */
  function sayWhyNot(status) {
    if (EMPTY.has(status)) {
      players = [];
      asOf = "";
      showFound();
      setText(words, t(`player.none.${status}`));
    } else showOld(t(`player.unknown.${status}`));
  }

  /** @param {Player[]} now */
  function show(now) {
    players = now;
    asOf = players.length > 0 ? timeOfDay(Date.now()) : "";
    search.element.hidden = players.length < SEARCHED_FROM && search.input.value === "";
    showFound();
  }

  function showFound() {
    const wanted = search.input.value.trim().toLocaleLowerCase();
    const found = players.filter((player) => isFound(player, wanted));
    table.show(found);
    if (players.length === 0) search.element.hidden = wanted === "";
    const total = players.length;
    bans.element.hidden = false;
    setText(
      words,
      wanted ? t("player.found", { count: found.length, total }) : t("players.count", { count: total }),
    );
  }

  /** What was known stays, grey and with its time. @param {string} why */
  function showOld(why) {
    table.fade();
    bans.element.hidden = false;
    setText(words, [why, asOf && t("players.as_of", { time: asOf })].join(" ").trim());
  }
}
