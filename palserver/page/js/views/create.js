/** A new server: the form for it, which is there again as it was filled in where it could not be made. */

import { createInstance, getCreation } from "../api/calls.js";
import { el, setText } from "../dom.js";
import { has, t } from "../i18n.js";
import { jobTruth } from "../status.js";
import { store } from "../store.js";
import { startedHere } from "./actions.js";
import { awaited } from "./awaited.js";
import { checked, readVariables, sayProblems } from "./checked.js";
import { fillIn, forgetDraft, keepDraft } from "./create_draft.js";
import { creationProgress } from "./create_progress.js";
import { toggle } from "./fields.js";

/** @typedef {import("../types.js").Job} Job */
/** @typedef {import("../types.js").CreationForm} CreationForm */
/** @typedef {import("./create_progress.js").Making} Making */
/** @typedef {{element: HTMLElement, showFailure: (job: Job) => void}} Form */

const NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9_\\-]{1,31}";
const GIB = 2 ** 30;
const PORTS = ["game_port", "query_port", "rest_port"];
const OTHER = "";

/** @returns {import("../types.js").View} */
export function createView() {
  const words = el("p", { class: "soft", role: "status" }, t("create.looking"));
  const back = el("a", { class: "back", href: "#/" }, t("server.back"));
  const title = el("h1", { tabindex: "-1" }, t("create.title"));
  const place = el("div", { class: "create" }, words);
  /** @type {(() => void)|null} */
  let follow = null;
  const close = awaited(getCreation, {
    show: (form) => place.replaceChildren(creationForm(form, show).element),
    fail: (why) => setText(words, why),
  });
  return {
    title: t("create.title"),
    element: el("section", { class: "stack" }, back, title, place),
    update: () => follow?.(),
    close,
  };

  /** @param {Making} made @param {Form} form */
  function show(made, form) {
    const progress = creationProgress(made, (job) => {
      follow = null;
      place.replaceChildren(form.element);
      form.showFailure(job);
    });
    follow = progress.update;
    place.replaceChildren(progress.element);
    progress.element.querySelector("h2")?.focus();
    follow();
  }
}

/** @param {CreationForm} form @param {(made: Making, form: Form) => void} show @returns {Form} */
function creationForm(form, show) {
  const fields = makeFields(form);
  const open = toggle(t("create.open"), { testid: "create-open" }, showOpen);
  const isOpen = /** @type {HTMLInputElement} */ (open.querySelector("input"));
  const inputs = { open: isOpen, ...Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.input])) };
  const problem = el("p", { class: "problem", role: "alert" });
  const button = el("button", { type: "submit", class: "primary", testid: "create-submit" }, t("create.submit"));
  const leave = el("a", { class: "button", href: "#/", testid: "create-cancel", click: forgetDraft }, t("confirm.cancel"));
  const parts = [
    group("create.game", [fields.name, fields.server_name, fields.max_players]),
    group("create.image_group", [fields.image, fields.tag, fields.own_image, fields.saved_path, fields.world]),
    group("create.passwords", [fields.server_password, open, fields.admin_password]),
    group("create.ports", [fields.game_port, fields.query_port, fields.rest_port], t("create.ports.hint")),
    group("create.more", [fields.memory_limit_bytes, fields.time_zone, fields.environment]),
  ];
  const listeners = { submit: send, input: keep, change: keep };
  const element = el("form", { class: "create-form", ...listeners }, parts, problem, el("div", { class: "row" }, button, leave));
  element.addEventListener("invalid", () => setText(problem, ""), true); // what was said of the last try
  fields.image.input.addEventListener("change", showImage);
  fillIn(inputs);
  showImage();
  fillIn(inputs); // the version as well, which the image had proposed
  showOpen(isOpen.checked);
  return { element, showFailure };

  function keep() {
    keepDraft(inputs);
  }

  /** @param {boolean} isOn */
  function showOpen(isOn) {
    fields.server_password.input.disabled = isOn;
  }

  function showImage() {
    const { value } = fields.image.input;
    const known = form.images.find((image) => image.reference === value);
    fields.tag.element.hidden = !known;
    fields.own_image.element.hidden = fields.saved_path.element.hidden = Boolean(known);
    fields.query_port.element.hidden = Boolean(known) && !known?.has_query_port;
    for (const name of ["tag", "own_image", "saved_path", "query_port"])
      fields[name].input.disabled = fields[name].element.hidden; // nobody can mend what he does not see
    if (known) fields.tag.input.value = known.reference.split(":").at(-1);
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    setText(problem, "");
    button.disabled = true;
    try {
      const body = readBody(fields, isOpen.checked);
      const { job, generated } = await createInstance(body);
      forgetDraft();
      startedHere.add(job.id);
      store.addJob(job);
      show({ name: body.name, job, generated }, { element, showFailure });
    } catch (error) {
      const named = { ...fields };
      if (!fields.own_image.element.hidden) named.image = fields.own_image;
      setText(problem, sayProblems(error, named));
    } finally {
      button.disabled = false;
    }
  }

  /** What came of it, in the form as it was filled in; a port that was taken stands out. @param {Job} job */
  function showFailure(job) {
    const port = job.error?.key === "port_in_use" ? job.error.detail.match(/\d+/)?.[0] : undefined;
    const taken = PORTS.find((name) => fields[name].input.value.trim() === port);
    keep();
    setText(problem, jobTruth(job));
    if (taken) fields[taken].say(t("create.problem.port_in_use"));
    fields[taken ?? "name"].input.focus();
  }
}

