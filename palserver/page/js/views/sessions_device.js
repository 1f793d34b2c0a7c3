/** From what a browser says of itself to the two words by which people know it. */

import { t } from "../i18n.js";

const LONGEST = 60;

/** The first that fits: most of them claim to be one of those further down. @type {[RegExp, string][]} */
const BROWSERS = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bWhale\//, "Whale"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
];

/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** @param {string|null} userAgent anything at all: whoever signed in chose it @returns {string} */
export function deviceName(userAgent) {
  if (!userAgent) return t("session.unknown_device");
  const names = [BROWSERS, SYSTEMS].map((known) => known.find(([pattern]) => pattern.test(userAgent))?.[1]);
  const found = names.filter((name) => name !== undefined);
  return found.length > 0 ? found.join(" · ") : userAgent.slice(0, LONGEST);
}
