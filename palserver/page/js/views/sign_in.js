/** The door: sign in, and choose a password where the default one still stands. */

import { changePassword, currentUser, signIn, whyEnded } from "../api/session.js";
import { el } from "../dom.js";
import { has, t } from "../i18n.js";
import { complainOf, field, toggle } from "./fields.js";
import { errorText, notify } from "./notice.js";

const SHORTEST_PASSWORD = 8;

/** The password of the sign-in a moment ago, so that nobody has to type a default one twice. */
let justUsed = "";

/** @returns {import("../types.js").View} */
export function signInView() {
  const username = field(t("sign_in.username"), {
    testid: "login-username",
    autocomplete: "username",
    required: true,
  });
  const password = passwordField(t("sign_in.password"), "login-password", "current-password");
  const form = doorForm(t("sign_in.submit"), { username, password }, async () => {
    justUsed = password.input.value; // before the answer, which brings the next view at once
    await signIn(username.input.value, password.input.value);
    if (!currentUser()?.must_change_password) justUsed = "";
  });
  const ending = endingText(whyEnded());
  const lead = ending
    ? el("p", { class: "strong", role: "alert", testid: "ended" }, ending)
    : el("p", { class: "soft" }, t("sign_in.lead"));
  return { title: t("sign_in.title"), element: door(t("sign_in.title"), lead, form) };
}

/** @param {string|null} why @returns {string} */
function endingText(why) {
  if (why === null) return "";
  return has(`sign_in.ended.${why}`) ? t(`sign_in.ended.${why}`) : t("sign_in.ended.unknown");
}

/** The password is one that was given out, by default or by an admin: nothing else opens. @returns {import("../types.js").View} */
export function passwordView() {
  const form = passwordForm({ known: justUsed });
  const lead = el("p", { class: "soft" }, t("password.lead_forced"));
  return { title: t("password.title"), element: door(t("password.title"), lead, form) };
}

/**
 * @param {{known?: string, changed?: () => void}} options `known` is the current password, where it was typed a
 *   moment ago
 * @returns {HTMLElement}
 */
export function passwordForm({ known = "", changed = () => {} }) {
  const current = passwordField(t("password.current"), "current-password", "current-password");
  const chosen = passwordField(t("password.new"), "new-password", "new-password");
  chosen.input.minLength = SHORTEST_PASSWORD;
  /** @type {Object<string, import("./fields.js").Field>} */
  const fields = { ...(known ? {} : { current_password: current }), new_password: chosen };
  const show = toggle(t("password.show"), { testid: "show-password" }, (isShown) => {
    chosen.input.type = isShown ? "text" : "password";
  });
  const owner = el("input", { autocomplete: "username", value: currentUser()?.username, hidden: true }); // for password managers
  const form = doorForm(t("password.submit"), fields, async () => {
    await changePassword(known || current.input.value, chosen.input.value);
    justUsed = "";
    form.reset();
    chosen.input.type = "password";
    notify(t("password.changed"));
    changed();
  });
  form.prepend(owner);
  chosen.element.after(show);
  return form;
}

/** @param {string} title @param {HTMLElement} lead @param {any} form */
function door(title, lead, form) {
  form.querySelector("input:not([hidden])").dataset.first = "";
  return el("section", { class: "door" }, el("h1", { tabindex: "-1" }, title), lead, form);
}

/** @param {string} label @param {string} testid @param {string} autocomplete */
function passwordField(label, testid, autocomplete) {
  return field(label, { type: "password", testid, autocomplete, required: true });
}

/**
 * @param {string} submit @param {Object<string, import("./fields.js").Field>} fields by their names in the API
 * @param {() => Promise<void>} work
 */
function doorForm(submit, fields, work) {
  const inOrder = Object.values(fields);
  const button = el("button", { type: "submit", class: "primary", testid: "login-submit" }, submit);
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el(
    "form",
    { class: "stack" },
    inOrder.map((one) => one.element),
    problem,
    button,
  );
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      await work();
    } catch (error) {
      if (complainOf(error, fields)) return;
      problem.textContent = errorText(error);
      inOrder.at(-1)?.input.select();
    } finally {
      button.disabled = false;
    }
  });
  return form;
}
