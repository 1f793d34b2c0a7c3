/** How far a new server is, its passwords, shown once, and the way to it or back to the form. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { jobText, jobTruth } from "../status.js";
import { isRunning, store } from "../store.js";
import { notify } from "./notice.js";

/** @typedef {import("../types.js").Job} Job */
/** @typedef {{name: string, job: Job, generated: Object<string, string>}} Making */

/** @param {Making} made @param {(job: Job) => void} goBack */
export function creationProgress({ name, job: first, generated }, goBack) {
  const title = el("h2", { tabindex: "-1" }, el("bdi", {}, name));
  const words = el("p", { role: "status", testid: "create-progress" });
  const bar = el("progress", { max: 100, "aria-label": t("jobs.progress") });
  const ports = el("p", { testid: "create-made-ports" });
  const soon = el("p", { class: "soft" }, t("create.first_start"));
  const end = el("div", { class: "stack", hidden: true }, ports, soon);
  const link = el("a", { class: "button primary", href: serverAddress(name), hidden: true, testid: "create-open-server" }, t("create.go"));
  const again = el("button", { type: "button", hidden: true, testid: "create-again", click: () => goBack(latest()) }, t("create.again"));
  const secrets = Object.entries(generated).map(([field, secret]) => secretRow(field, secret));
  const told = el("section", { class: "secrets" }, el("h3", {}, t("create.secrets")), el("p", { class: "soft" }, t("create.secrets.once")), secrets);
  const row = el("div", { class: "row" }, link, again);
  const element = el("div", { class: "stack" }, title, words, bar, end, secrets.length ? told : null, row);
  return { element, update };

  function latest() {
    return store.jobs.get(first.id) ?? first;
  }

  function update() {
    const job = latest();
    const isOver = !isRunning(job);
    const isMade = job.state === "succeeded";
    setText(words, isOver ? [t(`job.state.${job.state}`), jobTruth(job)].filter(Boolean).join(" · ") : jobText(job));
    bar.hidden = isOver;
    if (job.percent === null || job.step !== "pulling") bar.removeAttribute("value");
    else bar.value = job.percent;
    setText(ports, isMade ? portWords(job) : "");
    end.hidden = link.hidden = !isMade;
    again.hidden = !isOver || isMade;
    told.hidden = isOver && !isMade; // of a server that there is not
  }
}

/** The ports that it got in the end. @param {Job} job */
function portWords(job) {
  const ports = Object.entries(job.result?.ports ?? {});
  return ports.map(([field, port]) => `${t(`create.${field}`)}: ${port}`).join(" · ");
}

/** @param {string} field @param {string} secret */
function secretRow(field, secret) {
  const copy = el("button", { type: "button", class: "small", testid: `copy-${field}` }, t("create.copy"));
  const shown = el("code", { testid: `secret-${field}` }, secret);
  copy.append(el("span", { class: "unseen" }, ` ${t(`create.${field}`)}`));
  copy.addEventListener("click", () => copyText(secret, shown));
  return el("div", { class: "secret" }, el("span", { class: "soft" }, t(`create.${field}`)), shown, copy);
}

/** Where the browser gives no clipboard (plain HTTP), the text is selected. @param {string} text @param {HTMLElement} shown */
async function copyText(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    notify(t("create.copied"));
  } catch {
    getSelection()?.selectAllChildren(shown);
    notify(t("create.selected"));
  }
}
