/** A WebSocket that comes back by itself, with a fresh ticket each time. */

import { requestTicket } from "../api/calls.js";
import { ApiError } from "../api/request.js";
import { currentUser, renew } from "../api/session.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const SIGNED_OUT = 4401;
const FINAL = new Set([1000, 4403, 4404]); // done, right lost, instance gone: asking again changes nothing

export class LiveSocket {
  /** @type {WebSocket|null} */
  #socket = null;
  /** @type {number|undefined} */
  #timer;
  #waitMs = FIRST_WAIT_MS;
  #closed = false;

  /**
   * @param {() => string} address path and query of the next connection, asked anew each time
   * @param {{message: (message: any) => void, up?: () => void, down?: () => void, end?: (code: number) => void}} on
   *   `down` on every loss, `end` when it will not come back
   */
  constructor(address, on) {
    this.address = address;
    this.on = on;
    window.addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  /** Connects again from the start, for what the server says it lost. */
  reopen() {
    this.#drop();
    this.#later();
  }

  close() {
    this.#closed = true;
    window.removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    clearTimeout(this.#timer);
    this.#drop();
  }

  async #connect() {
    this.#timer = undefined;
    try {
      this.#open(await requestTicket());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (currentUser()) this.#later();
    }
  }

  /** @param {string} ticket */
  #open(ticket) {
    if (this.#closed || this.#timer !== undefined) return;
    const url = new URL(this.address(), document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("ticket", ticket);
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.on.message(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#lost(event.code);
    });
    this.#socket = socket;
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket) {
      socket.close();
      return;
    }
    this.#waitMs = FIRST_WAIT_MS;
    this.on.up?.();
  }

  /** @param {number} code */
  #lost(code) {
    this.#socket = null;
    if (FINAL.has(code)) {
      this.on.end?.(code);
      return;
    }
    this.on.down?.();
    if (code === SIGNED_OUT)
      renew().then(
        () => this.#later(),
        () => this.#later(),
      );
    else this.#later();
  }

  #later() {
    if (this.#closed || this.#timer !== undefined || !currentUser()) return;
    this.#timer = setTimeout(() => this.#connect(), this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  #hurry = () => {
    if (this.#timer === undefined || document.hidden) return;
    clearTimeout(this.#timer);
    this.#waitMs = FIRST_WAIT_MS;
    this.#connect();
  };

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    // Of one that is closed before it is open a browser complains aloud; it is closed as soon as it opens.
    if (socket && socket.readyState !== WebSocket.CONNECTING) socket.close();
  }
}
