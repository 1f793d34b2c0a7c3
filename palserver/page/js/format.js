/** Figures as the reader's language writes them. What is not known is a dash, never 0. */

import { secondsSince } from "./clock.js";
import { currentLanguage } from "./i18n.js";

export const UNKNOWN = "–";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const KIB = 2 ** 10;
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
/** @type {Intl.DateTimeFormatOptions} */
const TO_THE_SECOND = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
/** @type {Map<string, any>} formats are dear to make, and the same few are needed thousands of times */
const made = new Map();

/** @param {number|null|undefined} value @param {number} [digits] */
export function number(value, digits = 0) {
  if (value === null || value === undefined) return UNKNOWN;
  return numbers({ maximumFractionDigits: digits }).format(value);
}

/** @param {number|null|undefined} value 100 is one core @param {number} [digits] */
export function percent(value, digits = 0) {
  if (value === null || value === undefined) return UNKNOWN;
  return numbers({ style: "percent", maximumFractionDigits: digits }).format(value / 100);
}

/** @param {number|null|undefined} bytes */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return UNKNOWN;
  const [unit, name] = bytes >= GIB ? [GIB, "GiB"] : bytes >= MIB ? [MIB, "MiB"] : [KIB, "KiB"];
  const digits = unit === GIB ? 1 : 0;
  const written = numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    bytes / unit,
  );
  return `${written}\u00a0${name}`;
}

/** The two largest units of a duration. @param {number|null} seconds */
export function duration(seconds) {
  if (seconds === null) return UNKNOWN;
  const first = UNITS.findIndex(([, length]) => seconds >= length);
  if (first === -1) return unitNumber(0, "second");
  const [unit, length] = UNITS[first];
  const rest = UNITS[first + 1];
  const parts = [unitNumber(Math.floor(seconds / length), unit)];
  const left = rest ? Math.floor((seconds % length) / rest[1]) : 0;
  if (rest && left > 0) parts.push(unitNumber(left, rest[0]));
  return parts.join(" ");
}

/** @param {string|null|undefined} timestamp "3 min. ago" */
export function ago(timestamp) {
  const seconds = secondsSince(timestamp);
  if (seconds === null) return UNKNOWN;
  const [unit, length] = UNITS.find(([, long]) => seconds >= long) ?? UNITS[3];
  const format = () => new Intl.RelativeTimeFormat(currentLanguage(), { style: "short", numeric: "auto" });
  return keep("ago", format).format(-Math.floor(seconds / length), unit);
}

/** @param {string|number|null|undefined} timestamp date and time */
export function moment(timestamp) {
  return dates(timestamp, { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string|number|null|undefined} timestamp date and time, to the second: for what may be done twice a minute */
export function exactMoment(timestamp) {
  return dates(timestamp, { dateStyle: "medium", timeStyle: "medium" });
}

/** @param {string|number|null|undefined} timestamp the time of day, to the second */
export function timeOfDay(timestamp) {
  return dates(timestamp, TO_THE_SECOND);
}

/** The time of day, to the second, and the day where it is another one. @param {string} timestamp */
export function shortMoment(timestamp) {
  const isToday = new Date(timestamp).toDateString() === new Date().toDateString();
  return isToday
    ? timeOfDay(timestamp)
    : dates(timestamp, { month: "short", day: "numeric", ...TO_THE_SECOND });
}

/** @param {string|number} timestamp the time of day, to the minute */
export function clockTime(timestamp) {
  return dates(timestamp, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** @param {string|number} timestamp the day, without its year */
export function dayOfMonth(timestamp) {
  return dates(timestamp, { month: "short", day: "numeric" });
}

/** @param {number} value @param {string} unit */
function unitNumber(value, unit) {
  return numbers({ style: "unit", unit, unitDisplay: "narrow" }).format(value);
}

/** @param {string|number|null|undefined} timestamp @param {Intl.DateTimeFormatOptions} options */
function dates(timestamp, options) {
  const date = new Date(timestamp ?? NaN);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const format = () => new Intl.DateTimeFormat(currentLanguage(), options);
  return keep(JSON.stringify(options), format).format(date);
}

/** @param {Intl.NumberFormatOptions} options @returns {Intl.NumberFormat} */
function numbers(options) {
  return keep(JSON.stringify(options), () => new Intl.NumberFormat(currentLanguage(), options));
}

/** @param {string} name @param {() => any} make */
function keep(name, make) {
  const key = `${currentLanguage()} ${name}`;
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
}
