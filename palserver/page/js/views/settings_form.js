/** All options in their groups, a search over them, and the bar that saves what was edited. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { choice, field } from "./fields.js";
import { settingsNotes } from "./settings_notes.js";
import { settingsRow } from "./settings_row.js";
import { saveBar } from "./settings_save.js";

/** @typedef {import("../api/settings_calls.js").Settings} Settings */
/** @typedef {import("./settings_drafts.js").Drafts} Drafts */
/** @typedef {ReturnType<typeof settingsRow>} Row */
/** @typedef {{save: (button: HTMLButtonElement) => void, restart: () => void, write: () => void, discard: () => void}} Orders */

const GROUPS = ["server", "world", "player", "pals", "items", "guild", "pvp", "network", "technical"];
/** What people look for stands first in its group, and what does nothing last; the rest as in the game's file. */
const FIRST = ["ServerName", "ServerDescription", "ServerPlayerMaxNum", "ServerPassword", "AdminPassword", "bIsPvP"];
const LAST = ["CoopPlayerMaxNum", "bIsMultiplay", "Difficulty"];
const FILTERS = ["all", "changed", "not_taken", "danger", "draft"];

/** @param {Drafts} drafts @param {Orders} orders */
export function settingsForm(drafts, orders) {
  const notes = el("div", { class: "settings-notes", "aria-live": "polite" });
  const search = field(t("settings.search"), { type: "search", testid: "settings-search", input: filterRows });
  const filter = choice(
    t("settings.filter"),
    FILTERS.map((each) => [each, t(`settings.filter.${each}`)]),
    "all",
    { testid: "settings-filter", change: filterRows },
  );
  const groups = new Map(GROUPS.map((name) => [name, group(name)]));
  const links = el("nav", { class: "group-links", "aria-label": t("settings.groups") });
  links.append(...[...groups.values()].map((each) => each.link));
  const none = el("p", { class: "soft", role: "status" });
  const bar = saveBar(drafts, { save: orders.save, undo, show: showOption });
  const tools = el("div", { class: "settings-tools" }, search.element, filter.element);
  const body = el("div", { class: "settings-groups" }, [...groups.values()].map((each) => each.element));
  const form = el("form", { class: "settings-form", submit, novalidate: true }, tools, links, none, body, bar.element);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {Settings|null} */
  let latest = null;
  /** @type {import("../types.js").Job|null} */
  let work = null;
  form.addEventListener("focusin", bar.keepClear);
  return { element: el("div", { class: "stack whole-width" }, notes, form), show, update: bar.update };

  /** @param {Settings} settings @param {import("../types.js").Job|null} job that is at work on the server */
  function show(settings, job) {
    notes.replaceChildren(...settingsNotes(settings, orders, job));
    for (const option of [...settings.options].sort((one, other) => rank(one) - rank(other))) {
      const row = rows.get(option.key) ?? settingsRow({ ...option }, drafts, bar.update);
      if (!rows.has(option.key)) groups.get(option.group)?.list.append(row.element);
      rows.set(option.key, row);
      row.update(option);
    }
    latest = settings;
    work = job;
    filterRows();
    bar.update();
  }

  function filterRows() {
    const words = search.input.value.toLowerCase().split(/\s+/);
    for (const row of rows.values()) row.element.hidden = !row.isShown(words, filter.input.value);
    for (const each of groups.values())
      each.element.hidden = each.link.hidden = !each.list.querySelector(":scope > :not([hidden])");
    const isEmpty = [...groups.values()].every((each) => each.element.hidden);
    setText(none, isEmpty ? t("settings.none_found") : "");
  }

  /** Wherever it is, whatever is searched for. @param {string} key */
  function showOption(key) {
    search.input.value = "";
    filter.input.value = "all";
    filterRows();
    const element = rows.get(key)?.element;
    element?.scrollIntoView({ block: "center" });
    element?.querySelector("input, select, textarea")?.focus({ preventScroll: true });
  }

  function undo() {
    drafts.clear();
    if (latest) show(latest, work);
    search.input.focus(); // the bar with the button is gone
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (drafts.values.size > 0 && drafts.problems.size === 0) bar.save();
  }
}

/** @param {import("../api/settings_calls.js").Option} option */
function rank(option) {
  const place = FIRST.indexOf(option.key);
  return place === -1 ? FIRST.length + LAST.indexOf(option.key) + 1 : place;
}

/** @param {string} name */
function group(name) {
  const title = el("h2", { tabindex: "-1" }, t(`settings.group.${name}`));
  const list = el("ul", { class: "options" });
  const element = el("section", { testid: `settings-group-${name}` }, title, list);
  const link = el("button", { type: "button", class: "quiet small", click: go }, t(`settings.group.${name}`));
  return { element, list, link };

  function go() {
    element.scrollIntoView({ block: "start" });
    title.focus({ preventScroll: true });
  }
}
