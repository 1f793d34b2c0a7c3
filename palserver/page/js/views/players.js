/** Who is on a server now, and what an operator says to them. */

import { listPlayers } from "../api/calls.js";
import { ApiError } from "../api/request.js";
import { may } from "../api/session.js";
import { el, setText } from "../dom.js";
import { timeOfDay } from "../format.js";
import { t } from "../i18n.js";
import { every } from "../live/poll.js";
import { errorText } from "./notice.js";
import { announceForm, unbanForm } from "./player_orders.js";
import { playerTable } from "./player_table.js";

const EVERY_MS = 5000;

/** @param {string} server @returns {import("./server.js").Tab} */
export function playersTab(server) {
  const words = el("p", { class: "soft", role: "status" }, t("players.waiting"));
  const table = playerTable(server);
  const [announce, unban] = may("operator") ? [announceForm(server), unbanForm(server)] : [];
  let asOf = "";
  return {
    element: el("div", { class: "stack" }, announce, words, table.element, unban),
    close: every(EVERY_MS, () => listPlayers(server).then(show, showFailure)),
  };

  /** @param {import("../types.js").Player[]} players */
  function show(players) {
    table.show(players);
    asOf = players.length > 0 ? timeOfDay(Date.now()) : "";
    setText(words, t("players.count", { count: players.length }));
  }

  /** What was known stays, grey and with its time. @param {unknown} error */
  function showFailure(error) {
    if (error instanceof ApiError && error.key === "instance_not_running") {
      table.show([]);
      asOf = "";
    }
    table.fade();
    setText(words, [errorText(error), asOf && t("players.as_of", { time: asOf })].join(" "));
  }
}
