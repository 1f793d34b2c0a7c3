/** One question before something that cannot be taken back. */

import { el } from "../dom.js";
import { t } from "../i18n.js";

/**
 * @param {{title: (string|Node)[]|string, body: Node[], confirm: string, isDangerous?: boolean, isLast?: boolean}} question
 *   the last word of several is not said by pressing Enter once more
 * @returns {Promise<boolean>} whether it was confirmed; Escape is a no
 */
export function ask(question) {
  const confirm = el("button", { type: "submit", testid: "confirm", class: "primary" }, question.confirm);
  if (question.isDangerous) confirm.classList.add("danger");
  const cancel = el("button", { type: "button", click: () => dialog.close() }, t("confirm.cancel"));
  const title = el("h2", { id: "confirm-title" }, question.title);
  const buttons = el("div", { class: "row end" }, cancel, confirm);
  const form = el("form", { submit: close }, title, question.body, buttons);
  const dialog = /** @type {HTMLDialogElement} */ (
    el("dialog", { "aria-labelledby": "confirm-title" }, form)
  );
  document.body.append(dialog);
  dialog.showModal();
  if (question.isLast) cancel.focus();
  else if (!form.querySelector("input, select")) confirm.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "confirmed");
    });
  });

  /** @param {Event} event */
  function close(event) {
    event.preventDefault();
    dialog.close("confirmed");
  }
}
