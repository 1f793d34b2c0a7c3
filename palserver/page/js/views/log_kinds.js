/** What a line of the game, or of the image around it, is about: how grave it is, who comes and who goes. */

/**
 * @typedef {"error"|"warn"|"info"|"debug"|"chat"} Level
 * @typedef {object} Kind
 * @property {Level} level
 * @property {"joined"|"left"|"ready"|"ending"|null} event
 * @property {string} stamp the game's own time and tag, which every line of its log begins with
 * @property {{before: string, name: string, after: string}|null} who the rest of the line around a player's name
 */

const SEARCHED_CHARACTERS = 400;

const STAMP = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] (?:\[(?:LOG|CHAT)\] )?/;
// A name may hold anything, also these words: the last ones in the line are the game's own.
const COMING = /^(.+) (joined|left|connected) the server\. \(User id: [^()]*\)(?: \(x\d+\))?$/s;
const COMING_SHORT = /^(.+) \((?:steam|xbox|gdk|ps5|mac)\) has (joined|left)$/s;
const ADDRESS = / (?:\d{1,3}\.){3}\d{1,3}$/;
const CHAT = /^<(.*?)> /s;
const READY = /^Running Palworld dedicated server on :\d+/;
const ENDING = /^(?:\*+Ending Server\*+|The server will shut down in .*)$/;

const BAD =
  /LowLevelFatalError|Fatal error|Segmentation fault|Signal \d+ caught|^Killed\b|Ran out of memory|Failed to save|Failed copy from backup|state is 0x6 after update job|Unhandled exception|Assertion failed/i;
// What the game says at each start, and its crash reporter all the time; none of it means anything.
const HARMLESS =
  /SteamUser0|SteamFriends0|STEAMAPPS_INTERFACE_VERSION|SteamNetworkingUtils0|dlopen failed.*steamclient|x-sentry|^[*<>] |Setting breakpad|CAppInfoCacheReadFromDiskThread|^Increasing per-process limit/;
const LEVEL =
  /\[ ?(fatal|critical|error|err|warning|warn|info|notice|debug|trace|verbose) ?\]|\b(?:level|severity)["']?\s*[:=]\s*["']?(\w+)|\bLog\w+: (fatal|error|warning|display|verbose|veryverbose):|^[\d\s:.,TZ/+-]*(fatal|critical|error|warning|warn|info|debug|trace)\b[:\s]/i;
const ODD = /\[S_API FAIL\]|Unauthorized \(|\bwarning:/i;

/** @type {Object<string, Level>} */
const LEVELS = {
  fatal: "error",
  critical: "error",
  error: "error",
  err: "error",
  warning: "warn",
  warn: "warn",
  debug: "debug",
  trace: "debug",
  verbose: "debug",
  veryverbose: "debug",
};

/** @param {string} text without colours @returns {Kind} */
export function readKind(text) {
  const stamp = STAMP.exec(text)?.[0] ?? "";
  const rest = text.slice(stamp.length);
  if (stamp.endsWith("[CHAT] "))
    return { level: "chat", event: null, stamp, who: around(rest, CHAT.exec(rest)) };
  const coming = stamp === "" ? COMING_SHORT.exec(rest) : stamp.endsWith("[LOG] ") && COMING.exec(rest);
  if (coming) return readComing(stamp, rest, coming);
  const event = READY.test(rest) ? "ready" : ENDING.test(rest) ? "ending" : null;
  return { level: readLevel(rest.slice(0, SEARCHED_CHARACTERS)), event, stamp, who: null };
}

/** @param {string} text @returns {Level} */
function readLevel(text) {
  if (HARMLESS.test(text)) return "debug";
  if (BAD.test(text)) return "error";
  const word = LEVEL.exec(text)?.slice(1).find(Boolean)?.toLowerCase();
  if (word !== undefined) return LEVELS[word] ?? "info";
  return ODD.test(text) ? "warn" : "info";
}

/** @param {string} stamp @param {string} rest @param {RegExpExecArray} found @returns {Kind} */
function readComing(stamp, rest, found) {
  const isConnecting = found[2] === "connected";
  const name = isConnecting ? found[1].replace(ADDRESS, "") : found[1];
  const who = { before: "", name, after: rest.slice(name.length) };
  return { level: "info", event: isConnecting ? null : /** @type {any} */ (found[2]), stamp, who };
}

/** @param {string} rest @param {RegExpExecArray|null} found whose first group is a name behind one character */
function around(rest, found) {
  if (!found) return null;
  return { before: rest[0], name: found[1], after: rest.slice(1 + found[1].length) };
}
