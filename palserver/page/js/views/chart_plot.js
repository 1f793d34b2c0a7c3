/** One chart drawn by uPlot. It is only told what to draw: where the reader points is looked after elsewhere. */

import { heightOf, timeWords } from "./chart_look.js";
import { drawMarks, MARK_SPACE } from "./chart_marks.js";

/** @typedef {import("./chart_past.js").Past} Past */
/** @typedef {import("./chart_marks.js").Mark} Mark */

const AXIS_SIZE = 58;
const TICK_SPACE = { time: 64, value: 32 };
const nothing = () => null;

/**
 * @param {any} Library uPlot @param {HTMLElement} box @param {import("./chart_past.js").Column} column
 * @param {import("./chart_look.js").Kind} kind @param {Object<string, string>} colours
 */
export function plot(Library, box, column, kind, colours) {
  /** @type {Past|null} */
  let past = null;
  /** @type {Mark[]} */
  let marks = [];
  const drawing = new Library(options(), [[], []], box);
  const watcher = new ResizeObserver(() => drawing.setSize(measure(box)));
  watcher.observe(box);
  return { show, redraw: () => drawing.redraw(), pointAt, indexAt, close };

  /** @param {Past} now @param {Mark[]} marked */
  function show(now, marked) {
    [past, marks] = [now, marked];
    drawing.setData([now.time, now.columns[column]]);
  }

  /** @param {number|null} index of the grid @param {number} time of it */
  function pointAt(index, time) {
    const left = index === null ? -10 : drawing.valToPos(time, "x");
    drawing.setCursor({ left, top: index === null ? -10 : 0 }, false);
  }

  /** @param {number} clientX @returns {number} of the grid */
  function indexAt(clientX) {
    return drawing.posToIdx(clientX - drawing.over.getBoundingClientRect().left);
  }

  function close() {
    watcher.disconnect();
    drawing.destroy();
  }

  function options() {
    const font = `12px ${getComputedStyle(box).fontFamily}`;
    const axis = { stroke: () => colours.axis, font, ticks: { show: false } };
    const times = { grid: { show: false }, size: 28, gap: MARK_SPACE };
    const grid = { stroke: () => colours.rule, width: 1 };
    const line = kind.isStepped ? { paths: Library.paths.stepped({ align: 1 }) } : {};
    return {
      ...measure(box),
      padding: [MARK_SPACE, 18, 0, 0], // at the right for half of the last time below
      legend: { show: false },
      cursor: cursor(colours),
      scales: {
        x: { range: () => past?.window() ?? [0, 1] },
        y: { range: (/** @type {any} */ _, /** @type {any} */ __, /** @type {number|null} */ top) => heightOf(kind, top) },
      },
      axes: [
        { ...axis, ...times, space: TICK_SPACE.time, values: writeTimes },
        { ...axis, grid, size: AXIS_SIZE, space: TICK_SPACE.value, values: writeValues, ...(kind.steps && { incrs: kind.steps }) },
      ],
      series: [
        {},
        {
          stroke: () => colours.trace,
          fill: () => colours.wash,
          width: 1.5,
          spanGaps: false,
          points: { size: 3, stroke: () => colours.trace, fill: () => colours.trace, filter: lonely },
          ...line,
        },
      ],
      hooks: { drawAxes: [(/** @type {any} */ chart) => drawMarks(chart, shownMarks(), colours)] },
    };
  }

  function shownMarks() {
    const [first, last] = past?.window() ?? [0, 0];
    return marks.filter((mark) => mark.at >= first && mark.at <= last);
  }

  /** @param {any} _ @param {number[]} splits */
  function writeTimes(_, splits) {
    return timeWords(splits);
  }

  /** @param {any} _ @param {number[]} splits */
  function writeValues(_, splits) {
    return splits.map((value) => (value === 0 ? "0" : kind.write(value)));
  }
}

/** @param {Object<string, string>} colours */
function cursor(colours) {
  const events = ["mousedown", "mouseup", "click", "dblclick", "mousemove", "mouseleave", "mouseenter"];
  return {
    y: false,
    drag: { x: false, y: false, setScale: false },
    bind: Object.fromEntries(events.map((event) => [event, nothing])),
    points: { size: 8, width: 0, stroke: () => colours.trace, fill: () => colours.trace },
  };
}

/** A measurement between two gaps has no line, so it is drawn as a point. */
function lonely(/** @type {any} */ chart, /** @type {number} */ series) {
  const values = chart.data[series];
  const alone = [];
  for (let at = 0; at < values.length; at++) {
    const isAlone = (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
    if (values[at] !== null && isAlone) alone.push(at);
  }
  return alone;
}

/** @param {HTMLElement} box */
function measure(box) {
  return { width: Math.max(80, box.clientWidth), height: Math.max(40, box.clientHeight) };
}
