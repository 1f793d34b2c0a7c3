/** What a restore would change, in words instead of in the names of files. */

import { el } from "../dom.js";
import { currentLanguage, t } from "../i18n.js";
import { isSeen, nameOf } from "./player_orders.js";

/** @typedef {import("../types.js").PreviewPlayer} PreviewPlayer */

const MOST_NAMES = 12;
const PLAYER = /^Saved\/SaveGames\/[^/]+\/[^/]+\/Players\/([^/_.]+)[^/]*$/;
/** @type {[string, RegExp][]} */
const PARTS = [
  ["world", /^Saved\/SaveGames\/[^/]+\/[^/]+\/Level(?:Meta)?\.sav$/],
  ["bans", /^Saved\/SaveGames\/banlist\.txt$/],
  ["settings", /^Saved\/Config\//],
];

/** @param {string[]} paths @returns {Set<string|undefined>} the ids of players, who may have more than one file */
export function playersIn(paths) {
  return new Set(paths.map((path) => PLAYER.exec(path)?.[1].toUpperCase()).filter(Boolean));
}

/** Whose character is in no file of the backup. @param {import("../types.js").Preview} preview */
export function lostPlayers({ players }) {
  return players.filter(({ change }) => change === "removed");
}

/**
 * Players by their names, those with one first. @param {PreviewPlayer[]} players
 * @param {boolean} areAllTold by their ids where no name is known; else these are only counted
 */
export function whoList(players, areAllTold) {
  const told = areAllTold ? players : players.filter(({ name }) => isSeen(name));
  const shown = told.slice(0, MOST_NAMES).map(whoItem);
  if (shown.length === 0) return null;
  const over = players.length - shown.length;
  if (over > 0) shown.push(el("li", { class: "soft" }, t("restore.more_players", { count: over })));
  return el("ul", { class: "named-players" }, shown);
}

/** @param {PreviewPlayer} player */
function whoItem(player) {
  if (!isSeen(player.name)) return el("li", { class: "code", dir: "ltr" }, player.player_uid);
  return el("li", { dir: "auto", title: player.player_uid }, nameOf(player));
}

/** "the world, 3 players and the settings". @param {string[]} paths */
export function partsText(paths) {
  const parts = PARTS.filter(([, pattern]) => paths.some((path) => pattern.test(path)));
  const texts = parts.map(([name]) => t(`restore.part.${name}`));
  const players = playersIn(paths).size;
  if (players) texts.splice(parts[0]?.[0] === "world" ? 1 : 0, 0, t("restore.players", { count: players }));
  const others = paths.filter((path) => !PLAYER.test(path) && !PARTS.some(([, pattern]) => pattern.test(path)));
  if (others.length) texts.push(t("restore.others", { count: others.length }));
  return new Intl.ListFormat(currentLanguage(), { type: "conjunction" }).format(texts);
}
