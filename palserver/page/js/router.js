/** Where the reader is, kept in the address after `#`. */

export const TABS = ["overview", "logs", "players", "backups", "settings", "jobs", "manage"];
/** Pages without a server, each under its own name. */
const PAGES = ["adopt", "create", "people", "account", "audit"];

/** @typedef {{page: string, name: string, tab: string, id: string|null}} Route */

/** @param {string} hash @returns {Route} */
export function parseRoute(hash) {
  const [page = "", name = "", tab = "overview", id = null] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decode);
  const route = { name: name ?? "", tab: tab ?? "", id };
  if (page === "servers" && name && TABS.includes(route.tab)) return { page: "server", ...route };
  if (page === "") return { page: "home", ...route };
  if (PAGES.includes(page)) return { page, ...route };
  return { page: "nowhere", ...route };
}

/** @param {string} name @param {string} [tab] @param {string} [id] @returns {string} for a link's `href` */
export function serverAddress(name, tab, id) {
  return `#/${["servers", name, tab, id].filter(isGiven).map(encodeURIComponent).join("/")}`;
}

/** @param {string|undefined} part @returns {part is string} */
function isGiven(part) {
  return part !== undefined;
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody typed a lone percent sign
  }
}
