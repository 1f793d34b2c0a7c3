/** Containers that look like Palworld servers and are not looked after yet. */

import { adopt, listAdoptable } from "../api/calls.js";
import { el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { serverAddress } from "../router.js";
import { containerStatus } from "../status.js";
import { store } from "../store.js";
import { awaited } from "./awaited.js";
import { field } from "./fields.js";
import { notify, whileWorking } from "./notice.js";

/** @typedef {import("../types.js").Adoptable} Adoptable */

const NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9_\\-]{1,31}";

/** @returns {import("../types.js").View} */
export function adoptView() {
  const words = el("p", { class: "soft", role: "status" }, t("adopt.looking"));
  const list = el("ul", { class: "adoptable" });
  const back = el("a", { class: "back", href: "#/" }, t("server.back"));
  const title = el("h1", { tabindex: "-1" }, t("adopt.title"));
  const lead = el("p", { class: "soft" }, t("adopt.lead"));
  const create = el("a", { href: "#/create" }, t("adopt.create"));
  return {
    title: t("adopt.title"),
    element: el("section", { class: "stack" }, back, title, lead, words, list, create),
    close: awaited(listAdoptable, { show, fail: (why) => setText(words, why) }),
  };

  /** @param {Adoptable[]} found */
  function show(found) {
    setText(words, found.length ? t("adopt.found", { count: found.length }) : t("adopt.none"));
    list.replaceChildren(...found.map(adoptForm));
  }
}

/** @param {Adoptable} found */
function adoptForm({ container, image, state, suggested_name }) {
  const limits = { pattern: NAME_PATTERN, maxlength: 32, required: true, invalid: t("invalid.name") };
  const name = field(t("adopt.name"), { ...limits, value: suggested_name, testid: "adopt-name" });
  const button = el(
    "button",
    { type: "submit", class: "primary", testid: `adopt-${container}` },
    t("adopt.button"),
  );
  const about = `${t(`state.${containerStatus(state)[0]}`)} · ${image}`;
  const identity = el(
    "div",
    { class: "identity" },
    el("h2", {}, el("bdi", {}, container)),
    el("p", { class: "soft" }, about),
  );
  const form = el("form", { class: "row" }, identity, name.element, button);
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    whileWorking(button, async () => {
      const instance = await adopt(container, name.input.value.trim());
      store.setInstance(instance);
      notify(t("adopt.done"));
      location.hash = serverAddress(instance.name);
    });
  });
  return el("li", {}, form);
}
