/** `/api/docs`: shows `/api/openapi.json` to people. A page of its own, loaded by nobody else. */

import { el, setText } from "../dom.js";
import { field, prose, shape, useTypes } from "./shapes.js";

/** @typedef {import("./shapes.js").Json} Json */
/** @typedef {{tag: string, element: HTMLDetailsElement, words: string}} Card */

const PROBLEM = "application/problem+json";

async function start() {
  const answer = await fetch("./openapi.json");
  if (!answer.ok) throw new Error(`${answer.status}`);
  const api = await answer.json();
  useTypes(api.components.schemas);
  const cards = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => cardsOf(path, method, operation)),
  );
  const groups = api.tags.map((tag) => group(tag, cards));
  const side = el("nav", { "aria-label": "Parts" }, finder(cards, groups), links(api.tags));
  document.body.replaceChildren(head(api), el("div", { class: "columns" }, side, el("main", {}, groups)));
  window.addEventListener("hashchange", openTarget);
  openTarget();
}

/** An address with a hash leads to a card, opened. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

/** @param {Json} api */
function head(api) {
  const source = el("a", { href: "./openapi.json" }, `OpenAPI ${api.openapi}`);
  return el(
    "header",
    {},
    el("h1", {}, `${api.info.title} API `, el("small", {}, api.info.version)),
    el("p", { class: "soft" }, prose(api.info.description)),
    el("p", {}, source, " · ", el("a", { href: "../" }, "The panel")),
  );
}

/** @param {Json[]} tags */
function links(tags) {
  return el("ul", {}, tags.map(({ name }) => el("li", {}, el("a", { href: `#part-${name}` }, name))));
}

/** @param {Card[]} cards @param {HTMLElement[]} groups */
function finder(cards, groups) {
  const attributes = { type: "search", placeholder: "Find a call", "aria-label": "Find a call", input: find };
  const input = el("input", attributes);
  const counted = el("p", { class: "soft", role: "status" });
  function find() {
    const wanted = input.value.toLowerCase().trim().split(/\s+/);
    for (const { element, words } of cards) {
      element.hidden = !wanted.every((word) => words.includes(word));
    }
    for (const part of groups) part.hidden = part.querySelector(".card:not([hidden])") === null;
    setText(counted, `${cards.filter(({ element }) => !element.hidden).length} of ${cards.length} calls`);
  }
  find();
  return [input, counted];
}

/** @param {Json} tag @param {Card[]} cards */
function group(tag, cards) {
  const own = cards.filter((card) => card.tag === tag.name).map((card) => card.element);
  const words = el("p", { class: "soft" }, prose(tag.description));
  return el("section", { id: `part-${tag.name}` }, el("h2", {}, tag.name), words, own);
}

/**
 * What one method of a path does, and the socket that may stand beside it.
 * @param {string} path @param {string} method @param {Json} operation @returns {Card[]}
 */
function cardsOf(path, method, operation) {
  const socket = operation["x-websocket"];
  const tag = operation.tags[0];
  const isCall = socket?.operationId !== operation.operationId;
  return [
    ...(isCall ? [makeCard(tag, method, path, operation, () => callParts(operation))] : []),
    ...(socket ? [makeCard(tag, "ws", path, socket, () => socketParts(socket, operation))] : []),
  ];
}

/**
 * A line that opens. What is inside is made when it is first opened: few of them ever are.
 * @param {string} tag @param {string} method @param {string} path @param {Json} call @param {() => any} parts
 * @returns {Card}
 */
function makeCard(tag, method, path, call, parts) {
  const id = call.operationId;
  const role = call["x-role"];
  const line = el(
    "summary",
    {},
    el("span", { class: "method", "data-method": method }, method.toUpperCase()),
    el("code", { class: "path" }, path),
    el("span", { class: "what soft" }, prose(call.summary)),
    el("span", { class: "role", "data-role": role }, role),
  );
  const element = el("details", { class: "card", id, toggle: fill }, line);
  function fill() {
    if (!element.open || element.children.length > 1) return;
    const link = el("a", { href: `#${id}` }, `#${id}`);
    const words = call.description ? el("p", {}, prose(call.description)) : null;
    element.append(el("div", { class: "inside" }, words, parts(), el("p", {}, link)));
  }
  return { tag, element, words: `${method} ${path} ${call.summary} ${id} ${role}`.toLowerCase() };
}

/** @param {Json} operation */
function callParts(operation) {
  const body = operation.requestBody;
  const answers = Object.entries(operation.responses).filter(
    ([status, answer]) => status !== "101" && !isProblem(answer),
  );
  return [
    parameters(operation.parameters),
    body ? part(body.required ? "Body" : "Body, may be left out", content(body.content, true)) : null,
    answers.map(([status, answer]) => part(`${status} ${answer.description}`, content(answer.content, false))),
    part("Problems", problems(operation.responses)),
  ];
}

/** @param {Json} socket @param {Json} operation */
function socketParts(socket, operation) {
  const closes = Object.entries(socket.closes).map(([code, why]) => problem(code, why));
  const isAlone = operation.operationId === socket.operationId;
  return [
    parameters(socket.parameters),
    part("Messages", shape(socket.messages)),
    part("Closed with", el("ul", { class: "problems" }, closes)),
    isAlone ? part("Problems, instead of a socket", problems(operation.responses)) : null,
  ];
}

/** @param {string} title @param {any} inside null: there is none */
function part(title, inside) {
  return el("section", {}, el("h3", {}, title), inside ?? el("p", { class: "soft" }, "None."));
}

/** @param {Json} answer whether it can be nothing but a problem */
function isProblem(answer) {
  const media = Object.keys(answer.content ?? {});
  return media.length > 0 && media.every((name) => name === PROBLEM);
}

/** @param {Json} responses */
function problems(responses) {
  const listed = Object.entries(responses).filter(([, answer]) => isProblem(answer));
  return el("ul", { class: "problems" }, listed.map(([status, answer]) => problem(status, answer.description)));
}

/** @param {string} code @param {string} words a sentence on each line */
function problem(code, words) {
  const sentences = words.split("\n").map((line) => el("p", {}, prose(line)));
  return el("li", {}, el("b", {}, code), el("div", {}, sentences));
}

/** @param {Json[]} listed */
function parameters(listed) {
  if (listed.length === 0) return null;
  const rows = listed.map(({ name, schema, required, description, in: place }) =>
    field(name, { ...schema, description }, [place, required ? "required" : "optional"]),
  );
  return part("Parameters", el("ul", { class: "fields" }, rows));
}

/** @param {Json|undefined} listed by media type @param {boolean} isSent whether it goes to the panel */
function content(listed, isSent) {
  const [media, { schema } = /** @type {Json} */ ({})] = Object.entries(listed ?? {})[0] ?? [];
  if (media === undefined) return null;
  if (media === "application/json" && schema) return shape(schema, isSent);
  return el("p", {}, el("code", {}, media));
}

start().catch((error) => {
  const words = `The description could not be loaded (${error.message}). Reload the page to try again.`;
  document.body.replaceChildren(el("p", { class: "empty", role: "alert" }, words));
});
