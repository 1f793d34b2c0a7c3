/** A form in a dialog, which closes when its work is done and says below a field what is wrong with it. */

import { el } from "../dom.js";
import { t } from "../i18n.js";
import { complainOf } from "./fields.js";
import { errorText } from "./notice.js";

/**
 * @param {{title: (string|Node)[]|string, body: Node[], submit: string, isDangerous?: boolean,
 *   fields?: Object<string, import("./fields.js").Field>, work: () => Promise<void>}} form
 *   `fields` by the names that the API has for them
 * @returns {Promise<boolean>} whether its work was done; Escape ends it without
 */
export function askInForm({ title, body, submit, isDangerous = false, fields = {}, work }) {
  const problem = el("p", { class: "problem", role: "alert" });
  const done = el("button", { type: "submit", testid: "confirm", class: "primary" }, submit);
  if (isDangerous) done.classList.add("danger");
  const cancel = el("button", { type: "button", click: () => dialog.close() }, t("confirm.cancel"));
  const heading = el("h2", { id: "form-title" }, title);
  const form = el(
    "form",
    { submit: run },
    heading,
    body,
    problem,
    el("div", { class: "row end" }, cancel, done),
  );
  const dialog = /** @type {HTMLDialogElement} */ (el("dialog", { "aria-labelledby": "form-title" }, form));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "done");
    });
  });

  /** @param {Event} event */
  async function run(event) {
    event.preventDefault();
    done.disabled = true;
    problem.textContent = "";
    try {
      await work();
      dialog.close("done");
    } catch (error) {
      if (!complainOf(error, fields)) problem.textContent = errorText(error);
    } finally {
      done.disabled = false;
    }
  }
}
