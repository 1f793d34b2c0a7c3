/** The part of the audit trail that has been fetched: from the newest entry down, without a hole. */

import { listAudit } from "../api/calls.js";

/** @typedef {import("../types.js").AuditEntry} AuditEntry */
/** @typedef {{entry: AuditEntry, text: string}} Kept */

const FIRST_AT_ONCE = 100;
const OLDER_AT_ONCE = 500; // the most that the server gives
const MOST_NEWER = 2000; // after more, what was there before is let go

export class Trail {
  /** @type {Kept[]} */
  #kept = [];
  /** Whether the first of all entries is here. */
  isWhole = false;

  /** @param {(entry: AuditEntry) => string} textOf what a reader may look for in it */
  constructor(textOf) {
    this.textOf = textOf;
  }

  get length() {
    return this.#kept.length;
  }

  /** @param {string} wanted in small letters @returns {AuditEntry[]} */
  find(wanted) {
    return this.#kept.filter((kept) => kept.text.includes(wanted)).map((kept) => kept.entry);
  }

  /** Puts what has come since before the rest. */
  async loadNewer() {
    const known = this.#kept[0]?.entry.id;
    /** @type {AuditEntry[]} */
    const newer = [];
    let before = null;
    for (;;) {
      const entries = await listAudit(FIRST_AT_ONCE, before);
      const end = known === undefined ? -1 : entries.findIndex((entry) => Number(entry.id) <= Number(known));
      newer.push(...(end === -1 ? entries : entries.slice(0, end)));
      const isEnd = entries.length < FIRST_AT_ONCE;
      if (end !== -1) return this.#put(newer, this.#kept);
      if (known === undefined || isEnd || newer.length >= MOST_NEWER) {
        this.isWhole = isEnd;
        return this.#put(newer, []);
      }
      before = entries.at(-1)?.id ?? null;
    }
  }

  async loadOlder() {
    const last = this.#kept.at(-1)?.entry.id ?? null;
    const entries = await listAudit(OLDER_AT_ONCE, last);
    if (this.#kept.at(-1)?.entry.id !== last) return; // so much is new meanwhile that it was let go
    this.isWhole = entries.length < OLDER_AT_ONCE;
    this.#kept.push(...entries.map((entry) => this.#keep(entry)));
  }

  /** @param {AuditEntry[]} newer @param {Kept[]} rest */
  #put(newer, rest) {
    this.#kept = [...newer.map((entry) => this.#keep(entry)), ...rest];
  }

  /** @param {AuditEntry} entry @returns {Kept} */
  #keep(entry) {
    return { entry, text: this.textOf(entry).toLocaleLowerCase() };
  }
}
