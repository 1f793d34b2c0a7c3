/** What an operator tells the game about its players: words to all, save, kick, ban, unban. */

import { tellGame } from "../api/calls.js";
import { el, setText } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { field } from "./fields.js";
import { askInForm } from "./form_dialog.js";
import { notify, whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Player} Player */
/** @typedef {{element: HTMLElement, allow: (isReady: boolean) => void}} Order a form that may not be sent now */

// Some letters are blank: the fillers of Hangul, and Braille without a dot.
const ANYTHING_SEEN = /(?![\u115f\u1160\u2800\u3164\uffa0])[\p{L}\p{N}\p{P}\p{S}]/u;
const LONGEST_SHOWN = 80;

/** @param {string|null} text @returns {text is string} */
export function isSeen(text) {
  return text !== null && ANYTHING_SEEN.test(text);
}

/** A name that can be seen and read: some are empty, made of nothing visible, or as long as a letter. */
export function nameOf(/** @type {{name: string|null}} */ { name }) {
  if (!isSeen(name)) return t("players.nameless");
  const letters = [...name];
  return letters.length > LONGEST_SHOWN ? `${letters.slice(0, LONGEST_SHOWN).join("")}…` : name;
}

/** Words to everybody on it; beside it, save. @param {string} server @returns {Order} */
export function announceForm(server) {
  const message = field(t("announce.message"), {
    required: true,
    maxlength: 200,
    testid: "announce-message",
  });
  const send = el("button", { type: "submit", class: "primary", testid: "announce" }, t("announce.send"));
  const save = el("button", { type: "button", testid: "save" }, t("save.button"));
  save.addEventListener("click", () =>
    whileWorking(save, async () => {
      await tellGame(server, "save");
      notify(t("save.done"));
    }),
  );
  return orderForm([message.element, el("div", { class: "row" }, send, save)], [send, save], async () => {
    await tellGame(server, "announce", { message: message.input.value });
    message.input.value = "";
    notify(t("announce.done"));
  });
}

/** @param {string} server @returns {Order} */
export function unbanForm(server) {
  const user = field(t("unban.user"), {
    required: true,
    maxlength: 64,
    placeholder: "steam_…",
    pattern: "\\s*[A-Za-z0-9_\\-]{1,64}\\s*",
    invalid: t("invalid.user_id"),
    testid: "unban-user",
  });
  const send = el("button", { type: "submit", testid: "unban" }, t("unban.button"));
  return orderForm([user.element, send], [send], async () => {
    const name = user.input.value.trim();
    await tellGame(server, "unban", { user_id: name });
    user.input.value = "";
    notify(phrase("unban.done", { name }));
  });
}

/**
 * What can be done to one; and once it is, a word in the place of the buttons until the game's next list.
 * @param {string} server @param {() => Player} player
 * @returns {{elements: HTMLElement[], update: (player: Player) => void}}
 */
export function playerButtons(server, player) {
  const names = [el("span", { class: "unseen" }), el("span", { class: "unseen" })];
  const word = el("span", { class: "soft", testid: "going", hidden: true });
  /** @type {Player|null} as the list had it that was last seen before */
  let going = null;
  const buttons = /** @type {("kick"|"ban")[]} */ (["kick", "ban"]).map((order, index) => {
    const run = async () => {
      if (!(await askAndTell(server, player(), order))) return;
      going = player();
      setText(word, t(`players.${order}.going`));
      update(going);
    };
    const attributes = { type: "button", class: "small", testid: order, click: run };
    return el("button", attributes, t(`players.${order}`), names[index]);
  });
  buttons[1].classList.add("danger");
  return { elements: [...buttons, word], update };

  /** @param {Player} now */
  function update(now) {
    word.hidden = now !== going;
    for (const name of names) setText(name, ` ${nameOf(now)}`);
    for (const button of buttons) button.hidden = now.user_id === null || now === going;
  }
}

/** @param {string} server @param {Player} player @param {"kick"|"ban"} order @returns {Promise<boolean>} whether it was done */
async function askAndTell(server, player, order) {
  const reason = field(t("players.reason"), { maxlength: 200, testid: "reason" });
  const isDone = await askInForm({
    title: phrase(`players.${order}.title`, { name: nameOf(player) }),
    body: [
      el("p", {}, t(`players.${order}.what`)),
      el("p", { class: "soft" }, el("bdi", {}, player.user_id)),
      reason.element,
    ],
    submit: t(`players.${order}`),
    isDangerous: true,
    fields: { message: reason },
    work: async () => {
      const message = reason.input.value.trim();
      await tellGame(server, order, { user_id: player.user_id, ...(message && { message }) });
    },
  });
  if (isDone) notify(phrase(`players.${order}.done`, { name: nameOf(player) }));
  return isDone;
}

/**
 * @param {HTMLElement[]} parts @param {HTMLButtonElement[]} buttons the first of them sends it
 * @param {() => Promise<void>} work @returns {Order}
 */
function orderForm(parts, buttons, work) {
  const group = el("fieldset", { class: "row order" }, parts);
  const form = el("form", { class: "order-form" }, group);
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    whileWorking(buttons[0], work);
  });
  return { element: form, allow };

  /** @param {boolean} isReady */
  function allow(isReady) {
    group.disabled = !isReady;
  }
}
