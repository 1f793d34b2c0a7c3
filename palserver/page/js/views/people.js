/** Who may sign in, and what each may do; for admins. */

import { listUsers } from "../api/calls.js";
import { currentUser } from "../api/session.js";
import { el, KeyedList, setText } from "../dom.js";
import { moment } from "../format.js";
import { t } from "../i18n.js";
import { agoInMinutes } from "./ago.js";
import { asked } from "./asked.js";
import { catchFocus, holdingFocus } from "./focus.js";
import { peopleNav } from "./people_nav.js";
import { add, changeRole, remove, setPassword } from "./people_orders.js";

/** @typedef {import("../types.js").Account} Account */
/** @typedef {{account: Account, isOnlyAdmin: boolean}} Person */

const COLUMNS = ["role", "last", "since"];

/** @returns {import("../types.js").View} */
export function peopleView() {
  const heading = el("h1", { tabindex: "-1" }, t("people.title"));
  const words = el("p", { class: "soft", role: "status" }, t("coming.waiting"));
  const addButton = el(
    "button",
    { type: "button", class: "primary", testid: "add-user", click: () => run(add) },
    t("people.add"),
  );
  const top = el("div", { class: "headline" }, el("div", {}, heading, words), addButton);
  const body = el("tbody");
  const table = el("table", { class: "roster people", hidden: true }, tableHead(), body);
  const rows = new KeyedList(body, (person) => personRow(person, run));
  /** @type {Account[]|null} */
  let known = null;
  const asking = asked("users", { ask: listUsers, show, fail });
  return {
    title: t("people.title"),
    element: el("section", {}, peopleNav("people"), top, table),
    update: showRows,
    close: asking.close,
  };

  /** @param {() => Promise<boolean>} order */
  async function run(order) {
    const isChanged = await order();
    if (!currentUser()) return;
    if (isChanged) await asking.again();
    catchFocus(heading);
  }

  /** @param {Account[]} accounts */
  function show(accounts) {
    known = accounts;
    holdingFocus(body, heading, showRows);
    table.hidden = false;
    table.classList.remove("is-old");
    setText(words, t("people.count", { count: accounts.length }));
  }

  /** @param {string} why */
  function fail(why) {
    table.classList.add("is-old");
    setText(words, why);
  }

  function showRows() {
    if (known === null) return;
    const admins = known.filter((account) => account.role === "admin").length;
    rows.show(
      known.map((account) => [
        account.username,
        { account, isOnlyAdmin: account.role === "admin" && admins === 1 },
      ]),
    );
  }
}

function tableHead() {
  const titles = ["name", ...COLUMNS].map((column) => el("th", { scope: "col" }, t(`people.${column}`)));
  const orders = el("th", { scope: "col" }, el("span", { class: "unseen" }, t("people.orders")));
  return el("thead", {}, el("tr", {}, titles, orders));
}

/** @param {Person} first @param {(order: () => Promise<boolean>) => void} run */
function personRow(first, run) {
  const { username } = first.account;
  const isMe = username === currentUser()?.username;
  const note = el("span", { class: "soft second-line", id: `note-${username}` });
  const cells = COLUMNS.map((column) => el("td", { "data-label": t(`people.${column}`) }));
  let account = first.account;
  const order = (/** @type {string} */ name, /** @type {(of: Account) => Promise<boolean>} */ work) =>
    el(
      "button",
      {
        type: "button",
        class: "small",
        testid: `${name}-${username}`,
        click: () => run(() => work(account)),
      },
      t(`people.${name}`),
      el("span", { class: "unseen" }, ` ${username}`),
    );
  const role = order("change_role", changeRole);
  const password = isMe ? null : order("set_password", setPassword);
  const removal = order("remove", remove);
  removal.classList.add("danger");
  const orders = el("td", { class: "orders" }, role, password, removal);
  const element = el(
    "tr",
    { testid: `person-${username}` },
    el("th", { scope: "row" }, el("bdi", { title: username }, username), note),
    cells,
    orders,
  );
  return { element, update };

  /** @param {Person} now */
  function update(now) {
    account = now.account;
    setText(note, noteText(now, isMe));
    const last = account.last_login_at === null ? t("people.never") : agoInMinutes(account.last_login_at);
    [t(`role.${account.role}`), last, moment(account.created_at)].forEach((text, index) =>
      setText(cells[index], text),
    );
    for (const button of [role, removal]) {
      button.disabled = now.isOnlyAdmin;
      if (now.isOnlyAdmin) button.setAttribute("aria-describedby", note.id);
      else button.removeAttribute("aria-describedby");
    }
  }
}

/** @param {Person} person @param {boolean} isMe */
function noteText({ account, isOnlyAdmin }, isMe) {
  const words = [];
  if (isMe) words.push(t("people.you"));
  if (account.must_change_password) words.push(t("people.must_change"));
  if (isOnlyAdmin) words.push(t("people.only_admin"));
  return words.join(" ");
}
