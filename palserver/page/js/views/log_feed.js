/** The live log: from the line after the last one it has seen whenever it has to connect again. */

import { LiveSocket } from "../live/socket.js";
import { readMessages } from "./log_entries.js";

/** @typedef {import("../live/line_queue.js").Entry} Entry */

const TAIL = 500; // what a pane takes at once; older lines come when they are wanted

export class LogFeed {
  /** @type {number|null} the newest line that has come, hidden or not */
  last = null;
  #tail = TAIL;
  /** @type {string|undefined} when the run ended of which that was told last */
  #finishedAt;
  #state = "";

  /**
   * @param {string} name @param {boolean} isOwnHidden whether lines of the panel's own polling are left out
   * @param {{lines: (entries: Entry[], first: number|null) => void, state: (word: string) => void}} on
   *   `lines` is also told the number of the first line; `state` is one of `connecting live lost gone refused`
   */
  constructor(name, isOwnHidden, on) {
    this.name = name;
    this.isOwnHidden = isOwnHidden;
    this.on = on;
    this.socket = this.#connect();
  }

  /** Goes on behind a line. @param {number|null} last without a number, with the newest lines */
  restart(last, tail = TAIL) {
    this.socket.close();
    this.last = last;
    this.#tail = tail;
    this.#finishedAt = undefined;
    this.socket = this.#connect();
  }

  /** The page hears nothing any more. A cable that was pulled closes no socket, and may leave one that is dead. */
  reopen() {
    this.on.state("lost");
    this.socket.reopen();
  }

  close() {
    this.socket.close();
  }

  #connect() {
    this.on.state("connecting");
    const address = () => {
      const resume = this.last === null ? "" : `&after=${this.last}`;
      return `api/instances/${encodeURIComponent(this.name)}/logs?tail=${this.#tail}${resume}`;
    };
    return new LiveSocket(address, {
      up: () => this.on.state("live"),
      down: () => this.on.state("lost"),
      end: (code) => this.on.state(code === 4404 ? "gone" : "refused"),
      message: (message) => this.#take(message),
    });
  }

  /**
   * Who comes again is told of the end again; and that it runs is marked where the first line of the run is.
   * @param {{state: string, started_at?: string, finished_at?: string}} message
   */
  #isKnown({ state, started_at, finished_at }) {
    const before = this.#state;
    this.#state = finished_at ? "ended" : state;
    if (!finished_at) return !started_at && state === "running" && (before === "ended" || before === "running");
    const isRepeat = finished_at === this.#finishedAt;
    this.#finishedAt = finished_at;
    return isRepeat;
  }

  /** @param {import("../types.js").LogMessage} message */
  #take(message) {
    if (message.type === "gap" && message.lost !== null) {
      this.on.lines([{ kind: "skipped", count: message.lost }], null);
      return;
    }
    if (message.type === "state" && this.#isKnown(message)) return;
    const lines = message.type === "lines" ? message.lines : [];
    this.last = lines.at(-1)?.[0] ?? this.last;
    this.on.lines(readMessages([message], this.isOwnHidden), lines[0]?.[0] ?? null);
  }
}
