/** What a reader chose on this device: language, theme, and how a log is shown. */

export const LANGUAGES = { en: "English", ko: "한국어" };
export const THEMES = ["system", "light", "dark"];

/** @returns {string} the language chosen, else the first of the browser's that we speak, else English */
export function language() {
  const wanted = [read("language"), ...navigator.languages.map((tag) => tag.split("-")[0])];
  return wanted.find((tag) => tag !== null && tag in LANGUAGES) ?? "en";
}

/** @param {string} tag */
export function setLanguage(tag) {
  write("language", tag);
}

/** @returns {string} */
export function theme() {
  const chosen = read("theme");
  return chosen !== null && THEMES.includes(chosen) ? chosen : "system";
}

/** @param {string} chosen one of THEMES; takes effect at once */
export function setTheme(chosen) {
  write("theme", chosen);
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

/** @param {string} name of a switch @param {boolean} usual what it is while nobody has touched it */
export function isOn(name, usual) {
  const chosen = read(name);
  return chosen === null ? usual : chosen === "on";
}

/** @param {string} name @param {boolean} value */
export function setOn(name, value) {
  write(name, value ? "on" : "off");
}

/** @param {string} name */
function read(name) {
  try {
    return localStorage.getItem(`palserver:${name}`);
  } catch {
    return null; // storage is forbidden: nothing was ever chosen
  }
}

/** @param {string} name @param {string} value */
function write(name, value) {
  try {
    localStorage.setItem(`palserver:${name}`, value);
  } catch {
    // Storage is forbidden: the choice holds until the page is left.
  }
}
