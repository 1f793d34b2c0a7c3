/** One entry of the audit trail, in words. */

import { el } from "../dom.js";
import { moment, UNKNOWN } from "../format.js";
import { has, t } from "../i18n.js";
import { problemText } from "../status.js";

/** @typedef {import("../types.js").AuditEntry} AuditEntry */

const COLUMNS = ["who", "what", "target", "from", "outcome"];

export function tableHead() {
  const titles = ["when", ...COLUMNS].map((column) => el("th", { scope: "col" }, t(`audit.${column}`)));
  return el("thead", {}, el("tr", {}, titles));
}

/** @param {AuditEntry} entry @returns {string} all that stands in its row */
export function textOf(entry) {
  return [...textsOf(entry), moment(entry.at)].join(" ");
}

/** @param {AuditEntry} entry which never changes @returns {import("../dom.js").Row} */
export function trailRow(entry) {
  const cells = textsOf(entry).map((text, index) =>
    el(
      "td",
      { "data-label": t(`audit.${COLUMNS[index]}`), class: COLUMNS[index] },
      el("bdi", { title: text }, text),
    ),
  );
  if (entry.outcome !== "ok") cells[4].dataset.tone = "bad";
  if (entry.target === null) cells[2].dataset.unknown = "";
  const time = el("time", { datetime: entry.at }, moment(entry.at));
  const element = el("tr", { testid: "audit-entry" }, el("th", { scope: "row", class: "when" }, time), cells);
  return { element, update: () => {} };
}

/** @param {AuditEntry} entry @returns {string[]} in the order of the columns */
function textsOf(entry) {
  return [
    entry.actor ?? t("audit.nobody"),
    actionText(entry.action, entry.outcome === "ok" ? "action" : "tried"),
    entry.target ?? UNKNOWN,
    entry.address ?? UNKNOWN,
    entry.outcome === "ok" ? t("audit.ok") : problemText(entry.outcome, entry.outcome),
  ];
}

/** @param {string} action as the server names it: a noun and what was done to it @param {"action"|"tried"} kind */
function actionText(action, kind) {
  const [noun, verb] = action.split(".");
  return has(`audit.${kind}.${noun}.${verb}`) ? t(`audit.${kind}.${noun}.${verb}`) : action;
}
