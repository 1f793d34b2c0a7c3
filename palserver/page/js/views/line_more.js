/** Leads a reader who is elsewhere to the newest lines, and says how many have come meanwhile. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";

/** @param {() => void} click */
export function moreButton(click) {
  const element = el("button", { type: "button", class: "more", testid: "log-more", hidden: true, click });
  return { element, show };

  /** @param {number} count @param {boolean} isShown */
  function show(count, isShown) {
    element.hidden = !isShown;
    element.classList.toggle("news", count > 0);
    if (isShown) setText(element, count > 0 ? t("log.new", { count }) : t("log.to_end"));
  }
}
