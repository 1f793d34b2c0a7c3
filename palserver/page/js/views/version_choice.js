/** The version to update to: one of those at hand, with what is known of it, or any other by its name. */

import { listVersions } from "../api/backup_calls.js";
import { el, setText } from "../dom.js";
import { moment, size } from "../format.js";
import { t } from "../i18n.js";
import { choice, field } from "./fields.js";
import { errorText } from "./notice.js";

/** @typedef {import("../types.js").Version} Version */

const VERSION_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,127}";
const OTHER = ""; // no version is called so
/** @type {["is_current"|"is_latest"|"is_local"|"is_archived", string][]} */
const MARKS = [
  ["is_current", "current"],
  ["is_latest", "latest"],
  ["is_local", "local"],
  ["is_archived", "archived"],
];

/** @param {string} server */
export function versionChoice(server) {
  const list = choice(t("update.choice"), [], OTHER, { testid: "update-choice" });
  const typed = field(t("update.version"), {
    required: true,
    pattern: VERSION_PATTERN,
    invalid: t("invalid.version"),
    maxlength: 128,
    testid: "update-version",
    spellcheck: "false",
  });
  const words = el("p", { class: "soft version-facts", role: "status" });
  /** @type {Version[]} newest first */
  let versions = [];
  let asked = 0;
  list.input.addEventListener("change", () => {
    show();
    if (list.input.value === OTHER) typed.input.focus();
  });
  list.element.hidden = true;
  return { elements: [list.element, typed.element], words, load, value, warning, isLookedUp };

  /** Typing one works whatever comes of this. */
  async function load() {
    const mine = ++asked;
    try {
      const found = await listVersions(server);
      if (mine === asked) fill(found);
    } catch (error) {
      if (mine === asked && versions.length === 0) setText(words, t("update.unknown", { why: errorText(error) }));
    }
  }

  /** What the reader has chosen or begun to type stays. @param {Version[]} found */
  function fill(found) {
    const isFirst = versions.length === 0;
    const before = isFirst && typed.input.value === "" ? usual(found) : list.input.value;
    versions = found;
    const options = found.map((one) => el("option", { value: one.version }, optionText(one)));
    list.input.replaceChildren(...options, el("option", { value: OTHER }, t("update.other")));
    list.input.value = found.some((one) => one.version === before) ? before : OTHER;
    list.element.hidden = found.length === 0;
    show();
  }

  function show() {
    const chosen = versions.find((one) => one.version === list.input.value);
    typed.element.hidden = typed.input.disabled = chosen !== undefined;
    setText(words, chosen ? factsText(chosen) : "");
  }

  /** @returns {string} */
  function value() {
    return list.input.value || typed.input.value.trim();
  }

  /** @returns {boolean} whether the version that is meant is known to exist */
  function isLookedUp() {
    return versions.some((one) => one.version === value());
  }

  /** @returns {string} what speaks against it; empty where nothing does */
  function warning() {
    const names = versions.map((one) => one.version);
    const [wanted, now] = [names.indexOf(value()), versions.findIndex((one) => one.is_current)];
    if (wanted === -1 || now === -1 || wanted < now) return "";
    return t(wanted === now ? "update.same" : "update.older");
  }
}

/** The newest, unless it runs already; an older one is never suggested. @param {Version[]} versions */
function usual(versions) {
  const [newest] = versions;
  return newest && !newest.is_current ? newest.version : OTHER;
}

/** @param {Version} version */
function optionText(version) {
  const marks = MARKS.filter(([name]) => version[name]).map(([, mark]) => t(`update.mark.${mark}`));
  return [version.version, ...marks].join(" · ");
}

/** @param {Version} version */
function factsText(version) {
  return t("update.facts", { size: size(version.size_bytes), time: moment(version.created_at) });
}
