/** A first password for somebody else: made up unless the admin types one, and shown once to be passed on. */

import { el } from "../dom.js";
import { phrase, t } from "../i18n.js";
import { field } from "./fields.js";

const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"; // none of them is taken for another
const GROUPS = 4;
const GROUP_LENGTH = 4;
const SHORTEST = 8;

export function passwordChoice() {
  const chosen = field(t("people.password"), {
    required: true,
    minlength: SHORTEST,
    value: madeUp(),
    spellcheck: "false",
    autocapitalize: "none",
    class: "code",
    testid: "person-password",
  });
  const another = () => {
    chosen.input.value = madeUp();
    chosen.complain("");
  };
  const button = el("button", { type: "button", testid: "make-up", click: another }, t("people.make_up"));
  const hint = el("p", { class: "soft" }, t("people.password.hint"));
  const element = el("div", { class: "beside" }, chosen.element, button, hint);
  return { element, field: chosen, value: () => chosen.input.value };
}

/** Shows it until it is closed. @param {string} username @param {string} password @returns {Promise<void>} */
export function handOver(username, password) {
  const value = el("input", { readonly: true, value: password, class: "code", testid: "handed-password" });
  value.setAttribute("aria-label", t("people.password"));
  const copy = el("button", { type: "button", testid: "copy", click: copyIt }, t("people.copy"));
  const close = el(
    "button",
    { type: "submit", class: "primary", testid: "close" },
    t("people.hand_over.close"),
  );
  const copied = el("p", { class: "soft", role: "status" });
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "hand-over-title" }, phrase("people.hand_over.title", { name: username })),
    el("p", {}, t("people.hand_over.what")),
    el("div", { class: "beside" }, value, copy),
    copied,
    el("div", { class: "row end" }, close),
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    el("dialog", { "aria-labelledby": "hand-over-title" }, form)
  );
  document.body.append(dialog);
  dialog.showModal();
  value.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
  });

  /** On plain HTTP, as on most home networks, a page has no clipboard of its own. */
  async function copyIt() {
    value.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(password);
    else document.execCommand("copy");
    copied.textContent = t("people.copied");
  }
}

function madeUp() {
  const group = () => Array.from({ length: GROUP_LENGTH }, letter).join("");
  return Array.from({ length: GROUPS }, group).join("-");
}

/** Each letter is as likely as the next: a byte past the last full round is drawn again. @returns {string} */
function letter() {
  const [byte] = crypto.getRandomValues(new Uint8Array(1));
  return byte < 256 - (256 % LETTERS.length) ? LETTERS[byte % LETTERS.length] : letter();
}
