/** What an admin does about people, each asked for once: add, change the role, set a password, remove. */

import { addUser, changeUser, removeUser } from "../api/calls.js";
import { currentUser, renew, signOut } from "../api/session.js";
import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { field, radios } from "./fields.js";
import { askInForm } from "./form_dialog.js";
import { notify } from "./notice.js";
import { handOver, passwordChoice } from "./people_password.js";

/** @typedef {import("../types.js").Account} Account */

const ROLES = ["viewer", "operator", "admin"];
const LONGEST_NAME = 64;

/** Each of these answers whether something changed. @returns {Promise<boolean>} */
export async function add() {
  const username = field(t("people.username"), {
    required: true,
    maxlength: LONGEST_NAME,
    autocapitalize: "none",
    spellcheck: "false",
    pattern: "[\\p{L}\\p{N}_][\\p{L}\\p{N}_.@+\\-]*",
    invalid: t("invalid.username"),
    testid: "person-username",
  });
  const role = roleChoice("viewer");
  const password = passwordChoice();
  const isDone = await askInForm({
    title: t("people.add.title"),
    body: [username.element, role.element, password.element],
    submit: t("people.add"),
    fields: { username, password: password.field },
    work: async () => {
      await addUser({ username: username.input.value, password: password.value(), role: role.value() });
    },
  });
  if (isDone) await handOver(username.input.value, password.value());
  return isDone;
}

/** @param {Account} account */
export async function changeRole(account) {
  const { username } = account;
  const role = roleChoice(account.role);
  const isDone = await askInForm({
    title: phrase("people.change_role.title", { name: username }),
    body: [
      role.element,
      isMe(username) ? el("p", { class: "strong" }, t("people.change_role.own")) : [],
    ].flat(),
    submit: t("people.change_role.yes"),
    work: async () => {
      if (role.value() !== account.role) await changeUser(username, { role: role.value() });
    },
  });
  if (!isDone || role.value() === account.role) return false;
  if (isMe(username)) await renew(); // and it is said by whoever hears of it
  else notify(phrase("people.change_role.done", { name: username, role: t(`role.${role.value()}`) }));
  return true;
}

/** @param {Account} account */
export async function setPassword({ username }) {
  const password = passwordChoice();
  const isDone = await askInForm({
    title: phrase("people.set_password.title", { name: username }),
    body: [el("p", {}, t("people.set_password.what")), password.element],
    submit: t("people.set_password.yes"),
    fields: { password: password.field },
    work: async () => {
      await changeUser(username, { password: password.value() });
    },
  });
  if (isDone) await handOver(username, password.value());
  return isDone;
}

/** @param {Account} account */
export async function remove({ username }) {
  const isDone = await askInForm({
    title: phrase("people.remove.title", { name: username }),
    body: [el("p", {}, t(isMe(username) ? "people.remove.own" : "people.remove.what"))],
    submit: t("people.remove"),
    isDangerous: true,
    work: () => removeUser(username),
  });
  if (!isDone) return false;
  if (isMe(username)) await signOut("account_removed");
  else notify(phrase("people.remove.done", { name: username }));
  return true;
}

/** @param {string} username */
function isMe(username) {
  return username === currentUser()?.username;
}

/** @param {string} chosen */
function roleChoice(chosen) {
  return radios(
    t("people.role"),
    ROLES.map(
      (role) => /** @type {[string, string, string]} */ ([role, t(`role.${role}`), t(`people.may.${role}`)]),
    ),
    chosen,
  );
}
