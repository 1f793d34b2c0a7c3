/** The door: sign in, and choose a password where the default one still stands. */

import { changePassword, currentUser, signIn } from "../api/session.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { field } from "./fields.js";
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
  const form = doorForm(t("sign_in.submit"), [username, password], async () => {
    justUsed = password.input.value; // before the answer, which brings the next view at once
    await signIn(username.input.value, password.input.value);
    if (!currentUser()?.must_change_password) justUsed = "";
  });
  const lead = el("p", { class: "soft" }, t("sign_in.lead"));
  return { title: t("sign_in.title"), element: door(t("sign_in.title"), lead, form) };
}

/** @param {{isForced: boolean}} options @returns {import("../types.js").View} */
export function passwordView({ isForced }) {
  const current = passwordField(t("password.current"), "current-password", "current-password");
  const chosen = passwordField(t("password.new"), "new-password", "new-password");
  chosen.input.minLength = SHORTEST_PASSWORD;
  const isKnown = isForced && justUsed !== "";
  const fields = isKnown ? [chosen] : [current, chosen];
  const owner = el("input", { autocomplete: "username", value: currentUser()?.username, hidden: true }); // for password managers
  const form = doorForm(t("password.submit"), fields, async () => {
    await changePassword(isKnown ? justUsed : current.input.value, chosen.input.value);
    justUsed = "";
    notify(t("password.changed"));
    if (!isForced) location.hash = "#/";
  });
  form.prepend(owner);
  const lead = el("p", { class: "soft" }, t(isForced ? "password.lead_forced" : "password.lead"));
  return { title: t("password.title"), element: door(t("password.title"), lead, form) };
}

/** @param {string} title @param {HTMLElement} lead @param {HTMLElement} form */
function door(title, lead, form) {
  return el("section", { class: "door" }, el("h1", { tabindex: "-1" }, title), lead, form);
}

/** @param {string} label @param {string} testid @param {string} autocomplete */
function passwordField(label, testid, autocomplete) {
  return field(label, { type: "password", testid, autocomplete, required: true });
}

/**
 * @param {string} submit @param {{element: HTMLElement, input: HTMLInputElement}[]} fields
 * @param {() => Promise<void>} work
 */
function doorForm(submit, fields, work) {
  const button = el("button", { type: "submit", class: "primary", testid: "login-submit" }, submit);
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el(
    "form",
    { class: "stack" },
    fields.map((one) => one.element),
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
      problem.textContent = errorText(error);
      fields.at(-1)?.input.select();
    } finally {
      button.disabled = false;
    }
  });
  fields[0].input.autofocus = true;
  return form;
}
