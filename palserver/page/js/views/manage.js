/** What an admin does to a server as a whole: change what it is made from, clone it, take it away, let it leave. */

import { deleteInstance, requestTicket, listChanges, patchInstance } from "../api/calls.js";
import { el, setText } from "../dom.js";
import { size } from "../format.js";
import { phrase, t } from "../i18n.js";
import { isRunning, store } from "../store.js";
import { runJob, startedHere } from "./actions.js";
import { whoIsOn } from "./backup_words.js";
import { checked, readVariables, sayProblems } from "./checked.js";
import { ask } from "./confirm.js";
import { field, toggle } from "./fields.js";
import { notifyFailure, whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Instance} Instance */

const NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9_\\-]{1,31}";
const GIB = 2 ** 30;
/** @type {[string, string][]} each field with the port inside */
const PORTS = [
  ["game_port", "8211/udp"],
  ["query_port", "27015/udp"],
  ["rest_port", "8212/tcp"],
];

/** @param {string} name @returns {import("./server.js").Tab} */
export function manageTab(name) {
  const change = changeForm(name);
  const parts = [change.element, cloneForm(name), leaveForm(name), deleteForm(name)];
  return { element: el("div", { class: "manage" }, parts), update: change.update };
}

/** @param {string} what @param {any[]} parts */
function section(what, ...parts) {
  const lead = el("p", { class: "soft" }, t(`manage.${what}.lead`));
  return el("section", { class: "stack" }, el("h2", {}, t(`manage.${what}.title`)), lead, parts);
}

/** @param {string} name */
function changeForm(name) {
  const ports = PORTS.map(([field]) => /** @type {[string, any]} */ ([field, portField(field)]));
  const fields = {
    ...Object.fromEntries(ports),
    memory_limit_bytes: numberField("memory_limit_bytes", { min: 0, max: 1024, step: "any" }, t("manage.memory.hint")),
    environment: checked(
      t("create.environment"),
      el("textarea", { rows: 3, spellcheck: "false", testid: "change-environment" }),
      t("manage.environment.hint"),
    ),
  };
  const problem = el("p", { class: "problem", role: "alert" });
  const button = el("button", { type: "submit", testid: "change-submit" }, t("manage.change.submit"));
  const boxes = el("div", { class: "fields" }, Object.values(fields).map((one) => one.element));
  const form = el("form", { class: "stack", submit: send }, boxes, problem, button);
  let isFilled = false;
  return { element: section("change", form), update };

  /** @param {Instance} instance */
  function update(instance) {
    if (isFilled || instance.ports.length === 0) return;
    isFilled = true; // from then on the reader's
    for (const [field, inside] of PORTS) {
      const port = instance.ports.find((one) => one.container === inside)?.host_port;
      if (!fields[field].input.value) fields[field].input.value = fields[field].input.defaultValue = String(port ?? "");
    }
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    setText(problem, "");
    button.disabled = true;
    try {
      const body = readChanges(fields);
      const found = await listChanges(name, body);
      if (found.changes.length === 0) setText(problem, t("manage.change.nothing"));
      else if (await askToChange(name, found)) begin(await patchInstance(name, body));
    } catch (error) {
      setText(problem, sayProblems(error, fields));
    } finally {
      button.disabled = false;
    }
  }
}

/** @param {import("../types.js").Job} job */
function begin(job) {
  startedHere.add(job.id);
  store.addJob(job);
}

/** @param {Object<string, any>} fields what differs from what was there when the form was filled */
function readChanges(fields) {
  /** @type {Object<string, any>} */
  const body = {};
  for (const [field] of PORTS) {
    const { value, defaultValue } = fields[field].input;
    if (value && value !== defaultValue) body[field] = Number(value);
  }
  const memory = fields.memory_limit_bytes.input.value;
  if (memory !== "") body.memory_limit_bytes = Number(memory) ? Math.round(Number(memory) * GIB) : null;
  const variables = readVariables(fields.environment.input.value);
  if (Object.keys(variables).length) body.environment = variables;
  return body;
}

/** @param {string} name @param {import("../types.js").ChangeList} found */
function askToChange(name, { changes, compose_file_stays: staysBehind }) {
  const rows = changes.map((change) => el("li", { testid: `change-${change.field}` }, changeText(change)));
  return ask({
    title: phrase("manage.change.question", { name }),
    body: [
      el("ul", { class: "change-list" }, rows),
      el("p", {}, t("manage.change.what")),
      staysBehind ? el("p", { class: "strong", testid: "change-compose" }, t("manage.change.compose", { name })) : null,
    ],
    confirm: t("manage.change.yes"),
  });
}

