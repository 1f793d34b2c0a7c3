/** From what the server sends of a log to the entries of a pane. */

import { exactMoment } from "../format.js";
import { has, t } from "../i18n.js";
import { containerStatus } from "../status.js";

/**
 * @typedef {import("../types.js").LogMessage} LogMessage
 * @typedef {import("../live/line_queue.js").Entry} Entry
 */

/** @param {LogMessage[]} messages @param {boolean} isOwnHidden @returns {Entry[]} */
export function readMessages(messages, isOwnHidden) {
  /** @type {Entry[]} */
  const entries = [];
  for (const message of messages) {
    if (message.type === "gap") entries.push({ kind: "mark", text: gapText(message.lost), tone: "busy" });
    else if (message.type === "state") entries.push(stateMark(message));
    else if (message.type === "lines") {
      for (const [seq, time, stream, text, isOwn = false] of message.lines) {
        if (!isOwn || !isOwnHidden) entries.push({ kind: "line", seq, time, stream, text, isOwn });
      }
    }
  }
  return entries;
}

/** @param {number|null} lost */
function gapText(lost) {
  return lost === null ? t("log.gap") : t("log.lost_lines", { count: lost });
}

/** @param {string} time @param {number} [code] */
function endText(time, code) {
  return code === undefined ? t("log.ended", { time }) : t("log.ended_with", { time, code: String(code) });
}

/**
 * With a time it is where a run of the container began, or ended.
 * @param {{state: string, started_at?: string, finished_at?: string, exit_code?: number}} message @returns {Entry}
 */
function stateMark({ state, started_at, finished_at, exit_code }) {
  if (finished_at) return { kind: "mark", text: endText(exactMoment(finished_at), exit_code), tone: "off" };
  if (started_at) return { kind: "mark", text: t("log.run", { time: exactMoment(started_at) }), tone: "ready" };
  const [word, tone] = containerStatus(state);
  return {
    kind: "mark",
    text: t("log.state", { state: has(`state.${word}`) ? t(`state.${word}`) : state }),
    tone,
  };
}
