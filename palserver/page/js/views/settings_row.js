/** One option: what it is, what it does, its control, and what else is to be said of it now. */

import { may } from "../api/session.js";
import { el, setData, setText } from "../dom.js";
import { t } from "../i18n.js";
import { controlFor } from "./settings_controls.js";
import { baseOf, isDefault, isInEffect, isSame } from "./settings_values.js";
import { helpOf, rangeText, searchTextOf, titleOf, valueText } from "./settings_words.js";

/** @typedef {import("../api/settings_calls.js").Option} Option */
/** @typedef {import("../api/settings_calls.js").Value} Value */
/** @typedef {import("./settings_drafts.js").Drafts} Drafts */

/**
 * @param {Option} first @param {Drafts} drafts @param {() => void} changed called after every edit
 * @returns {{element: HTMLElement, update: (option: Option) => void, isShown: (words: string[], filter: string) => boolean}}
 */
export function settingsRow(first, drafts, changed) {
  let option = first;
  const id = `option-${option.key}`;
  const control = may("operator") ? controlFor(first, id, edit) : null;
  const value = control ? control.element : el("p", { id, class: "strong" });
  const problem = el("p", { class: "problem", id: `${id}-problem`, role: "alert" });
  const news = el("ul", { class: "option-news" });
  const back = el("button", { type: "button", class: "small back-to-default", click: () => edit(option.default) });
  back.append(t("settings.back"), el("span", { class: "unseen" }, ` ${titleOf(option.key)}`));
  const marked = el("span", { class: "option-mark" });
  const element = el(
    "li",
    { class: "option", testid: id },
    about(option, id, control !== null, marked),
    el("div", { class: "option-value" }, value, problem, news, control && back),
  );
  const input = element.querySelector("input, select");
  input?.setAttribute("aria-describedby", `${id}-help ${id}-problem`);
  return { element, update, isShown };

  /** @param {Value|null} next */
  function edit(next) {
    drafts.set(option, next);
    update(option);
    changed();
  }

  /** @param {Option} latest */
  function update(latest) {
    Object.assign(first, latest); // the control knows the first one
    option = first;
    const draft = drafts.get(option);
    if (control) control.show(draft);
    else setText(value, valueText(option, option.is_secret ? option.is_set : baseOf(option)));
    const why = drafts.problems.get(option.key) ?? "";
    setText(problem, why);
    problem.hidden = !why;
    input?.setAttribute("aria-invalid", String(why !== ""));
    const isEdited = drafts.values.has(option.key);
    const mark = isEdited ? "edited" : isDefault(option) ? null : "changed";
    setData(element, "mark", mark);
    setText(marked, mark ? t(`settings.mark.${mark}`) : "");
    back.hidden = !control || option.is_secret || isSame(draft, option.default);
    news.replaceChildren(...listNews(option, drafts).map((words) => el("li", {}, words)));
  }

  /** @param {string[]} words in lower case, in any order @param {string} filter */
  function isShown(words, filter) {
    const text = searchTextOf(option.key);
    if (!words.every((word) => text.includes(word))) return false;
    if (filter === "changed") return !isDefault(option);
    if (filter === "danger") return option.danger !== null;
    if (filter === "not_taken") return option.not_taken !== null || option.is_pending;
    return filter !== "draft" || drafts.values.has(option.key);
  }
}

/** @param {Option} option @param {string} id @param {boolean} isEditable @param {HTMLElement} marked */
function about(option, id, isEditable, marked) {
  const isGroup = option.type === "list" && option.choices.length > 0;
  const title = el(isEditable && !isGroup ? "label" : "span", { class: "option-title", id: `${id}-title` });
  if (isEditable && !isGroup) title.setAttribute("for", id);
  title.append(titleOf(option.key));
  const standard = option.is_secret ? "" : t("settings.default", { value: valueText(option, option.default) });
  const facts = [standard, rangeText(option)].filter(Boolean).join(" · ");
  const danger = option.danger
    ? el("span", { class: "danger-mark", "data-danger": option.danger }, t(`settings.danger.${option.danger}`))
    : null;
  return el(
    "div",
    { class: "option-about" },
    el("p", { class: "option-head" }, title, marked, danger),
    el("p", { class: "soft", id: `${id}-help` }, helpOf(option.key)),
    el("p", { class: "option-facts" }, el("code", {}, option.key), facts && ` · ${facts}`),
  );
}

/** What differs from what the control shows, and why. @param {Option} option @param {Drafts} drafts @returns {string[]} */
function listNews(option, drafts) {
  const news = [];
  if (drafts.overtaken.has(option.key))
    news.push(t("settings.conflict.row", { value: valueText(option, option.is_secret ? option.is_set : baseOf(option)) }));
  if (option.is_pending) {
    news.push(option.is_secret ? t("settings.waits.secret") : t("settings.waits", { value: valueText(option, option.pending) }));
    if (!option.is_secret)
      news.push(t("settings.in_file", { value: valueText(option, option.file ?? option.default) }));
  } else if (option.is_secret) news.push(valueText(option, option.is_set));
  if (option.not_taken) {
    const plays = option.effective === null ? "" : t("settings.in_effect", { value: valueText(option, option.effective) });
    news.push([plays, t(`settings.why.${option.not_taken}`)].join(" "));
  } else if (isInEffect(option) && !isDefault(option))
    news.push(t("settings.taken", { value: valueText(option, option.effective) }));
  return news;
}
