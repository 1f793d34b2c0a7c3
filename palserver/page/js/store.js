/** What the page knows of the servers, and since when. Views read it and are told when it changed. */

import { Trend } from "./trends.js";

/** @typedef {import("./types.js").Instance} Instance */
/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {import("./types.js").Job} Job */

const SAMPLES_KEPT = 300; // five minutes at one a second
const ENDED_JOBS_KEPT = 100;
const RUNNING_STATES = new Set(["queued", "running"]);

/** @param {Job} job */
export function isRunning(job) {
  return RUNNING_STATES.has(job.state);
}

class Store extends EventTarget {
  /** @type {"connecting"|"live"|"down"} */
  connection = "connecting";
  /** @type {number|null} when something last came from the server, by the reader's clock */
  heardAt = null;
  /** @type {"ok"|"unreachable"|null} null until it is known */
  engine = null;
  /** @type {import("./types.js").Host|null} */
  host = null;
  /** @type {Map<string, Instance>} */
  instances = new Map();
  /** @type {Map<string, Sample[]>} oldest first, gathered while the page is open */
  samples = new Map();
  /** @type {Map<string, Trend>} */
  trends = new Map();
  /** @type {Map<string, Job>} */
  jobs = new Map();
  #isTelling = false;

  /** Calls `listener` once a frame at most, however much has changed. @param {() => void} listener */
  subscribe(listener) {
    this.addEventListener("change", listener);
    return () => this.removeEventListener("change", listener);
  }

  /** @returns {Instance[]} by name */
  list() {
    return [...this.instances.values()].sort((one, other) => one.name.localeCompare(other.name));
  }

  /** @param {string} name @returns {Sample|null} */
  latestSample(name) {
    return this.samples.get(name)?.at(-1) ?? null;
  }

  /** @returns {number} since the last word of a connection that is lost; 0 while there is one */
  silentSeconds() {
    if (this.connection !== "down" || this.heardAt === null) return 0;
    return Math.max(0, (Date.now() - this.heardAt) / 1000);
  }

  /** @param {Store["connection"]} connection */
  setConnection(connection) {
    this.connection = connection;
    this.changed();
  }

  /** Everything at once, in the place of all that was known. @param {any} snapshot */
  setAll(snapshot) {
    this.instances = new Map(snapshot.instances.map((/** @type {Instance} */ one) => [one.name, one]));
    this.jobs = new Map(snapshot.jobs.map((/** @type {Job} */ job) => [job.id, job]));
    for (const name of this.samples.keys()) if (!this.instances.has(name)) this.samples.delete(name);
    this.trends = new Map(
      snapshot.trends.map((/** @type {any} */ kept) => [kept.instance, Trend.of(kept)]),
    );
    for (const sample of snapshot.samples) this.addSample(sample);
    this.engine = snapshot.engine.status;
    this.host = snapshot.host;
    this.setConnection("live");
  }

  /** @param {Instance} instance */
  setInstance(instance) {
    this.instances.set(instance.name, instance);
    this.changed();
  }

  /** @param {string} name */
  removeInstance(name) {
    this.instances.delete(name);
    this.samples.delete(name);
    this.trends.delete(name);
    this.changed();
  }

  /** @param {Sample} sample */
  addSample(sample) {
    const name = sample.instance ?? "";
    const kept = this.samples.get(name) ?? [];
    if (kept.at(-1)?.sampled_at === sample.sampled_at) return;
    kept.push(sample);
    if (kept.length > SAMPLES_KEPT) kept.shift();
    this.samples.set(name, kept);
    const trend = this.trends.get(name) ?? new Trend();
    trend.add(sample);
    this.trends.set(name, trend);
    this.changed();
  }

  /** @param {Job} job */
  setJob(job) {
    this.jobs.set(job.id, job);
    const instance = this.instances.get(job.instance);
    if (instance) this.#attach(instance, job);
    this.#forgetOldJobs();
    this.changed();
  }

  /** A job from an answer, which may have been overtaken by an event on the way. @param {Job} job */
  addJob(job) {
    if (!this.jobs.has(job.id)) this.setJob(job);
  }

  /** @param {"ok"|"unreachable"} status */
  setEngine(status) {
    this.engine = status;
    this.changed();
  }

  /** @param {import("./types.js").Host} host */
  setHost(host) {
    this.host = host;
    this.changed();
  }

  clear() {
    this.connection = "connecting";
    this.engine = this.heardAt = this.host = null;
    for (const known of [this.instances, this.samples, this.trends, this.jobs]) known.clear();
    this.changed();
  }

  changed() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    requestAnimationFrame(() => {
      this.#isTelling = false;
      this.dispatchEvent(new Event("change"));
    });
  }

  /** An instance shows its job as it is now, not as it was when the instance was last sent. */
  #attach(/** @type {Instance} */ instance, /** @type {Job} */ job) {
    if (isRunning(job)) instance.job = job;
    else if (instance.job?.id === job.id) instance.job = null;
  }

  #forgetOldJobs() {
    const ended = [...this.jobs.values()].filter((job) => !isRunning(job));
    for (const job of ended.slice(0, -ENDED_JOBS_KEPT)) this.jobs.delete(job.id);
  }
}

export const store = new Store();
