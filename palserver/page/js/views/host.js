/** The machine below: engine, memory, disks. Small and quiet, until something becomes scarce. */

import { el, KeyedList, setData, setText } from "../dom.js";
import { size, UNKNOWN } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";

/** @typedef {import("../types.js").Host} Host */
/** @typedef {{text: string, share: number|null, tone: string|null, title: string}} HostFact */

const GIB = 2 ** 30;
const SCARCE_SHARE = 0.1;
const VERY_SCARCE_SHARE = 0.03;
const LITTLE_DISK_BYTES = 5 * GIB; // a world or two, and its backup

export function hostLine() {
  const list = el("dl");
  const rows = new KeyedList(list, (fact) => hostFact(fact));
  const title = el("h2", { id: "host-title" }, t("host.title"));
  const element = el("section", { class: "host", "aria-labelledby": "host-title", testid: "host" }, title, list);
  return { element, update };

  function update() {
    element.hidden = store.host === null;
    if (store.host) rows.show(facts(store.host));
  }
}

/** @param {Host} host @returns {[string, HostFact][]} */
function facts(host) {
  const memory = left(host.memory_available_bytes, host.memory_total_bytes, 0);
  return [
    ["engine", engine(host)],
    ["memory", { ...memory, title: t("host.memory") }],
    ...disks(host),
  ];
}

/** @param {Host} host @returns {HostFact} */
function engine(host) {
  const isAway = store.engine === "unreachable";
  const { version, containers } = host.engine;
  const known = [version, containers === null ? null : t("host.containers", { count: containers })];
  const text = isAway ? t("host.engine.away") : known.filter(Boolean).join(" · ") || UNKNOWN;
  return { text, share: null, tone: isAway ? "bad" : null, title: t("host.engine") };
}

/** One line for each disk, and not for each folder on it. @param {Host} host @returns {[string, HostFact][]} */
function disks({ disks: [first, ...others] }) {
  if (!first) return [];
  const isSame = others.every(
    (disk) => disk.total_bytes === first.total_bytes && near(disk.free_bytes, first.free_bytes),
  );
  const shown = isSame ? [{ ...first, purpose: "all" }] : [first, ...others];
  return shown.map((disk) => [
    `disk ${disk.purpose}`,
    { ...left(disk.free_bytes, disk.total_bytes, LITTLE_DISK_BYTES), title: t(`host.disk.${disk.purpose}`) },
  ]);
}

/** They are asked one after the other, while somebody may write. @param {number|null} one @param {number|null} other */
function near(one, other) {
  return one !== null && other !== null && Math.abs(one - other) < GIB / 16;
}

/**
 * @param {number|null} free @param {number|null} total @param {number} little below this it is scarce in any case
 */
function left(free, total, little) {
  if (free === null || !total) return { text: UNKNOWN, share: null, tone: null };
  const isScarce = free / total < SCARCE_SHARE || free < little;
  const isVeryScarce = free / total < VERY_SCARCE_SHARE || free < little / 5;
  const words = t("host.left", { free: size(free), total: size(total) });
  return {
    text: isScarce ? `${words} · ${t("host.scarce")}` : words,
    share: 1 - free / total,
    tone: isVeryScarce ? "bad" : isScarce ? "busy" : null,
  };
}

/** @param {HostFact} fact @returns {import("../dom.js").Row} */
function hostFact({ title }) {
  const value = el("span");
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  const element = el("div", {}, el("dt", {}, title), el("dd", {}, value, bar));
  return { element, update };

  /** @param {HostFact} fact */
  function update({ text, share, tone }) {
    setText(value, text);
    setData(element, "tone", tone);
    bar.hidden = share === null;
    bar.style.setProperty("--share", String(share ?? 0));
  }
}