/** @param {import("../types.js").Change} change @returns {Node[]} */
function changeText({ field, before, after }) {
  const [kind, variable] = field.startsWith("environment.") ? ["", field.slice(12)] : [field, ""];
  const what = variable || t(`create.${kind}`);
  if (before === undefined) return phrase("manage.change.secret", { what });
  return phrase("manage.change.row", { what, before: valueText(field, before), after: valueText(field, after) });
}

/** @param {string} field @param {string|null|undefined} value */
function valueText(field, value) {
  if (value === null || value === undefined) return t("manage.change.none");
  return field === "memory_limit_bytes" ? size(Number(value)) : value;
}

/** @param {string} name */
function cloneForm(name) {
  const input = el("input", { required: true, pattern: NAME_PATTERN, maxlength: 32, autocomplete: "off", testid: "clone-name", title: t("create.problem.name") });
  const named = checked(t("clone.name"), input);
  let hasWorld = true;
  const world = toggle(t("clone.world"), { checked: true, testid: "clone-world" }, (isOn) => {
    hasWorld = isOn;
  });
  const button = el("button", { type: "submit", testid: "clone-submit" }, t("clone.submit"));
  const form = el("form", { class: "row", submit: send }, named.element, world, button);
  return section("clone", form);

  /** @param {Event} event */
  function send(event) {
    event.preventDefault();
    whileWorking(button, () => runJob(name, "clone", { name: input.value.trim(), world: hasWorld }));
  }
}

/** @param {string} name */
function leaveForm(name) {
  const button = el("button", { type: "button", testid: "compose" }, t("manage.leave.submit"));
  button.addEventListener("click", () =>
    whileWorking(button, async () => {
      const ticket = await requestTicket();
      const address = `api/instances/${encodeURIComponent(name)}/compose?ticket=${encodeURIComponent(ticket)}`;
      el("a", { href: address, download: "" }).click();
    }),
  );
  return section("leave", button);
}

/** @param {string} name */
function deleteForm(name) {
  const kinds = ["keep", "delete", "forget"];
  const choices = kinds.map((kind) => {
    const radio = el("input", { type: "radio", name: "data", value: kind, checked: kind === "keep", testid: `delete-${kind}` });
    return el("label", { class: "toggle" }, radio, el("span", {}, t(`delete.${kind}`)));
  });
  const button = el("button", { type: "submit", class: "danger", testid: "delete-submit" }, t("delete.submit"));
  const boxes = el("fieldset", {}, el("legend", { class: "unseen" }, t("delete.what")), choices);
  const form = el("form", { class: "stack", submit: send }, boxes, button);
  return section("delete", form);

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    const kind = String(new FormData(form).get("data"));
    if (!(await askToDelete(name, kind))) return;
    try {
      const job = await deleteInstance(name, kind);
      if (isRunning(job)) begin(job);
      location.hash = "#/";
    } catch (error) {
      notifyFailure(error);
    }
  }
}

/** A world is deleted only by somebody who types its server's name. @param {string} name @param {string} kind */
function askToDelete(name, kind) {
  const body = [el("p", {}, t(`delete.${kind}.what`))];
  if (kind !== "forget") body.unshift(el("p", { class: "strong" }, whoIsOn(name)));
  if (kind === "delete") {
    const typed = field(t("delete.type"), { required: true, testid: "delete-name" });
    const check = () => typed.input.setCustomValidity(typed.input.value === name ? "" : t("delete.type.wrong"));
    typed.input.addEventListener("input", check);
    check();
    body.push(typed.element);
  }
  const isDangerous = kind !== "forget";
  return ask({ title: phrase(`delete.${kind}.title`, { name }), body, confirm: t(`delete.${kind}.yes`), isDangerous });
}

/** @param {string} name */
function portField(name) {
  return numberField(name, { min: 1, max: 65535 }, name === "rest_port" ? t("create.rest_port.hint") : "");
}

/** @param {string} name @param {Object<string, any>} limits @param {string} hint */
function numberField(name, limits, hint) {
  const input = el("input", { type: "number", autocomplete: "off", testid: `change-${name}`, ...limits });
  return checked(t(`create.${name}`), input, hint);
}
