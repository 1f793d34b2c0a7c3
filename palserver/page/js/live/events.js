/** Keeps the store true to the server, over `WS /api/events`. */

import { checkHealth } from "../api/calls.js";
import { renew } from "../api/session.js";
import { store } from "../store.js";
import { tellAllNews, tellNews } from "./news.js";
import { LiveSocket } from "./socket.js";

const SILENCE_MS = 15_000;
const LOOK_EVERY_MS = 5000;

/** @type {Object<string, (message: any) => void>} */
const HANDLERS = {
  snapshot: (message) => {
    store.setAll(message);
    tellAllNews();
  },
  instance: (message) => store.setInstance(message.instance),
  instance_removed: (message) => store.removeInstance(message.name),
  player: (message) => tellNews("players", message.instance),
  sample: (message) => store.addSample(message.sample),
  job: (message) => store.setJob(message.job),
  host: (message) => store.setHost(message.host),
  engine: (message) => store.setEngine(message.status),
  news: (message) => (message.about === "me" ? lookAtMyself() : tellNews(message.about, message.instance)),
};

/** @type {LiveSocket|null} */
let socket = null;
/** @type {number|undefined} */
let watch;

export function connectEvents() {
  if (socket) return;
  socket = new LiveSocket(() => "api/events", {
    message: take,
    down: () => store.setConnection("down"),
    end: () => store.setConnection("down"),
  });
  watch = setInterval(watchSilence, LOOK_EVERY_MS);
  window.addEventListener("offline", askIfAlive);
}

export function disconnectEvents() {
  window.removeEventListener("offline", askIfAlive);
  clearInterval(watch);
  socket?.close();
  socket = null;
  store.clear();
}

/** @param {any} message */
function take(message) {
  store.heardAt = Date.now();
  if (message.type === "gap")
    reconnect(); // only a new snapshot is whole again
  else HANDLERS[message.type]?.(message);
}

/** One's role may be another now. Where nothing is heard, the next renewal brings it. */
function lookAtMyself() {
  renew().catch(() => {});
}

/** A cable that was pulled closes no socket: silence has to be looked into. */
function watchSilence() {
  const isSilent = Date.now() - (store.heardAt ?? 0) > SILENCE_MS;
  if (store.connection === "live" && isSilent && !document.hidden) askIfAlive();
}

async function askIfAlive() {
  try {
    await checkHealth();
    store.heardAt = Date.now();
  } catch {
    reconnect();
  }
}

function reconnect() {
  store.setConnection("down");
  socket?.reopen();
}
