/** What happened to a server: when it was started, and when its world was backed up. */

/** @typedef {{at: number, kind: "restart"|"backup"}} Mark `at` in seconds since 1970 */

const HALF_HEAD = 4;
/** What a head takes above or below the curve. */
export const MARK_SPACE = 2 * HALF_HEAD + 2;
const LINE_OPACITY = 0.45;

/**
 * @param {Iterable<number>} starts in seconds since 1970 @param {string[]} backups times
 * @returns {Mark[]} oldest first
 */
export function marksOf(starts, backups) {
  /** @type {Mark[]} */
  const marks = [
    ...[...starts].map((at) => ({ at, kind: /** @type {const} */ ("restart") })),
    ...backups.map((time) => ({ at: Date.parse(time) / 1000, kind: /** @type {const} */ ("backup") })),
  ];
  return marks.sort((one, other) => one.at - other.at);
}

/**
 * Each a faint line behind the curve, with a head outside of it: starts above, backups below, told apart by their
 * form as well. Where there is one already no other is drawn: many in a short time would hide what was measured.
 * @param {any} chart @param {Mark[]} marks oldest first @param {Object<string, string>} colours
 */
export function drawMarks(chart, marks, colours) {
  const { ctx, bbox } = chart;
  const [scale, bottom] = [devicePixelRatio, bbox.top + bbox.height];
  const half = HALF_HEAD * scale;
  /** @type {Object<string, number>} where the last line, and the last head of each kind was drawn */
  const drawn = {};
  const claim = (/** @type {string} */ what, /** @type {number} */ x) => {
    if (x - drawn[what] < 2 * half) return false;
    drawn[what] = x;
    return true;
  };
  ctx.save();
  ctx.lineWidth = scale;
  for (const { at, kind } of marks) {
    const x = Math.round(chart.valToPos(at, "x", true));
    const y = kind === "backup" ? bottom + half + scale : bbox.top - half - scale;
    ctx.strokeStyle = ctx.fillStyle = colours[kind];
    ctx.setLineDash(kind === "backup" ? [2 * scale, 3 * scale] : []);
    if (claim("line", x)) drawLine(ctx, x + scale / 2, bbox.top, bottom);
    if (claim(kind, x)) drawHead(ctx, kind, x, y, half);
  }
  ctx.restore();
}

/** @param {any} ctx @param {number} x @param {number} top @param {number} bottom */
function drawLine(ctx, x, top, bottom) {
  ctx.globalAlpha = LINE_OPACITY;
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/** @param {any} ctx @param {string} kind @param {number} x @param {number} y @param {number} half */
function drawHead(ctx, kind, x, y, half) {
  ctx.beginPath();
  if (kind === "backup") ctx.rect(x - half, y - half, 2 * half, 2 * half);
  else {
    ctx.moveTo(x - half, y - half);
    ctx.lineTo(x + half, y - half);
    ctx.lineTo(x, y + half);
    ctx.closePath();
  }
  ctx.fill();
}
