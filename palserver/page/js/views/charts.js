/** A server's past: CPU, memory, players and frames over an hour, a day or a week, and what happened meanwhile. */

import { listBackupTimes } from "../api/figure_calls.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { isRunning, store } from "../store.js";
import { chart } from "./chart.js";
import { watchColours, whenWords } from "./chart_look.js";
import { marksOf } from "./chart_marks.js";
import { COLUMNS, loadPast, RANGES } from "./chart_past.js";
import { errorText } from "./notice.js";

/** @typedef {import("../types.js").Instance} Instance */
/** @typedef {import("./chart_past.js").Past} Past */
/** @typedef {import("./chart_marks.js").Mark} Mark */

const DRAW_MS = 900; // new samples come once a second
const KINDS_OF_MARKS = /** @type {const} */ (["restart", "backup"]);

/** Null where npm has not installed it: then charts are told in figures. @type {any} */
const Library = (await import("../../vendor/uplot.js")).default;

/** Kept from one server to the next. */
let range = "hour";

/** @param {string} name @returns {import("./server.js").Tab} */
export function chartsPanel(name) {
  const look = watchColours(() => charts.forEach((one) => one.redraw()));
  const charts = COLUMNS.map((column) => chart(column, Library, look.colours, pointAll));
  const problem = el("p", { class: "problem", role: "status" });
  const legend = markLegend();
  const ranges = rangeButtons(changeRange);
  const head = el("div", { class: "charts-head" }, el("h2", {}, t("chart.title")), ranges.element, legend.element);
  const grid = el(
    "div",
    { class: "charts", "aria-busy": "true" },
    charts.map((one) => one.element),
  );
  const element = el("section", { class: "charts-panel" }, head, problem, grid, look.element);
  /** @type {Past|null} */
  let past = null;
  /** @type {string[]} when each was made */
  let backups = [];
  let [drawnAt, newest, endedJobs, isClosed, wasLive] = [0, "", 0, false, true];
  let turn = 0; // 0 until the server is known to exist: who asks for the past of none is refused
  return { element, update, close };

  /** @param {number|null} index */
  function pointAll(index) {
    for (const one of charts) one.pointAt(index);
  }

  /** @param {string} wanted */
  function changeRange(wanted) {
    range = wanted;
    load();
  }

  /** Everything anew. An answer that another question has overtaken is thrown away. */
  async function load() {
    const mine = ++turn;
    try {
      const loaded = await Promise.all([loadPast(name, range), listBackupTimes(name)]);
      if (mine !== turn || isClosed) return;
      [past, backups] = loaded;
      newest = "";
      setText(problem, "");
      grid.removeAttribute("aria-busy");
      look.read();
      draw();
    } catch (error) {
      if (mine === turn && !isClosed) setText(problem, errorText(error));
    }
  }

  async function loadBackupsAgain() {
    const mine = turn;
    try {
      const loaded = await listBackupTimes(name);
      if (mine === turn) backups = loaded;
    } catch (error) {
      errorText(error); // the marks stay as they were; a mistake of ours goes on up
    }
  }

  /** @param {Instance} instance */
  function update(instance) {
    past?.noteStart(instance.started_at);
    if (turn === 0) load();
    noteConnection();
    noteJobs();
    if (!past || store.connection !== "live" || performance.now() - drawnAt < DRAW_MS) return;
    takeSamples(past);
    draw();
  }

  function draw() {
    if (!past) return;
    drawnAt = performance.now();
    past.advance();
    const marks = marksOf(past.starts, backups);
    for (const one of charts) one.show(past, marks);
    legend.show(past, marks);
  }

  /** @param {Past} into */
  function takeSamples(into) {
    const kept = store.samples.get(name) ?? [];
    if (newest && kept.length && kept[0].sampled_at > newest) return void load(); // some have been forgotten
    if (!newest) for (const sample of kept) into.reach(sample); // some came while the past was on its way
    const fresh = newest ? kept.filter((sample) => sample.sampled_at > newest) : kept.slice(-1);
    for (const sample of fresh) into.add(sample);
    newest = kept.at(-1)?.sampled_at ?? newest;
  }

  function noteConnection() {
    const isLive = store.connection === "live";
    if (isLive && !wasLive) load();
    wasLive = isLive;
  }

  function noteJobs() {
    const ended = [...store.jobs.values()].filter((job) => job.instance === name && !isRunning(job)).length;
    if (ended !== endedJobs && past) loadBackupsAgain();
    endedJobs = ended;
  }

  function close() {
    isClosed = true;
    look.close();
    for (const one of charts) one.close();
  }
}

/** @param {(wanted: string) => void} change */
function rangeButtons(change) {
  const buttons = Object.keys(RANGES).map((name) => {
    const press = () => {
      for (const [at, button] of buttons.entries())
        button.setAttribute("aria-pressed", String(Object.keys(RANGES)[at] === name));
      change(name);
    };
    const attributes = { type: "button", class: "small", testid: `range-${name}`, click: press };
    return el("button", { ...attributes, "aria-pressed": String(name === range) }, t(`chart.range.${name}`));
  });
  return { element: el("div", { class: "segments", role: "group", "aria-label": t("chart.range") }, buttons) };
}

/** What the marks mean, how many there are, and when the last one was. */
function markLegend() {
  const texts = KINDS_OF_MARKS.map(() => el("span"));
  const items = KINDS_OF_MARKS.map((kind, at) =>
    el("li", {}, el("i", { class: `mark-sign ${kind}`, "aria-hidden": "true" }), texts[at]),
  );
  return { element: el("ul", { class: "marks", testid: "marks" }, items), show };

  /** @param {Past} past @param {Mark[]} marks */
  function show(past, marks) {
    const [first] = past.window();
    KINDS_OF_MARKS.forEach((kind, at) => {
      const shown = marks.filter((mark) => mark.kind === kind && mark.at >= first);
      const last = shown.at(-1);
      const time = last ? whenWords(last.at, past.seconds) : "";
      setText(texts[at], t(`chart.marks.${kind}`, { count: shown.length, time }));
    });
  }
}
