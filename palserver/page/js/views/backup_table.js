/** The backups as a table, and where it is narrow as cards; each opens to all that is known of it. */

import { may } from "../api/session.js";
import { el, KeyedList, setData, setText } from "../dom.js";
import { exactMoment, size, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { backupDetails } from "./backup_details.js";
import { can, condition, kindText } from "./backup_words.js";

/** @typedef {import("../types.js").Backup} Backup */
/** @typedef {{backup: Backup, isDetails?: boolean}} Entry */

const COLUMNS = ["kind", "size", "version", "world", "condition"];
const WORLD_LETTERS = 8;

/**
 * @param {string} server @param {string|null} openId
 * @param {(change: (listed: Backup[]) => Backup[]) => void} changed to be told what became of the list
 */
export function backupTable(server, openId, changed) {
  const open = new Set(openId === null ? [] : [openId]);
  const body = el("tbody");
  const titles = ["when", ...COLUMNS].map((column) => el("th", { scope: "col" }, t(`backup.column.${column}`)));
  titles.push(el("th", { scope: "col" }, el("span", { class: "unseen" }, t("backup.column.way"))));
  const head = el("thead", {}, el("tr", {}, titles));
  const element = el("table", { class: "backups", hidden: true }, head, body);
  const rows = new KeyedList(body, (/** @type {Entry} */ { backup, isDetails }) =>
    isDetails ? backupDetails(server, backup, COLUMNS.length + 2, changed) : backupRow(backup.id, toggle),
  );
  /** @type {Backup[]} */
  let listed = [];
  return { element, show, close: () => rows.close(), fade: () => element.classList.add("is-old") };

  /** @param {Backup[]} backups */
  function show(backups) {
    listed = backups;
    element.hidden = backups.length === 0;
    element.classList.remove("is-old");
    rows.show(backups.flatMap(entriesOf));
  }

  /** @param {Backup} backup @returns {[string, Entry & {isOpen?: boolean}][]} */
  function entriesOf(backup) {
    const isOpen = open.has(backup.id);
    const details = { backup, isDetails: true };
    return [[backup.id, { backup, isOpen }], ...(isOpen ? [more(backup.id, details)] : [])];
  }

  /** @param {string} id where the reader is stays in the address */
  function toggle(id) {
    if (!open.delete(id)) open.add(id);
    history.replaceState(null, "", serverAddress(server, "backups", open.has(id) ? id : undefined));
    show(listed);
  }
}

/** @param {string} id @param {Entry} entry @returns {[string, Entry]} */
function more(id, entry) {
  return [`${id}/details`, entry];
}

/** @param {string} id @param {(id: string) => void} toggle */
function backupRow(id, toggle) {
  const opener = el("button", { type: "button", class: "opener", testid: `backup-${id}`, click: () => toggle(id) });
  const pinned = el("span", { class: "tag" }, t("backup.pinned"));
  const note = el("bdi", { class: "backup-note" });
  const title = el("th", { scope: "row" }, el("div", { class: "when" }, opener, pinned), note);
  const cells = COLUMNS.map((column) =>
    el("td", { class: column, "data-label": t(`backup.column.${column}`) }, el("span", { dir: "auto" })),
  );
  // What a hand aims at; for the keyboard and for who listens, the date opens it.
  const way = el("td", { class: "way", "aria-hidden": "true" });
  const element = el("tr", { class: "backup", testid: "backup" }, title, cells, way);
  return { element, update };

  /** @param {{backup: Backup, isOpen: boolean}} entry */
  function update({ backup, isOpen }) {
    const [words, tone] = condition(backup);
    const world = backup.world_guid?.slice(0, WORLD_LETTERS) ?? UNKNOWN;
    const texts = [kindText(backup), size(backup.size_bytes), backup.game_version ?? UNKNOWN, world, words];
    setText(opener, exactMoment(backup.created_at));
    opener.setAttribute("aria-expanded", String(isOpen));
    pinned.hidden = !backup.pinned;
    setText(note, backup.note ?? "");
    const word = may("operator") && can(backup, "restore") ? "restore" : "look";
    setText(way, t(isOpen ? "backup.way.close" : `backup.way.${word}`));
    setData(element, "tone", tone);
    cells.forEach((cell, index) => {
      setText(/** @type {Element} */ (cell.firstElementChild), texts[index]);
      setData(cell, "unknown", texts[index] === UNKNOWN ? "" : null);
    });
  }
}
