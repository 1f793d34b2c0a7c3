/** A line as small as a word: how a figure went during the last hour. Gaps are not drawn over. */

import { serverNow } from "../clock.js";
import { el } from "../dom.js";

/** @typedef {import("../trends.js").Trend} Trend */
/** @typedef {import("../trends.js").TrendPoint} TrendPoint */

const WIDTH = 60;
const HEIGHT = 16;
const STEP_MS = 60_000;
const SVG = "http://www.w3.org/2000/svg";

/** @param {"cpu"|"memory"} what @param {number} least the highest value that still fills the height, at least */
export function spark(what, least) {
  const path = document.createElementNS(SVG, "path");
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.append(path);
  const element = el("span", { class: "spark", "aria-hidden": "true" }, drawing);
  let drawn = "";
  return { element, show };

  /** @param {Trend|undefined} trend */
  function show(trend) {
    const minute = Math.floor(serverNow() / STEP_MS);
    const wanted = `${trend?.version} ${minute}`;
    if (wanted === drawn) return;
    drawn = wanted;
    path.setAttribute("d", outline(trend?.points ?? [], what, minute * STEP_MS, least));
  }
}

/** @param {TrendPoint[]} points @param {"cpu"|"memory"} what @param {number} end @param {number} least */
function outline(points, what, end, least) {
  const top = Math.max(least, ...points.map((point) => point[what] ?? 0)) * 1.1;
  let before = -Infinity;
  return points
    .map((point) => {
      const value = point[what];
      if (value === null) return "";
      const x = WIDTH - 1 - (end - point.at) / STEP_MS;
      const y = HEIGHT - 1 - (value / top) * (HEIGHT - 2);
      const move = point.at - before > STEP_MS * 1.5 ? "M" : "L";
      before = point.at;
      return `${move}${x.toFixed(0)} ${y.toFixed(1)}`;
    })
    .join("");
}