/** @param {CreationForm} form @returns {Object<string, import("./checked.js").Checked>} */
function makeFields(form) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const images = form.images.map(({ reference }) => [reference, reference.replace(/:latest$/, "")]);
  const worlds = form.worlds.map(({ volume, instance }) => [volume, `${instance} (${volume})`]);
  const ports = PORTS.map((name) => [name, portField(name, form.ports[name])]);
  const world = picked("world", [["", t("create.world.new")], ...worlds]);
  world.element.hidden = worlds.length === 0;
  return {
    name: typed(
      "name",
      { required: true, pattern: NAME_PATTERN, maxlength: 32 },
      t("create.name.hint"),
    ),
    server_name: typed("server_name", { maxlength: 200 }),
    max_players: typed("max_players", { type: "number", min: 1, max: 32, placeholder: "32" }),
    image: picked("image", [...images, [OTHER, t("create.image.other")]]),
    tag: typed("tag", { maxlength: 128, value: "latest", required: true }),
    own_image: typed("own_image", { maxlength: 255, required: true }),
    saved_path: typed("saved_path", { maxlength: 255, placeholder: "/palworld/Pal/Saved" }, t("create.saved_path.hint")),
    world,
    server_password: typed("server_password", { maxlength: 200 }, t("create.password.hint")),
    admin_password: typed("admin_password", { maxlength: 200 }, t("create.password.hint")),
    ...Object.fromEntries(ports),
    memory_limit_bytes: typed("memory_limit_bytes", { type: "number", min: 0.5, step: "any" }, t("create.memory.hint")),
    time_zone: typed("time_zone", { maxlength: 64, value: zone }),
    environment: checked(
      t("create.environment"),
      el("textarea", { rows: 3, spellcheck: "false", testid: "create-environment", placeholder: "COMMUNITY=true" }),
      t("create.environment.hint"),
    ),
  };
}

/** @param {string} name @param {Object<string, any>} attributes @param {string} [hint] */
function typed(name, attributes, hint) {
  const input = el("input", { autocomplete: "off", testid: `create-${name}`, ...attributes });
  return checked(t(`create.${name}`), input, hint, has(`create.problem.${name}`) ? t(`create.problem.${name}`) : "");
}

/** @param {string} name @param {string[][]} choices */
function picked(name, choices) {
  const options = choices.map(([value, text]) => el("option", { value }, text));
  return checked(t(`create.${name}`), el("select", { testid: `create-${name}` }, options));
}

/** @param {string} name @param {number} port that is free now: whoever does not mind gets it, or the next one */
function portField(name, port) {
  const hint = name === "rest_port" ? t("create.rest_port.hint") : "";
  return typed(name, { type: "number", min: 1, max: 65535, placeholder: port }, hint);
}

/** @param {string} title @param {any[]} fields @param {string} [hint] */
function group(title, fields, hint) {
  const parts = fields.map((field) => field.element ?? field);
  const words = hint ? el("p", { class: "hint group-hint" }, hint) : null;
  return el("fieldset", {}, el("legend", {}, t(title)), words, el("div", { class: "fields" }, parts));
}

/** What was filled in; what was not is left out. @param {Object<string, any>} fields @param {boolean} isOpen */
function readBody(fields, isOpen) {
  const value = (/** @type {string} */ name) => (fields[name].element.hidden ? "" : fields[name].input.value.trim());
  const number = (/** @type {string} */ name) => Number(value(name)) || undefined;
  const known = fields.image.input.value;
  /** @type {Object<string, any>} */
  const body = {
    name: value("name"),
    image: known === OTHER ? value("own_image") : `${known.split(":")[0]}:${value("tag")}`,
    saved_path: value("saved_path"),
    world: value("world"),
    server_name: value("server_name"),
    max_players: number("max_players"),
    admin_password: fields.admin_password.input.value,
    memory_limit_bytes: number("memory_limit_bytes") && Math.round(Number(value("memory_limit_bytes")) * GIB),
    time_zone: value("time_zone"),
    environment: readVariables(fields.environment.input.value),
    server_password: isOpen ? undefined : fields.server_password.input.value,
  };
  for (const name of PORTS) body[name] = number(name);
  const given = Object.entries(body).filter(([, answer]) => answer !== "" && answer !== undefined);
  return { ...Object.fromEntries(given), name: body.name, ...(isOpen && { server_password: "" }) };
}
