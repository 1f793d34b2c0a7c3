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
    /** Of the single samples in each step: their average hides a short peak. @type {Record<Column, (number|null)[]>} */
    this.highest = {
      cpu_percent: [...history.highest_cpu_percent],
      memory_bytes: [...history.highest_memory_bytes],
      players: [...history.highest_players],
      fps: [...history.highest_fps],
    };
    /** @type {Record<Column, (number|null)[]>} */
    this.lowest = {
      cpu_percent: [...history.lowest_cpu_percent],
      memory_bytes: [...history.lowest_memory_bytes],
      players: [...history.lowest_players],
      fps: [...history.lowest_fps],
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
    const at = this.#stepOf(sample);
    while ((this.time.at(-1) ?? at) < at) this.#push();
    this.reach(sample);
    if (at !== this.time.at(-1)) return; // of a step that is over
    this.held++;
    for (const column of COLUMNS) this.#blend(column, sample[column] ?? null);
  }

  /** Counts for the highest and the lowest of its step, be it over or counted already. @param {Sample} sample */
  reach(sample) {
    const position = this.time.indexOf(this.#stepOf(sample));
    if (position < 0) return;
    for (const column of COLUMNS) {
      const value = sample[column] ?? null;
      if (value === null) continue;
      this.highest[column][position] = Math.max(value, this.highest[column][position] ?? value);
      this.lowest[column][position] = Math.min(value, this.lowest[column][position] ?? value);
    }
  }

  /** When its step begins. @param {Sample} sample */
  #stepOf(sample) {
    return Math.floor(Date.parse(sample.sampled_at) / 1000 / this.step) * this.step;
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
    for (const values of this.#all()) values.push(null);
    this.held = 0;
  }

  #shift() {
    this.time.shift();
    for (const values of this.#all()) values.shift();
  }

  #all() {
    return [this.columns, this.highest, this.lowest].flatMap((kind) => COLUMNS.map((column) => kind[column]));
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
  const [averages, highests, lowests] = [past.columns, past.highest, past.lowest].map((kind) => known(kind[column]));
  if (!averages.length) return null;
  const [highest, lowest] = [Math.max(...highests), Math.min(...lowests)];
  return {
    average: averages.reduce((sum, value) => sum + value) / averages.length,
    highest,
    highestAt: past.time[past.highest[column].indexOf(highest)],
    lowest,
    lowestAt: past.time[past.lowest[column].indexOf(lowest)],
  };
}

/** @param {(number|null)[]} values */
function known(values) {
  return /** @type {number[]} */ (values.filter((value) => value !== null));
}
