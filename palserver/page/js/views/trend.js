/** A line of the last minutes, as measured while this page was open. */

import { serverNow } from "../clock.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";

/** @typedef {import("../types.js").Sample} Sample */

const WIDTH = 300;
const HEIGHT = 48;
const SPAN_MS = 300_000;
const GAP_MS = 10_000; // longer without a measurement is a gap, and a gap is not drawn over
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} title @param {(sample: Sample) => number|null} read @param {(value: number) => string} write
 */
export function trend(title, read, write) {
  const path = document.createElementNS(SVG, "path");
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(path);
  const most = el("span", { class: "soft" });
  const element = el(
    "figure",
    { class: "trend" },
    el("figcaption", {}, el("span", {}, title), most),
    drawing,
  );
  return { element, show };

  /** @param {Sample[]} samples */
  function show(samples) {
    const points = measured(samples, read);
    const top = Math.max(0, ...points.map(([, value]) => value));
    path.setAttribute("d", outline(points, top * 1.15 || 1));
    setText(most, points.length ? t("trend.most", { value: write(top) }) : t("trend.waiting"));
  }
}

/** @param {Sample[]} samples @param {(sample: Sample) => number|null} read @returns {[number, number][]} */
function measured(samples, read) {
  return samples.flatMap((sample) => {
    const value = read(sample);
    return value === null ? [] : [/** @type {[number, number]} */ ([Date.parse(sample.sampled_at), value])];
  });
}

/** @param {[number, number][]} points @param {number} top */
function outline(points, top) {
  const end = serverNow(); // not the last measurement: what is old stands further left
  let before = -Infinity;
  return points
    .map(([at, value]) => {
      const x = WIDTH - ((end - at) / SPAN_MS) * WIDTH;
      const y = HEIGHT - 1 - (value / top) * (HEIGHT - 2);
      const move = at - before > GAP_MS ? "M" : "L";
      before = at;
      return `${move}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
