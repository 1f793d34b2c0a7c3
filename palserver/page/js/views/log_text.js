/** From a line as a program wrote it, colours and all, to parts of plain text with classes. */

/** @typedef {{text: string, classes: string[]}} Part */

const SEQUENCE =
  /\u001b\[([0-9;:?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-Z\\-_]|\u009b[0-9;:?]*[ -/]*[@-~]/g;
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g;
const PLAIN = /^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]*$/;
const CUBE = [0, 95, 135, 175, 215, 255];
const [BLACK, WHITE, BRIGHT] = [0, 7, 8];

/** @type {Object<number, string>} */
const STYLES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "struck" };
/** @type {Object<number, string[]>} what a number takes away */
const ENDS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["struck"] };

/** @param {string} line @returns {Part[]} in order; what cannot be printed is made visible */
export function readParts(line) {
  if (PLAIN.test(line)) return [{ text: line, classes: [] }];
  /** @type {Part[]} */
  const parts = [];
  const style = new Style();
  const whole = line.replace(/\r+$/, "");
  let from = 0;
  for (const found of whole.matchAll(SEQUENCE)) {
    add(parts, whole.slice(from, found.index), style);
    if (found[2] === "m") style.apply(found[1]);
    from = found.index + found[0].length;
  }
  add(parts, whole.slice(from), style);
  return parts;
}

/** @param {Part[]} parts @param {string} text @param {Style} style */
function add(parts, text, style) {
  if (text) parts.push({ text: text.replace(CONTROLS, visible), classes: style.list() });
}

/** As terminals have always written what has no sign of its own. @param {string} character */
function visible(character) {
  const code = character.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  return code === 0x7f ? "^?" : "\ufffd";
}

/** What the sequences so far make of the text behind them. */
class Style {
  /** @type {Set<string>} */
  #styles = new Set();
  /** @type {number|null} */
  #colour = null;
  /** @type {number|null} */
  #ground = null;

  list() {
    const colours = [];
    if (this.#colour !== null) colours.push(`ansi-${this.#colour}`);
    if (this.#ground !== null) colours.push(`ansi-on-${this.#ground}`);
    return [...this.#styles, ...colours];
  }

  /** @param {string} numbers as they stand in the sequence */
  apply(numbers) {
    const codes = numbers.split(/[;:]/).map(Number);
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at];
      if (code === 38 || code === 48) {
        const [colour, used] = readColour(codes.slice(at + 1));
        if (code === 38) this.#colour = colour;
        else this.#ground = colour;
        at += used;
      } else this.#applyOne(code);
    }
  }

  /** @param {number} code */
  #applyOne(code) {
    if (code === 0) {
      this.#styles.clear();
      this.#colour = this.#ground = null;
    } else if (code in STYLES) this.#styles.add(STYLES[code]);
    else if (code in ENDS) for (const style of ENDS[code]) this.#styles.delete(style);
    else if (code >= 30 && code <= 37) this.#colour = code - 30;
    else if (code >= 90 && code <= 97) this.#colour = code - 90 + BRIGHT;
    else if (code === 39) this.#colour = null;
    else if (code >= 40 && code <= 47) this.#ground = code - 40;
    else if (code >= 100 && code <= 107) this.#ground = code - 100 + BRIGHT;
    else if (code === 49) this.#ground = null;
  }
}

/** One of 256 colours, or of all: the nearest of the sixteen that suit both themes, and how many numbers it took.
 * @param {number[]} codes @returns {[number|null, number]}
 */
function readColour(codes) {
  if (codes[0] === 5) return [nearestOf256(codes[1] ?? 0), 2];
  if (codes[0] === 2) return [nearest(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), 4];
  return [null, 0];
}

/** @param {number} index */
function nearestOf256(index) {
  if (index < 16) return index;
  if (index >= 232) return index < 238 ? BLACK : index < 248 ? BRIGHT : WHITE;
  const cube = index - 16;
  return nearest(CUBE[Math.floor(cube / 36) % 6], CUBE[Math.floor(cube / 6) % 6], CUBE[cube % 6]);
}

/** @param {number} red @param {number} green @param {number} blue */
function nearest(red, green, blue) {
  const most = Math.max(red, green, blue);
  if (most < 64) return BLACK;
  const bit = (/** @type {number} */ part) => (part > most * 0.6 ? 1 : 0);
  const colour = bit(red) + 2 * bit(green) + 4 * bit(blue);
  return most > 190 && colour !== WHITE ? colour + BRIGHT : colour;
}
