/** The output of one job, as it comes. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { LiveSocket } from "../live/socket.js";
import { store } from "../store.js";
import { LinePane } from "./line_pane.js";

/** @param {string} id */
export function jobOutput(id) {
  const pane = new LinePane({ label: t("jobs.output") });
  const words = el("p", { class: "soft", role: "status" });
  let hasLines = false;
  const socket = new LiveSocket(() => `api/jobs/${encodeURIComponent(id)}/output`, {
    up: begin,
    message: take,
    down: () => setText(words, t("log.lost")),
    end,
  });
  return { element: el("div", { class: "job-output" }, words, pane.element), close };

  /** It tells the whole output again, each time. */
  function begin() {
    pane.clear();
    setText(words, "");
  }

  /** @param {any} message */
  function take(message) {
    if (message.type === "lines") {
      hasLines = true;
      pane.push(message.lines.map((/** @type {string} */ text) => ({ kind: "line", text })));
    }
    if (message.type === "gap") {
      pane.push([{ kind: "mark", text: t("log.lost_lines", { count: message.lost }) }]);
    }
    if (message.type === "job") {
      store.setJob(message.job);
      socket.close(); // the last word: nothing is lost when the other side hangs up now
      end();
    }
  }

  function end() {
    setText(words, hasLines ? "" : t("jobs.no_output"));
  }

  function close() {
    socket.close();
    pane.close();
  }
}
