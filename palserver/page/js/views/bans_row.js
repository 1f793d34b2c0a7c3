/** One line of the game's list of bans. */

import { may } from "../api/session.js";
import { el, setData, setText } from "../dom.js";
import { moment, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { nameOf } from "./player_orders.js";

/** @typedef {import("../types.js").Ban} Ban */

const COLUMNS = ["reason", "by", "when"];

export function banHead() {
  const titles = ["who", ...COLUMNS].map((column) => el("th", { scope: "col" }, t(`bans.${column}`)));
  const orders = el("th", { scope: "col" }, el("span", { class: "unseen" }, t("players.orders")));
  return el("thead", {}, el("tr", {}, titles, may("operator") ? orders : null));
}

/** @param {Ban} ban @returns {string} */
export function banName({ player_name, user_id }) {
  return player_name === null ? (user_id ?? "") : nameOf({ name: player_name });
}

/** @param {Ban} ban @param {string} wanted in small letters */
export function isBanFound(ban, wanted) {
  const texts = [ban.player_name, ban.user_id, ban.line, ban.reason, ban.banned_by];
  return texts.some((text) => text?.toLocaleLowerCase().includes(wanted));
}

/** @param {Ban} first @param {((ban: Ban) => void)|null} unban @returns {import("../dom.js").Row} */
export function banRow(first, unban) {
  const name = el("bdi");
  const id = el("bdi", { class: "soft second-line" });
  const cells = COLUMNS.map((column) => el("td", { "data-label": t(`bans.${column}`), class: column }));
  const texts = cells.map((cell) => cell.appendChild(el("bdi")));
  let ban = first;
  const element = el(
    "tr",
    { testid: first.user_id === null ? "broken-ban" : `ban-${first.user_id}` },
    el("th", { scope: "row" }, name, id),
    cells,
    unban && el("td", { class: "orders" }, first.user_id === null ? null : unbanButton()),
  );
  return { element, update };

  function unbanButton() {
    const attributes = { type: "button", class: "small", testid: "lift-ban", click: () => unban?.(ban) };
    return el(
      "button",
      attributes,
      t("unban.button"),
      el("span", { class: "unseen" }, ` ${banName(first)}`),
    );
  }

  /** @param {Ban} now */
  function update(now) {
    ban = now;
    setText(name, now.line ?? banName(now));
    name.title = now.line ?? now.player_name ?? "";
    setText(id, secondLine(now));
    const when = now.banned_at === null ? null : moment(now.banned_at);
    [now.reason, now.banned_by, when].forEach((text, index) => {
      setText(texts[index], text ?? UNKNOWN);
      setData(cells[index], "unknown", text === null ? "" : null);
      texts[index].title = text ?? "";
    });
  }
}

/** @param {Ban} ban */
function secondLine({ line, player_name, user_id }) {
  if (line !== null) return t("bans.broken");
  return player_name === null ? "" : (user_id ?? "");
}
