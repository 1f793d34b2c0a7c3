/** Who is banned from a server: closed until somebody wants to know, and read from the game's own list then. */

import { listBans, tellGame } from "../api/calls.js";
import { may } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { timeOfDay } from "../format.js";
import { phrase, t } from "../i18n.js";
import { asked } from "./asked.js";
import { banHead, banName, banRow, isBanFound } from "./bans_row.js";
import { field } from "./fields.js";
import { catchFocus, holdingFocus } from "./focus.js";
import { askInForm } from "./form_dialog.js";
import { notify } from "./notice.js";
import { unbanForm } from "./player_orders.js";

/** @typedef {import("../types.js").Ban} Ban */

const SHOWN_AT_ONCE = 100;
const SEARCHED_FROM = 8; // fewer are seen at a glance

/**
 * @typedef {(isReady: boolean, hasContainer: boolean) => void} Allow
 * @param {string} server @returns {{element: HTMLElement, allow: Allow, close: () => void}}
 */
export function banList(server) {
  const summary = el("summary", { testid: "bans" }, el("h2", {}, t("bans.title")));
  const words = el("p", { class: "soft", role: "status" });
  const hint = el("p", { class: "soft", hidden: true }, t("bans.not_ready"));
  const search = field(t("bans.search"), { type: "search", testid: "ban-search" });
  const body = el("tbody");
  const table = el("table", { class: "roster bans", hidden: true }, banHead(), body);
  const more = el("button", { type: "button", testid: "more-bans", hidden: true }, t("bans.more"));
  const unban = may("operator") ? unbanForm(server) : null;
  const rows = new KeyedList(body, (ban) => banRow(ban, may("operator") ? askAndUnban : null));
  /** @type {Ban[]} */
  let bans = [];
  let isCut = false;
  let isReady = false;
  let hasContainer = true;
  let asOf = "";
  let most = SHOWN_AT_ONCE;
  /** @type {ReturnType<typeof asked>|null} */
  let asking = null;
  search.element.hidden = true;
  search.input.addEventListener("input", () => {
    most = SHOWN_AT_ONCE;
    showFound();
  });
  more.addEventListener("click", () => {
    most += SHOWN_AT_ONCE;
    holdingFocus(more, search.input, showFound);
  });
  const element = el(
    "details",
    { class: "ban-list", toggle: openOrClose },
    summary,
    el("div", { class: "stack" }, words, search.element, table, more, hint, unban?.element ?? null),
  );
  return { element, allow, close: () => asking?.close() };

  function openOrClose() {
    asking?.close();
    asking = null;
    if (!element.open) return;
    if (!hasContainer) return fail(t("error.container_missing")); // the list is in it
    if (bans.length === 0) setText(words, t("bans.waiting"));
    asking = asked("bans", { ask: () => listBans(server), show, fail, server });
  }

  /** @param {boolean} isNow whether the game may be told something @param {boolean} isThere its container */
  function allow(isNow, isThere) {
    isReady = isNow;
    if (isThere !== hasContainer) {
      hasContainer = isThere;
      openOrClose();
    }
    unban?.allow(isReady);
    hint.hidden = isReady || !may("operator");
    allowButtons(isReady);
  }

  /** @param {boolean} isAllowed */
  function allowButtons(isAllowed) {
    for (const button of body.querySelectorAll("button")) button.disabled = !isAllowed;
  }

  /** @param {{bans: Ban[], is_cut: boolean}} answer */
  function show(answer) {
    bans = answer.bans;
    isCut = answer.is_cut;
    asOf = timeOfDay(Date.now());
    table.classList.remove("is-old");
    holdingFocus(body, summary, showFound);
  }

  /** @param {string} why */
  function fail(why) {
    table.classList.add("is-old");
    setText(words, [why, asOf && t("players.as_of", { time: asOf })].join(" ").trim());
  }

  function showFound() {
    const wanted = search.input.value.trim().toLocaleLowerCase();
    const found = bans.filter((ban) => isBanFound(ban, wanted));
    rows.show(found.slice(0, most).map((ban, index) => [ban.user_id ?? `${index} ${ban.line}`, ban]));
    allowButtons(isReady);
    table.hidden = found.length === 0;
    more.hidden = found.length <= most;
    search.element.hidden = bans.length < SEARCHED_FROM && wanted === "";
    const count = wanted
      ? t("bans.found", { count: found.length, total: bans.length })
      : t("bans.count", { count: bans.length });
    const told = [count, t("players.as_of", { time: asOf }), isCut && t("bans.cut")];
    setText(words, told.filter(Boolean).join(" "));
  }

  /** @param {Ban} ban */
  async function askAndUnban(ban) {
    const isDone = await askInForm({
      title: phrase("unban.title", { name: banName(ban) }),
      body: [el("p", {}, t("unban.what")), el("p", { class: "soft" }, el("bdi", {}, ban.user_id))],
      submit: t("unban.button"),
      work: () => tellGame(server, "unban", { user_id: ban.user_id }),
    });
    if (isDone) {
      notify(phrase("unban.done", { name: banName(ban) }));
      allowButtons(false); // until the list is read again
      await asking?.again();
    }
    catchFocus(summary);
  }
}
