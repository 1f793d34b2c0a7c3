/** Who did what to what, when, from where, and how it ended; for admins. */

import { el, KeyedList, setText } from "../dom.js";
import { t } from "../i18n.js";
import { asked } from "./asked.js";
import { tableHead, textOf, trailRow } from "./audit_row.js";
import { Trail } from "./audit_trail.js";
import { field } from "./fields.js";
import { errorText } from "./notice.js";
import { peopleNav } from "./people_nav.js";

/** @typedef {import("../types.js").AuditEntry} AuditEntry */

const SHOWN_FIRST = 100;
const SHOWN_MORE = 500;

/** @returns {import("../types.js").View} */
export function auditView() {
  const words = el("p", { class: "soft", role: "status" }, t("coming.waiting"));
  const filter = field(t("audit.filter"), { type: "search", testid: "audit-filter" });
  const body = el("tbody");
  const table = el("table", { class: "roster audit", hidden: true }, tableHead(), body);
  const older = el("button", { type: "button", testid: "older", hidden: true, click: showOlder });
  const rows = new KeyedList(body, trailRow);
  const trail = new Trail(textOf);
  let most = SHOWN_FIRST;
  let isLooking = false;
  let isOver = false;
  filter.input.addEventListener("input", () => {
    most = SHOWN_FIRST;
    show();
  });
  const asking = asked("audit", { ask: () => trail.loadNewer(), show: showAll, fail });
  const heading = el("h1", { tabindex: "-1" }, t("audit.title"));
  const top = el("div", { class: "headline" }, el("div", {}, heading, words), filter.element);
  return {
    title: t("audit.title"),
    element: el("section", {}, peopleNav("audit"), top, table, older),
    close: () => {
      isOver = true;
      asking.close();
    },
  };

  function wanted() {
    return filter.input.value.trim().toLocaleLowerCase();
  }

  function showAll() {
    table.classList.remove("is-old");
    show();
  }

  function show() {
    const found = trail.find(wanted());
    rows.show(found.slice(0, most).map((entry) => [entry.id, entry]));
    table.hidden = found.length === 0;
    const isMore = found.length > most || !trail.isWhole;
    if (!isMore && older === document.activeElement) focusLast();
    older.hidden = !isMore;
    setText(older, t(wanted() ? "audit.older_found" : "audit.older"));
    if (!isLooking) setText(words, countText(found.length));
  }

  /** @param {number} count of those that fit */
  function countText(count) {
    const total = trail.length;
    if (wanted()) return t(trail.isWhole ? "audit.found" : "audit.found_so_far", { count, total });
    return t(trail.isWhole ? "audit.count" : "audit.newest", { count });
  }

  /** As many more as are asked for, of those that fit, down to the first entry if need be. */
  async function showOlder() {
    if (isLooking) return;
    isLooking = true;
    most += SHOWN_MORE;
    try {
      while (!isOver && !trail.isWhole && trail.find(wanted()).length < most) {
        setText(words, t("audit.looking", { count: trail.length }));
        await trail.loadOlder();
      }
      isLooking = false;
      show();
    } catch (error) {
      isLooking = false;
      fail(errorText(error));
    }
  }

  /** The button under the last one is gone. */
  function focusLast() {
    const last = /** @type {HTMLElement|null} */ (body.querySelector("tr:last-child th"));
    last?.setAttribute("tabindex", "-1");
    last?.focus({ preventScroll: true });
  }

  /** @param {string} why */
  function fail(why) {
    table.classList.add("is-old");
    setText(words, why);
  }
}
