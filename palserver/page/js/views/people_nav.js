/** The way between one's own account and, for admins, everybody's. */

import { may } from "../api/session.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";

const PAGES = ["account", "people", "audit"];

/** @param {string} current @returns {HTMLElement|null} null where there is only one place to be */
export function peopleNav(current) {
  if (!may("admin")) return null;
  const links = PAGES.map((page) => {
    const isHere = page === current ? "page" : null;
    return el(
      "a",
      { href: `#/${page}`, testid: `to-${page}`, "aria-current": isHere },
      t(`people.nav.${page}`),
    );
  });
  return el("nav", { class: "tabs", "aria-label": t("people.nav") }, links);
}
