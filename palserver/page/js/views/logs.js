/** The live log of one server. */

import { el, setText } from "../dom.js";
import { moment } from "../format.js";
import { has, t } from "../i18n.js";
import { LiveSocket } from "../live/socket.js";
import { containerStatus } from "../status.js";
import { field, toggle } from "./fields.js";
import { LinePane } from "./line_pane.js";

const TAIL = 1000;

/** @param {string} name @returns {import("./server.js").Tab} */
export function logsTab(name) {
  const pane = new LinePane({ label: t("tab.logs"), hasTime: true });
  const state = el("span", { class: "soft", role: "status" }, t("log.connecting"));
  let feed = openFeed(name, pane, state, true);
  const filter = field(t("log.filter"), { type: "search" });
  filter.input.addEventListener("input", () => pane.filter(filter.input.value));
  const hide = toggle(t("log.hide_polling"), { checked: true }, (isHidden) => {
    feed.close();
    pane.clear();
    feed = openFeed(name, pane, state, isHidden); // what was hidden is not kept: it is asked for again
  });
  const tools = el("div", { class: "log-tools" }, filter.element, hide, state);
  return { element: el("div", { class: "log" }, tools, pane.element), close };

  function close() {
    feed.close();
    pane.close();
  }
}

/**
 * Reads the log into `pane`, from the line after the last one it has seen whenever it has to connect again.
 * @param {string} name @param {LinePane} pane @param {Element} state @param {boolean} isPollingHidden
 */
function openFeed(name, pane, state, isPollingHidden) {
  /** @type {number|null} */
  let last = null;
  const address = () => {
    const resume = last === null ? "" : `&after=${last}`;
    return `api/instances/${encodeURIComponent(name)}/logs?tail=${TAIL}${resume}`;
  };
  return new LiveSocket(address, {
    up: () => setText(state, t("log.live")),
    down: () => setText(state, t("log.lost")),
    end: (code) => setText(state, t(code === 4404 ? "error.instance_not_found" : "error.forbidden")),
    message: (message) => {
      if (message.type === "lines") take(message.lines);
      if (message.type === "gap") pane.push([{ kind: "mark", text: gapText(message.lost) }]);
      if (message.type === "state") pane.push([{ kind: "mark", text: stateText(message) }]);
    },
  });

  /** @param {[number, string, string, string, boolean?][]} lines the last: the panel's own polling caused it */
  function take(lines) {
    last = lines.at(-1)?.[0] ?? last;
    const wanted = lines.filter(([, , , , isPolling]) => !isPolling || !isPollingHidden);
    pane.push(
      wanted.map(([, time, stream, text]) => ({ kind: "line", time, text, isError: stream === "stderr" })),
    );
  }
}

/** @param {number|null} lost */
function gapText(lost) {
  return lost === null ? t("log.gap") : t("log.lost_lines", { count: lost });
}

/** @param {{state: string, started_at?: string}} message with a time it is where a run of the container began */
function stateText({ state, started_at }) {
  if (started_at) return t("log.run", { time: moment(started_at) });
  const word = containerStatus(state)[0];
  return t("log.state", { state: has(`state.${word}`) ? t(`state.${word}`) : state });
}
