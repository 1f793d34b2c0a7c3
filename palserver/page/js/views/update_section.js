/** Another version of the game's image, and the way back to the one of before. */

import { findRollback } from "../api/backup_calls.js";
import { el, setText } from "../dom.js";
import { moment, UNKNOWN } from "../format.js";
import { phrase, t } from "../i18n.js";
import { isUp } from "../status.js";
import { store } from "../store.js";
import { warningFields } from "./actions.js";
import { beginAndShow, isFree } from "./backup_jobs.js";
import { whoIsOn } from "./backup_words.js";
import { ask } from "./confirm.js";
import { toggle } from "./fields.js";
import { errorText, notifyFailure, whileWorking } from "./notice.js";
import { stepList } from "./restore_question.js";
import { versionChoice } from "./version_choice.js";

/** @typedef {import("../types.js").WayBack} WayBack */

/** @param {string} server */
export function updateSection(server) {
  const image = el("bdi", { class: "code" });
  const game = el("bdi");
  const now = el("p", {}, phrase("update.now", { image }), game);
  const form = updateForm(server);
  const way = wayBack(server);
  const element = el("section", { class: "versions" }, el("h2", {}, t("update.title")), now, form.element, way.element);
  return { element, update, load };

  function load() {
    way.load();
    form.load();
  }

  function update() {
    const instance = store.instances.get(server);
    const version = instance?.game.version;
    setText(image, instance?.image ?? UNKNOWN);
    setText(game, version ? ` ${t("update.now.game", { version })}` : "");
    form.update();
    way.update();
  }
}

/** @param {string} server */
function updateForm(server) {
  const version = versionChoice(server);
  const button = el("button", { type: "submit", testid: "action-update" }, t("update.button"));
  const element = el(
    "form",
    {},
    el("div", { class: "row" }, version.elements, button),
    version.words,
    el("p", { class: "soft" }, t("update.what")),
  );
  element.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    askAndUpdate(server, version).catch(notifyFailure);
  });
  return { element, load: version.load, update: () => void (button.disabled = !isFree(server)) };
}

/** @param {string} server @param {ReturnType<typeof versionChoice>} choice */
async function askAndUpdate(server, choice) {
  const [version, warning] = [choice.value(), choice.warning()];
  const instance = store.instances.get(server);
  const willRun = instance ? isUp(instance) : false;
  const steps = ["fetch", willRun ? "stop" : null, "copy", "exchange", willRun ? "start" : "stay", "way_back"];
  const countdown = warningFields(server, "restart");
  const isConfirmed = await ask({
    title: phrase("update.confirm.title", { name: server, version }),
    body: [
      el("p", { class: "strong" }, whoIsOn(server)),
      warning ? el("p", { class: "bad" }, warning) : null,
      choice.isLookedUp() ? null : el("p", {}, t("update.not_looked_up")),
      stepList(steps.filter((step) => step !== null).map((step) => t(`update.step.${step}`))),
      ...countdown.elements,
    ].filter((one) => one !== null),
    confirm: t("update.confirm.yes"),
  });
  if (isConfirmed) await beginAndShow(server, "update", { version, ...countdown.values() });
}

/** @param {string} server */
function wayBack(server) {
  const words = el("p", {});
  const button = el("button", { type: "button", testid: "action-rollback" }, t("update.back.button"));
  const element = el("div", { class: "way-back", hidden: true }, el("div", { class: "row" }, words, button));
  /** @type {WayBack|null} */
  let way = null;
  button.addEventListener("click", () =>
    whileWorking(button, async () => void (way && (await askAndGoBack(server, way)))),
  );
  return { element, load, update: () => void (button.disabled = !isFree(server)) };

  async function load() {
    try {
      way = await findRollback(server);
      element.hidden = way === null;
      if (way) words.replaceChildren(...wayWords(way));
    } catch (error) {
      way = null;
      element.hidden = false;
      words.replaceChildren(errorText(error));
    }
    button.hidden = way === null;
  }
}

/** @param {WayBack} way */
function wayWords(way) {
  return phrase("update.back", { time: moment(way.updated_at), image: el("bdi", { class: "code" }, way.image) });
}

/** @param {string} server @param {WayBack} way */
async function askAndGoBack(server, way) {
  const what = el("p", {}, t("update.back.keeps_world"));
  let withWorld = false;
  const world = toggle(t("update.back.world"), { testid: "rollback-world" }, (isOn) => {
    withWorld = isOn;
    what.classList.toggle("bad", isOn);
    setText(what, isOn ? t("update.back.loses", { time: moment(way.updated_at) }) : t("update.back.keeps_world"));
  });
  const countdown = warningFields(server, "restart");
  const isConfirmed = await ask({
    title: phrase("update.back.title", { name: server, image: way.image }),
    body: [
      el("p", { class: "strong" }, whoIsOn(server)),
      el("p", {}, t("update.back.what")),
      way.backup ? world : el("p", { class: "soft" }, t("update.back.no_world")),
      what,
      ...countdown.elements,
    ],
    confirm: t("update.back.yes"),
    isDangerous: true,
  });
  if (isConfirmed) await beginAndShow(server, "rollback", { world: withWorld, ...countdown.values() });
}
