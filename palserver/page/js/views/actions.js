/** Start, stop, restart, kill: each with the one question that says what it does to the players. */

import { cancelJob, startJob } from "../api/calls.js";
import { may } from "../api/session.js";
import { el, setText } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { isCountingDown, isMadeHere, isUp, playersOn } from "../status.js";
import { store } from "../store.js";
import { ask } from "./confirm.js";
import { choice, field } from "./fields.js";
import { notifyFailure } from "./notice.js";
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
  const cancel = cancelButton(name);
  const element = el("div", { class: "actions" }, may("operator") ? [...buttons, cancel.element] : []);
  return { element, update };

  /** @param {Instance} instance */
  function update(instance) {
    for (const button of buttons) showFor(button, instance);
    cancel.update(instance);
  }
}

/** In the place of the others while players are being warned of what comes. @param {string} name */
function cancelButton(name) {
  const words = el("span");
  const element = el(
    "button",
    { type: "button", testid: "action-cancel", hidden: true, click: cancel },
    words,
    el("span", { class: "unseen" }, ` ${name}`),
  );
  let askedOf = "";
  return { element, update };

  /** @param {Instance} instance */
  function update({ job }) {
    const isAsked = job?.id === askedOf;
    element.hidden = !isCountingDown(job);
    element.disabled = isAsked || !job?.is_cancellable || store.connection !== "live";
    setText(words, t(isAsked ? "job.cancelling" : "jobs.cancel"));
  }

  async function cancel() {
    const id = store.instances.get(name)?.job?.id;
    if (!id) return;
    askedOf = id;
    store.changed();
    try {
      await cancelJob(id);
    } catch (error) {
      askedOf = "";
      notifyFailure(error);
    }
  }
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
  const isLost = instance.state === "missing" && !isMadeHere(instance);
  const isOutOfReach = instance.state === "unknown" || isLost;
  button.hidden = isOutOfReach || isStart === isUp(instance) || isCountingDown(instance.job);
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

/**
 * The choice of a countdown before what else stops a server: where somebody is on it, or may be.
 * @param {string} name @param {string} action whose words the players read
 */
export function warningFields(name, action) {
  const instance = store.instances.get(name);
  const players = instance ? playersOn(instance) : null;
  return instance?.state === "running" && players !== 0 ? countdownFields(action, players) : NO_COUNTDOWN;
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
    notifyFailure(error);
  }
}

/** Jobs that this page asked for: their end is told to whoever asked. @type {Set<string>} */
export const startedHere = new Set();
