/** Where one is signed in, and how to end it there. */

import { endSession, listSessions } from "../api/calls.js";
import { ApiError } from "../api/request.js";
import { el, KeyedList, setText } from "../dom.js";
import { moment } from "../format.js";
import { t } from "../i18n.js";
import { agoInMinutes } from "./ago.js";
import { asked } from "./asked.js";
import { ask } from "./confirm.js";
import { catchFocus, holdingFocus } from "./focus.js";
import { notify, whileWorking } from "./notice.js";
import { deviceName } from "./sessions_device.js";

/** @typedef {import("../types.js").OwnSession} OwnSession */

/** @returns {{element: HTMLElement, look: () => void, update: () => void, close: () => void}} */
export function sessionList() {
  const heading = el("h2", { tabindex: "-1" }, t("session.title"));
  const words = el("p", { class: "soft", role: "status" }, t("coming.waiting"));
  const list = el("ul", { class: "sessions", hidden: true });
  const endOthers = el("button", { type: "button", class: "danger", testid: "end-others", hidden: true });
  setText(endOthers, t("session.end_others"));
  endOthers.addEventListener("click", () => askAndEnd(others()));
  const rows = new KeyedList(list, (session) => sessionRow(session, end));
  /** @type {OwnSession[]} */
  let known = [];
  const asking = asked("sessions", { ask: listSessions, show, fail });
  const element = el("section", { class: "part" }, heading, words, list, endOthers);
  return { element, look: asking.again, update: showRows, close: asking.close };

  function others() {
    return known.filter((session) => !session.current);
  }

  /** @param {OwnSession[]} sessions */
  function show(sessions) {
    known = [...sessions].sort(newestFirst);
    holdingFocus(element, heading, () => {
      showRows();
      endOthers.hidden = others().length < 2;
    });
    list.hidden = false;
    list.classList.remove("is-old");
    setText(words, t("session.count", { count: sessions.length }));
  }

  /** @param {string} why */
  function fail(why) {
    list.classList.add("is-old");
    setText(words, why);
  }

  function showRows() {
    rows.show(known.map((session) => [session.id, session]));
  }

  /** @param {OwnSession} session @param {HTMLButtonElement} button */
  function end(session, button) {
    return whileWorking(button, () => endAll([session]));
  }

  /** @param {OwnSession[]} sessions */
  async function askAndEnd(sessions) {
    const isConfirmed = await ask({
      title: t("session.end_others.title"),
      body: [el("p", {}, t("session.end_others.what", { count: sessions.length }))],
      confirm: t("session.end_others.yes"),
      isDangerous: true,
    });
    if (isConfirmed) await whileWorking(endOthers, () => endAll(sessions));
  }

  /** @param {OwnSession[]} sessions */
  async function endAll(sessions) {
    try {
      for (const session of sessions) await endSession(session.id).catch(unlessGone);
      notify(t("session.ended", { count: sessions.length }));
    } finally {
      await asking.again();
      catchFocus(heading); // its button is gone
    }
  }
}

/** It ended meanwhile, which is what was wanted. @param {unknown} error */
function unlessGone(error) {
  if (!(error instanceof ApiError) || error.key !== "session_not_found") throw error;
}

/** This one, then the one that was used last. @param {OwnSession} one @param {OwnSession} other */
function newestFirst(one, other) {
  return Number(other.current) - Number(one.current) || other.last_used_at.localeCompare(one.last_used_at);
}

/** @param {OwnSession} first @param {(session: OwnSession, button: HTMLButtonElement) => void} end */
function sessionRow(first, end) {
  const device = deviceName(first.user_agent);
  const name = el("p", { class: "strong" }, el("bdi", { title: first.user_agent }, device));
  const from = el("bdi");
  const when = t("session.since", { when: moment(first.created_at) });
  const used = el("span");
  const about = el("p", { class: "soft" }, `${t("session.from")} `, from, ` · ${when} · `, used);
  const button = el("button", { type: "button", class: "small", testid: "end-session" }, t("session.end"));
  button.append(el("span", { class: "unseen" }, ` ${device}, ${when}`));
  button.addEventListener("click", () => end(first, button));
  const element = el(
    "li",
    { testid: first.current ? "this-session" : "other-session" },
    el("div", {}, name, about),
    first.current ? null : button,
  );
  return { element, update };

  /** @param {OwnSession} now */
  function update(now) {
    setText(from, now.address ?? t("session.nowhere"));
    const when = agoInMinutes(now.last_used_at);
    setText(used, now.current ? t("session.current") : t("session.used", { when }));
  }
}
