/** How the charts look: colours by the page's names, read anew when the theme changes; axes as people read them. */

import { el } from "../dom.js";
import { clockTime, dayOfMonth, number, percent, size } from "../format.js";

/** @typedef {import("./chart_past.js").Column} Column */
/** @typedef {{title: string, write: (value: number) => string, least: number, steps?: number[], isStepped?: boolean}} Kind */

const DAY_SECONDS = 86_400;
const MIB = 2 ** 20;
const HEADROOM = 1.12;
const COLOURS = ["trace", "wash", "axis", "rule", "restart", "backup"];

/** `least` is how high the axis reaches at least. @type {Record<Column, Kind>} */
export const KINDS = {
  cpu_percent: { title: "figure.cpu", write: (value) => percent(value, value < 10 ? 1 : 0), least: 10 },
  memory_bytes: {
    title: "figure.memory",
    write: (value) => size(value),
    least: 64 * MIB,
    steps: Array.from({ length: 24 }, (_, power) => MIB * 2 ** power),
  },
  players: {
    title: "figure.players",
    write: (value) => number(value),
    least: 4,
    steps: [1, 2, 4, 8, 16, 32],
    isStepped: true,
  },
  fps: { title: "figure.fps", write: (value) => number(value), least: 60, steps: [10, 20, 30, 60, 120] },
};

/**
 * The colours of the page as a canvas takes them: it knows neither variables nor `light-dark()`.
 * @param {() => void} changed
 */
export function watchColours(changed) {
  const probes = COLOURS.map((name) => el("i", { class: `chart-colour ${name}` }));
  const element = el("span", { hidden: true }, probes);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const chosen = new MutationObserver(read);
  /** @type {Object<string, string>} */
  const colours = {};
  scheme.addEventListener("change", read);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return { element, colours, read, close };

  function read() {
    probes.forEach((probe, position) => (colours[COLOURS[position]] = getComputedStyle(probe).color));
    changed();
  }

  function close() {
    scheme.removeEventListener("change", read);
    chosen.disconnect();
  }
}

/** The words along the bottom: the time of day, and at midnight the day. @param {number[]} seconds */
export function timeWords(seconds) {
  return seconds.map((at) => {
    const date = new Date(at * 1000);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
    return isMidnight ? dayOfMonth(at * 1000) : clockTime(at * 1000);
  });
}

/** @param {Kind} kind @param {number|null} highest @returns {[number, number]} */
export function heightOf(kind, highest) {
  return [0, Math.max(kind.least, (highest ?? 0) * HEADROOM)];
}

/** @param {number} at in seconds @param {number} span of the whole chart, in seconds */
export function whenWords(at, span) {
  return span > DAY_SECONDS ? `${dayOfMonth(at * 1000)} ${clockTime(at * 1000)}` : clockTime(at * 1000);
}
