/** One figure over time: drawn where that is possible, else told in figures, in a box of the same size. */

import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { KINDS, whenWords } from "./chart_look.js";
import { summarise } from "./chart_past.js";
import { plot } from "./chart_plot.js";

/** @typedef {import("./chart_past.js").Column} Column */
/** @typedef {import("./chart_past.js").Past} Past */
/** @typedef {import("./chart_marks.js").Mark} Mark */
/** @typedef {{text: string, isKnown: boolean}} Reading */

/**
 * @param {Column} column @param {any} Library uPlot, or null where it is not installed
 * @param {Object<string, string>} colours @param {(index: number|null) => void} point at the same time in all charts
 */
export function chart(column, Library, colours, point) {
  const kind = KINDS[column];
  const title = el("h3", { id: `chart-${column}` }, t(kind.title));
  const reading = el("span", { class: "reading" });
  const words = el("p", { class: "chart-words soft" });
  const box = el("div", { class: "plot", testid: "plot" });
  const frame = Library ? reader(kind.title, box) : box;
  const figures = el("dl", { class: "chart-figures" });
  const element = el(
    "figure",
    { class: "chart", testid: `chart-${column}`, "aria-labelledby": title.id },
    el("figcaption", {}, title, reading),
    frame,
    words,
  );
  if (!Library) box.append(figures);
  /** @type {ReturnType<typeof plot>|null} */
  let drawing = null;
  /** @type {Past|null} */
  let past = null;
  /** @type {Mark[]} */
  let marks = [];
  /** @type {number|null} */
  let pointed = null;
  if (Library) listen();
  return { element, show, pointAt, redraw: () => drawing?.redraw(), close: () => drawing?.close() };

  /** @param {Past} now @param {Mark[]} marked */
  function show(now, marked) {
    [past, marks] = [now, marked];
    const summary = summarise(now, column);
    setText(words, summary ? "" : t("chart.none"));
    if (Library) {
      drawing ??= plot(Library, box, column, kind, colours);
      drawing.show(now, marked);
      pointAt(pointed);
    } else figures.replaceChildren(...(summary ? figureRows(summary, now.seconds) : []));
  }

  /** @param {import("./chart_past.js").Summary} summary @param {number} span */
  function figureRows(summary, span) {
    const row = (/** @type {string} */ name, /** @type {number} */ value, /** @type {number|null} */ at) => {
      const when = at === null ? null : el("span", { class: "soft" }, whenWords(at, span));
      return el("div", {}, el("dt", {}, t(`chart.${name}`)), el("dd", {}, kind.write(value), " ", when));
    };
    return [
      row("average", summary.average, null),
      row("highest", summary.highest, summary.highestAt),
      row("lowest", summary.lowest, summary.lowestAt),
    ];
  }

  /** Shows what was measured then; null: what it all came to. @param {number|null} index */
  function pointAt(index) {
    pointed = index;
    if (!past) return;
    drawing?.pointAt(index, past.time[index ?? 0]);
    setText(reading, Library ? readingWords() : "");
    if (!Library) return;
    const at = index ?? past.time.length - 1;
    frame.setAttribute("aria-valuemax", String(past.time.length - 1));
    frame.setAttribute("aria-valuenow", String(at));
    frame.setAttribute("aria-valuetext", index === null ? readingWords() || t("chart.none") : readingWords());
  }

  function readingWords() {
    if (!past) return "";
    if (pointed !== null) return pointWords(past, pointed);
    const summary = summarise(past, column);
    if (!summary) return "";
    return t("chart.summary", { average: kind.write(summary.average), highest: kind.write(summary.highest) });
  }

  /** @param {Past} known @param {number} index */
  function pointWords(known, index) {
    const at = known.time[index];
    const value = known.columns[column][index];
    const happened = marks.filter((mark) => mark.at >= at && mark.at < at + known.step);
    return [
      whenWords(at, known.seconds),
      value === null ? t("chart.gap") : kind.write(value),
      ...new Set(happened.map((mark) => t(`chart.mark.${mark.kind}`))),
    ].join(" · ");
  }

  /** One way for the mouse, a finger and the keys. */
  function listen() {
    const follow = (/** @type {PointerEvent} */ event) => {
      if (drawing && past) point(Math.min(drawing.indexAt(event.clientX), past.time.length - 1));
    };
    frame.addEventListener("pointerdown", follow);
    frame.addEventListener("pointermove", follow);
    frame.addEventListener("pointerleave", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") point(null); // what a finger points at stays to be read
    });
    frame.addEventListener("blur", (/** @type {FocusEvent} */ event) => {
      const next = event.relatedTarget;
      if (!(next instanceof Element && next.closest(".charts"))) point(null); // from chart to chart, it stays
    });
    frame.addEventListener("keydown", step);
  }

  /** @param {KeyboardEvent} event */
  function step(event) {
    if (!past) return;
    const last = past.time.length - 1;
    const from = pointed ?? last;
    /** @type {Object<string, number|null>} */
    const targets = {
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      PageDown: from - 10,
      PageUp: from + 10,
      Home: 0,
      End: last,
      Escape: null,
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    const target = targets[event.key];
    point(target === null ? null : Math.min(last, Math.max(0, target)));
  }
}

/** What the keyboard moves along: to those who listen, a chart is a slider through time. */
function reader(/** @type {string} */ title, /** @type {HTMLElement} */ box) {
  const label = t("chart.slider", { what: t(title) });
  const attributes = { class: "plot-frame", role: "slider", tabindex: "0", "aria-label": label };
  return el("div", { ...attributes, "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 }, box);
}
