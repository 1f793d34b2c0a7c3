/** What an operator tells the game about its players: words to all, save, kick, ban, unban. */

import { tellGame } from "../api/calls.js";
import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { ask } from "./confirm.js";
import { field } from "./fields.js";
import { notify, whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Player} Player */

/** Words to everybody on it; beside it, save. @param {string} server */
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
  return orderForm([message.element, send, save], send, async () => {
    await tellGame(server, "announce", { message: message.input.value });
    message.input.value = "";
    notify(t("announce.done"));
  });
}

/** @param {string} server */
export function unbanForm(server) {
  const user = field(t("unban.user"), {
    required: true,
    maxlength: 100,
    placeholder: "steam_…",
    pattern: "[A-Za-z0-9_\\-]{1,64}",
    testid: "unban-user",
  });
  const send = el("button", { type: "submit", testid: "unban" }, t("unban.button"));
  return orderForm([user.element, send], send, async () => {
    await tellGame(server, "unban", { user_id: user.input.value.trim() });
    user.input.value = "";
    notify(t("unban.done"));
  });
}

/** @param {string} server @param {() => Player} player @returns {HTMLElement[]} */
export function playerButtons(server, player) {
  return /** @type {("kick"|"ban")[]} */ (["kick", "ban"]).map((order) => {
    const run = () => askAndTell(server, player(), order);
    const button = el(
      "button",
      { type: "button", class: "small", testid: order, click: run },
      t(`players.${order}`),
    );
    if (order === "ban") button.classList.add("danger");
    return button;
  });
}

/** @param {string} server @param {Player} player @param {"kick"|"ban"} order */
async function askAndTell(server, player, order) {
  const reason = field(t("players.reason"), { maxlength: 200, testid: "reason" });
  const confirm = t(`players.${order}`);
  const isConfirmed = await ask({
    title: phrase(`players.${order}.title`, { name: player.name || t("players.nameless") }),
    body: [
      el("p", {}, t(`players.${order}.what`)),
      el("p", { class: "soft" }, el("bdi", {}, player.user_id)),
      reason.element,
    ],
    confirm,
    isDangerous: true,
  });
  if (!isConfirmed) return;
  const message = reason.input.value.trim();
  const button = document.createElement("button"); // nothing is left to wait in: the dialog is gone
  await whileWorking(button, async () => {
    await tellGame(server, order, { user_id: player.user_id, ...(message && { message }) });
    notify(t(`players.${order}.done`));
  });
}

/** @param {HTMLElement[]} parts @param {HTMLButtonElement} button @param {() => Promise<void>} work */
function orderForm(parts, button, work) {
  const form = el("form", { class: "row order" }, parts);
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    whileWorking(button, work);
  });
  return form;
}
