/** One's own account: the password, and where one is signed in. */

import { currentUser } from "../api/session.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { peopleNav } from "./people_nav.js";
import { sessionList } from "./sessions.js";
import { passwordForm } from "./sign_in.js";

/** @returns {import("../types.js").View} */
export function accountView() {
  const user = currentUser();
  const role = user?.role ?? "viewer";
  const title = el("h1", { tabindex: "-1", class: "clamped" }, el("bdi", {}, user?.username));
  const about = el("p", { class: "soft" }, `${t(`role.${role}`)}: ${t(`people.may.${role}`)}`);
  const sessions = sessionList();
  const password = el(
    "section",
    { class: "part" },
    el("h2", {}, t("password.title")),
    el("p", { class: "soft" }, t("password.lead")),
    passwordForm({ changed: sessions.look }),
  );
  const element = el(
    "section",
    { class: "account" },
    peopleNav("account"),
    el("div", { class: "headline" }, el("div", {}, title, about)),
    el("div", { class: "parts" }, password, sessions.element),
  );
  return { title: t("account.title"), element, update: sessions.update, close: sessions.close };
}
