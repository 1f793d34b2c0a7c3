/** How long ago something was, without a figure that changes every second. */

import { secondsSince } from "../clock.js";
import { ago } from "../format.js";
import { t } from "../i18n.js";

const MINUTE_SECONDS = 60;

/** @param {string} timestamp */
export function agoInMinutes(timestamp) {
  const seconds = secondsSince(timestamp);
  return seconds !== null && seconds < MINUTE_SECONDS ? t("ago.now") : ago(timestamp);
}
