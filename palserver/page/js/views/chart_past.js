/** The past of a server's figures on one grid of times, which goes on as new samples come. */

import { getHistory } from "../api/figure_calls.js";
import { serverNow } from "../clock.js";

/** @typedef {import("../types.js").Sample} Sample */
/** @typedef {"cpu_percent"|"memory_bytes"|"players"|"fps"} Column */

/** @type {Object<string, {seconds: number, points: number}>} */
export const RANGES = {
  hour: { seconds: 3600, points: 240 },
  day: { seconds: 86_400, points: 288 },
  week: { seconds: 604_800, points: 336 },
};
/** @type {Column[]} */
export const COLUMNS = ["cpu_percent", "memory_bytes", "players", "fps"];

export class Past {
  /** @param {number} seconds how far back it reaches @param {import("../api/figure_calls.js").History} history */
  constructor(seconds, history) {
    this.seconds = seconds;
    this.step = history.step_seconds;
    this.time = history.time.map((time) => Date.parse(time) / 1000);
    /** @type {Record<Column, (number|null)[]>} null is a gap: nothing was measured, which is not 0 */
    this.columns = {
      cpu_percent: [...history.cpu_percent],
      memory_bytes: [...history.memory_bytes],
      players: [...history.players],
      fps: [...history.fps],
    };
    /** When the server was started, in whole seconds since 1970. */
    this.starts = new Set(history.started_at.map(secondOf));
    /** How many samples the newest step holds, as far as is known. */
    this.held = 1;
  }

  /** One of now, which may be in the history already. @param {string|null} time */
  noteStart(time) {
    if (time !== null) this.starts.add(secondOf(time));
  }

  /** The window that is shown, in seconds since 1970. @returns {[number, number]} */
  window() {
    const end = Math.max(this.time.at(-1) ?? 0, serverNow() / 1000);
    return [end - this.seconds, end];
  }

  /** Goes on to now with gaps, and forgets what has left the window. */
  advance() {
    const now = serverNow() / 1000;
    while ((this.time.at(-1) ?? now) + this.step <= now) this.#push();
    while (this.time.length > 1 && this.time[1] < now - this.seconds) this.#shift();
  }

  /** @param {Sample} sample */
  add(sample) {
    const at = Math.floor(Date.parse(sample.sampled_at) / 1000 / this.step) * this.step;
    while ((this.time.at(-1) ?? at) < at) this.#push();
    if (at !== this.time.at(-1)) return; // of a step that is over
    this.held++;
    for (const column of COLUMNS) this.#blend(column, sample[column] ?? null);
  }

  /** Averages, but players as they were last known: as the panel itself keeps them. */
  #blend(/** @type {Column} */ column, /** @type {number|null} */ value) {
    const values = this.columns[column];
    const last = values.length - 1;
    const before = values[last];
    if (value === null) return;
    const isWhole = column === "players" || before === null;
    values[last] = isWhole ? value : before + (value - before) / this.held;
  }

  #push() {
    this.time.push((this.time.at(-1) ?? 0) + this.step);
    for (const column of COLUMNS) this.columns[column].push(null);
    this.held = 0;
  }

  #shift() {
    this.time.shift();
    for (const column of COLUMNS) this.columns[column].shift();
  }
}

/** @param {string} time */
function secondOf(time) {
  return Math.floor(Date.parse(time) / 1000);
}

/** @param {string} name @param {string} range a key of RANGES @returns {Promise<Past>} */
export async function loadPast(name, range) {
  const { seconds, points } = RANGES[range];
  const from = new Date(serverNow() - seconds * 1000).toISOString();
  return new Past(seconds, await getHistory(name, from, points));
}

/**
 * @typedef {{average: number, lowest: number, lowestAt: number, highest: number, highestAt: number}} Summary
 * @param {Past} past @param {Column} column @returns {Summary|null} null where nothing was measured
 */
export function summarise(past, column) {
  let [sum, count] = [0, 0];
  /** @type {Summary|null} */
  let found = null;
  past.columns[column].forEach((value, position) => {
    if (value === null) return;
    [sum, count] = [sum + value, count + 1];
    found ??= { average: 0, lowest: value, lowestAt: past.time[position], highest: -1, highestAt: 0 };
    if (value < found.lowest) [found.lowest, found.lowestAt] = [value, past.time[position]];
    if (value > found.highest) [found.highest, found.highestAt] = [value, past.time[position]];
    found.average = sum / count;
  });
  return found;
}
