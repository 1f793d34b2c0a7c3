/** Start, stop, restart, kill: each with the one question that says what it does to the players. */

import { startJob } from "../api/calls.js";
import { may } from "../api/session.js";
import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { isUp, playersOn } from "../status.js";
import { store } from "../store.js";
import { ask } from "./confirm.js";
import { choice, field } from "./fields.js";
import { errorText, notify } from "./notice.js";
import { serverAddress } from "../router.js";

/** @typedef {import("../types.js").Instance} Instance */

const WAITS_SECONDS = [0, 10, 30, 60, 300];
const USUAL_WAIT_SECONDS = "30"; // where somebody is on it, or may be
const NO_COUNTDOWN = { elements: [], values: () => ({}) };

/**
 * The buttons of one instance. Viewers get none.
 * @param {string} name
 * @returns {{element: HTMLElement, update: (instance: Instance) => void}}
 */
export function actionButtons(name) {
  const buttons = ["start", "restart", "stop"].map((action) => actionButton(name, action));
  const element = el("div", { class: "actions" }, may("operator") ? buttons : []);
  return { element, update: (instance) => buttons.forEach((button) => showFor(button, instance)) };
}

/** @param {string} name @param {string} action @returns {HTMLButtonElement} */
function actionButton(name, action) {
  const run = () => {
    const instance = store.instances.get(name);
    if (instance) action === "start" ? runJob(name, action) : askAndRun(instance, action);
  };
  const attributes = { type: "button", testid: `action-${action}`, click: run, class: action };
  const button = el("button", { ...attributes, hidden: true }); // until it is known which of them make sense
  button.append(el("span", {}, t(`action.${action}`)), el("span", { class: "unseen" }, ` ${name}`));
  button.dataset.action = action;
  return button;
}

/** @param {HTMLButtonElement} button @param {Instance} instance */
function showFor(button, instance) {
  const isStart = button.dataset.action === "start";
  const isOutOfReach = instance.state === "unknown" || instance.state === "missing";
  button.hidden = isOutOfReach || isStart === isUp(instance);
  button.disabled = instance.job !== null || store.connection !== "live";
}

/** @param {Instance} instance @param {string} action `stop restart kill` */
export async function askAndRun(instance, action) {
  const countdown = action === "kill" ? NO_COUNTDOWN : countdownFields(action, playersOn(instance));
  const isConfirmed = await ask({
    title: phrase(`confirm.${action}.title`, { name: instance.name }),
    body: [whatHappens(instance, action), ...countdown.elements],
    confirm: t(`confirm.${action}.yes`),
    isDangerous: action !== "restart",
  });
  if (isConfirmed) await runJob(instance.name, action, countdown.values());
}

/** What it does to the people on it, and to the world. @param {Instance} instance @param {string} action */
function whatHappens(instance, action) {
  const players = playersOn(instance);
  const who = players === null ? t("confirm.players.unknown") : t("confirm.players", { count: players });
  const isSaved = action !== "kill" && instance.game.status === "ready";
  const world = action === "kill" ? "kill" : isSaved ? "saved" : "unsaved";
  return el(
    "div",
    { class: "stack" },
    el("p", { class: "strong" }, who),
    el("p", {}, t(`confirm.world.${world}`)),
  );
}

/** @param {string} action @param {number|null} players */
function countdownFields(action, players) {
  /** @type {[string, string][]} */
  const waits = WAITS_SECONDS.map((wait) => [String(wait), t("confirm.wait.seconds", { count: wait })]);
  waits[0][1] = t("confirm.wait.none");
  const wait = choice(t("confirm.wait"), waits, players === 0 ? "0" : USUAL_WAIT_SECONDS);
  const usual = t(`confirm.${action}.message`);
  const message = field(t("confirm.message"), { maxlength: 200, placeholder: usual });
  const showMessage = () => message.element.toggleAttribute("hidden", wait.input.value === "0");
  wait.input.addEventListener("change", showMessage);
  showMessage();
  return {
    elements: [wait.element, message.element],
    values: () => ({
      wait_seconds: Number(wait.input.value),
      message: message.input.value.trim() || usual, // what the field shows is what the players read
    }),
  };
}

/** @param {string} name @param {string} action @param {Object<string, any>} [options] */
export async function runJob(name, action, options = {}) {
  try {
    const job = await startJob(name, action, options);
    startedHere.add(job.id);
    store.addJob(job);
  } catch (error) {
    notify(errorText(error), { isFailure: true });
  }
}

/** Jobs that this page asked for: their end is told to whoever asked. @type {Set<string>} */
export const startedHere = new Set();
