/** The last hour of a server's CPU and memory, a point a minute: what the panel kept, and what has come since. */

/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {{at: number, cpu: number|null, memory: number|null, count: number}} TrendPoint `at` in milliseconds */

const POINTS = 60;
const STEP_MS = 60_000;

export class Trend {
  /** @type {TrendPoint[]} oldest first; a minute without a measurement may be missing or hold null */
  points = [];
  /** Goes up with each change, so that nobody draws the same line twice. */
  version = 0;

  /** @param {{begins_at: string, step_seconds: number, cpu_percent: (number|null)[], memory_bytes: (number|null)[]}} kept */
  static of(kept) {
    const trend = new Trend();
    const begin = Date.parse(kept.begins_at);
    trend.points = kept.cpu_percent.map((cpu, position) => ({
      at: begin + position * kept.step_seconds * 1000,
      cpu,
      memory: kept.memory_bytes[position],
      count: 1,
    }));
    return trend;
  }

  /** @param {Sample} sample */
  add(sample) {
    const at = Math.floor(Date.parse(sample.sampled_at) / STEP_MS) * STEP_MS;
    const last = this.points.at(-1);
    if (last && last.at >= at) blend(last, sample);
    else this.points.push({ at, cpu: sample.cpu_percent, memory: sample.memory_bytes, count: 1 });
    while (this.points.length > POINTS) this.points.shift();
    this.version++;
  }
}

/** @param {TrendPoint} point @param {Sample} sample */
function blend(point, sample) {
  point.count++;
  point.cpu = average(point.cpu, sample.cpu_percent, point.count);
  point.memory = average(point.memory, sample.memory_bytes, point.count);
}

/** @param {number|null} before @param {number|null} next @param {number} count how many, `next` included */
function average(before, next, count) {
  if (before === null || next === null) return next ?? before;
  return before + (next - before) / count;
}
