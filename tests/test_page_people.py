"""Accounts, sessions, the audit trail and the players, as people meet them on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from palserver.web.audit import READING_METHODS, UNRECORDED
from palserver.web.page import FOLDER
from tests.browser import reload, sign_in, visiting
from tests.game import Game
from tests.looks import IN_BOTH_LOOKS, PHONE
from tests.panel import FIRST_PASSWORD, PASSWORD, Panel
from tests.people import SIGNED_OUT, enter, go_to, problem_of
from tests.routes import list_routes

REFUSED = "status of 40[09]"
STOPPING = "status of (409|502)"


@pytest.fixture
def mia(panel: Panel) -> Iterator[str]:
    """An operator who has a password of her own."""
    panel.add_user("mia", "operator")
    yield "mia"
    panel.call("DELETE", "/api/users/mia")


def find_orders(game: Game, order: str) -> list[Any]:
    """The bodies of the calls by which the game was given this order."""
    calls = [call for call in game.list_calls() if call["path"] == f"/v1/api/{order}"]
    return [json.loads(call["body"] or "null") for call in calls]


def height_of(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["height"]


@IN_BOTH_LOOKS
def test_somebody_is_added_and_comes_in(chromium, page, panel, say, look):
    """The password that was made up is shown once, lets its user in, and has to be changed by him."""
    page.get_by_test_id("account").click()
    page.get_by_test_id("to-people").click()
    page.get_by_test_id("add-user").click()
    page.get_by_test_id("person-username").fill("달빛여우")
    page.get_by_test_id("choose-operator").check()
    page.get_by_test_id("make-up").click()
    page.get_by_test_id("confirm").click()
    password = page.get_by_test_id("handed-password").input_value()
    assert len(password) >= 16
    page.get_by_test_id("close").click()
    row = page.get_by_test_id("person-달빛여우")
    expect(row).to_contain_text(say("role.operator"))
    expect(row).to_contain_text(say("people.must_change"))
    with visiting(chromium, panel.url, **look.options) as theirs:
        sign_in(theirs, "달빛여우", password)
        theirs.get_by_test_id("new-password").fill(PASSWORD)
        theirs.keyboard.press("Enter")
        expect(theirs.get_by_role("heading", level=1)).to_have_text(say("home.empty"))
    panel.call("DELETE", "/api/users/달빛여우")


@IN_BOTH_LOOKS
def test_a_role_is_changed_and_the_last_admin_keeps_hers(page, panel, mia, say):
    """While there is one admin only, the page says why she stays it; with two, either may be made less."""
    go_to(page, panel, "people")
    own, hers = page.get_by_test_id("person-admin"), page.get_by_test_id(f"person-{mia}")
    expect(own).to_contain_text(say("people.only_admin"))
    for order in ("change_role", "remove"):
        expect(page.get_by_test_id(f"{order}-admin")).to_be_disabled()
    page.get_by_test_id(f"change_role-{mia}").click()
    page.get_by_test_id("choose-admin").check()
    page.get_by_test_id("confirm").click()
    expect(hers).to_contain_text(say("role.admin"))
    expect(own).not_to_contain_text(say("people.only_admin"))
    expect(page.get_by_test_id("remove-admin")).to_be_enabled()
    roles = {user["username"]: user["role"] for user in panel.get("/api/users")["users"]}
    assert roles == {"admin": "admin", mia: "admin"}


@IN_BOTH_LOOKS
def test_a_new_password_signs_out_and_a_removal_ends_all(chromium, page, panel, mia, say, look):
    """Whoever is signed in is so no longer, and who was removed cannot come back."""
    go_to(page, panel, "people")
    with visiting(chromium, panel.url, **look.options, expected=SIGNED_OUT) as theirs:
        enter(theirs, mia)
        page.get_by_test_id(f"set_password-{mia}").click()
        page.get_by_test_id("person-password").fill(FIRST_PASSWORD)
        page.get_by_test_id("confirm").click()
        page.get_by_test_id("close").click()
        expect(theirs.get_by_test_id("login-username")).to_be_visible()
        page.get_by_test_id(f"remove-{mia}").click()
        page.get_by_role("dialog").get_by_test_id("confirm").click()
        expect(page.get_by_test_id(f"person-{mia}")).to_have_count(0)
        sign_in(theirs, mia, FIRST_PASSWORD)
        expect(theirs.get_by_text(say("error.bad_credentials"))).to_be_visible()


@IN_BOTH_LOOKS
def test_what_the_server_refuses_is_said_where_it_was_typed(chromium, panel, mia, say, look):
    """A name that is taken, and a password that is wrong: the dialog stays, and so does what was typed."""
    with visiting(chromium, panel.url, **look.options, expected=REFUSED) as page:
        enter(page)
        go_to(page, panel, "people")
        page.get_by_test_id("add-user").click()
        page.get_by_test_id("person-username").fill(mia)
        page.get_by_test_id("confirm").click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(say("error.user_exists"))
        page.keyboard.press("Escape")
        go_to(page, panel, "account")
        page.get_by_test_id("current-password").fill("not the password")
        page.get_by_test_id("new-password").fill("a good new one")
        page.get_by_test_id("login-submit").click()
        expect(problem_of(page, "current-password")).to_have_text(say("invalid.current_password"))
        expect(page.get_by_test_id("current-password")).to_be_focused()


def test_what_is_missing_is_said_in_the_language_of_the_page(chromium, panel):
    """And not in that of the browser, whose bubbles nobody can translate; it goes when it is mended."""
    with visiting(chromium, panel.url) as page:
        page.get_by_test_id("language").select_option("한국어")
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        page.get_by_test_id("login-submit").click()
        expect(problem_of(page, "login-username")).to_have_text("필수 항목입니다.")
        field = page.get_by_test_id("login-username")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill("admin")
        expect(problem_of(page, "login-username")).to_be_hidden()
        expect(problem_of(page, "login-password")).to_have_text("필수 항목입니다.")
        enter(page)
        go_to(page, panel, "account")
        page.get_by_test_id("current-password").fill(PASSWORD)
        page.get_by_test_id("new-password").fill("짧다")
        page.get_by_test_id("login-submit").click()
        expect(problem_of(page, "new-password")).to_have_text("8자 이상 입력해 주십시오.")


@IN_BOTH_LOOKS
def test_one_s_sessions_are_seen_and_ended(chromium, panel, mia, say, look):
    """Each says what it is and from where; ending one signs it out at once, ending the others all of them."""
    with (
        visiting(chromium, panel.url, **look.options) as page,
        visiting(chromium, panel.url, **look.options, expected=SIGNED_OUT) as other,
    ):
        enter(other, mia)
        enter(page, mia)
        page.get_by_test_id("account").click()
        expect(page.get_by_test_id("this-session")).to_contain_text("Chrome · Linux")
        expect(page.get_by_test_id("this-session")).to_contain_text(f"{say('session.from')} 127.0.0.1")
        chromes = page.get_by_test_id("other-session").filter(has_text="Chrome")
        expect(chromes).to_have_count(1)
        chromes.get_by_test_id("end-session").click()
        expect(other.get_by_test_id("login-username")).to_be_visible()
        expect(chromes).to_have_count(0)
        for _ in range(2):
            panel.sign_in(mia)
        reload(page)
        page.get_by_test_id("end-others").click()
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("other-session")).to_have_count(0)
        expect(page.get_by_test_id("this-session")).to_be_visible()


@IN_BOTH_LOOKS
def test_one_s_own_password_is_changed(chromium, panel, mia, say, look):
    """One stays signed in, and the other sessions are gone from the list."""
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page, mia)
        page.get_by_test_id("account").click()
        expect(page.get_by_test_id("other-session").first).to_be_visible()
        page.get_by_test_id("current-password").fill(PASSWORD)
        page.get_by_test_id("new-password").fill("another one of mine")
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_text(say("password.changed"))).to_be_visible()
        expect(page.get_by_test_id("other-session")).to_have_count(0)
        expect(page.get_by_test_id("people")).to_have_count(0)
    panel.sign_in(mia, "another one of mine")


def test_the_audit_says_who_did_what_in_both_languages(page, panel, mia):
    """Newest first, older ones on demand, and a word picks out of what is there."""
    token = panel.sign_in(mia)
    for _ in range(105):
        panel.call("DELETE", "/api/users/nobody-at-all", token=token)
    go_to(page, panel, "audit")
    entries = page.get_by_test_id("audit-entry")
    expect(entries).to_have_count(100)
    texts = [mia, "Tried to remove a user", "nobody-at-all", "127.0.0.1", "Your role does not allow this."]
    for text in texts:
        expect(entries.nth(1)).to_contain_text(text)
    page.get_by_test_id("older").click()
    expect(entries.nth(105)).to_be_attached()
    page.get_by_test_id("audit-filter").fill("Signed in")
    expect(entries.filter(visible=True).first).to_contain_text("Signed in")
    expect(entries.filter(visible=True).filter(has_text="Tried to remove a user")).to_have_count(0)
    page.get_by_test_id("language").select_option("한국어")
    for text in (mia, "사용자 삭제 시도", "nobody-at-all", "이 작업을 할 권한이 없습니다."):
        expect(entries.nth(1)).to_contain_text(text)


def test_everything_the_audit_records_has_its_words(app):
    """No reader meets the name of a function."""
    words = json.loads((FOLDER / "locales/en.json").read_text("utf-8"))
    actions = {
        rule.endpoint
        for route, rule in list_routes(app)
        if route.split()[0] not in READING_METHODS and rule.endpoint not in UNRECORDED
    }
    for kind in ("action", "tried"):
        assert [action for action in sorted(actions) if f"audit.{kind}.{action}" not in words] == []


@IN_BOTH_LOOKS
def test_people_are_no_business_of_an_operator(chromium, panel, mia, say, look):
    """Neither the way there is shown, nor what is at the end of it."""
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page, mia)
        for place in ("people", "audit"):
            go_to(page, panel, place)
            expect(page.get_by_role("heading", level=1)).to_have_text(say("forbidden.title"))
        page.get_by_test_id("account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(mia)
        expect(page.get_by_test_id("to-people")).to_have_count(0)


def test_a_page_whose_code_was_dropped_comes_by_itself(chromium, panel):
    """As happens when the machine's network changes: the page says that it waits, and then is there."""
    with visiting(chromium, panel.url, expected="ERR_FAILED") as page:
        enter(page)
        page.route("**/views/people.js", lambda route: route.abort(), times=1)
        page.route("**/health", lambda route: route.abort())
        page.get_by_test_id("people").click()
        expect(page.get_by_text("No live connection yet. Trying again")).to_be_visible()
        page.unroute("**/health")
        expect(page.get_by_test_id("person-admin")).to_be_visible()
        assert page.title() == "People · PalServer"


def test_an_admin_finds_the_people_on_a_phone(chromium, panel):
    """By two touches: one's own account, and from there."""
    with visiting(chromium, panel.url, **PHONE.options) as page:
        enter(page)
        page.get_by_test_id("account").tap()
        page.get_by_test_id("to-people").tap()
        expect(page.get_by_test_id("person-admin")).to_be_visible()


@IN_BOTH_LOOKS
def test_hostile_names_neither_run_nor_break_the_layout(chromium, panel, adopted, say, look):
    """Markup, turning marks, 200 letters, nothing, nothing visible, and emoji stay in their line as text."""
    names = [
        '<img src=x onerror="document.title=1">',
        "\u202edrawkcab",
        "مرحبا",
        "x" * 200,
        "",
        "\u200b",
        "🐑" * 90,
    ]
    for name in names:
        adopted.join(name)
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page)
        go_to(page, panel, f"servers/{adopted.name}/players")
        rows = page.locator(".players tbody tr")
        expect(rows).to_have_count(len(names))
        expect(rows.locator("th").get_by_text(say("players.nameless"))).to_have_count(2)
        expect(rows.locator("img")).to_have_count(0)
        assert page.title() == f"{adopted.name} · PalServer"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        heights = [height_of(row) for row in rows.all()]
        assert max(heights) - min(heights) < 4
        for button in page.get_by_test_id("ban").all()[:4]:
            button.click()
            assert height_of(page.get_by_role("dialog")) < 500
            page.keyboard.press("Escape")


@IN_BOTH_LOOKS
def test_a_player_is_found_banned_and_unbanned(page, panel, adopted, say):
    """The search finds a name or an id; the game is told the reason, and later the id alone.

    What an id begins with is told as a platform only where that is known.
    """
    ids = ["steam_76561190000000001", "gdk_2533274800000004", "ps5_4400000000000000005"]
    ids += ["mac_0001", *(f"steam_7656119000000010{number}" for number in range(4))]
    for number, user_id in enumerate(ids):
        adopted.join(f"Player {number}", userId=user_id)
    go_to(page, panel, f"servers/{adopted.name}/players")
    rows = page.locator(".players tbody tr")
    expect(rows).to_have_count(len(ids))
    for number, platform in enumerate(("Steam", "Xbox/Store", "PS5", "mac")):
        expect(rows.nth(number).locator("td.platform")).to_have_text(platform)
    page.get_by_test_id("player-search").fill("GDK_25")
    expect(rows).to_have_count(1)
    rows.get_by_test_id("ban").click()
    page.get_by_test_id("reason").fill("그만하세요")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text(say("players.ban.done", name="Player 1"))).to_be_visible()
    assert find_orders(adopted, "ban") == [{"userid": ids[1], "message": "그만하세요"}]
    page.get_by_test_id("bans").click()
    page.get_by_test_id("unban-user").fill("not an id!")
    page.get_by_test_id("unban").click()
    expect(problem_of(page, "unban-user")).to_have_text(say("invalid.user_id"))
    page.get_by_test_id("unban-user").fill(ids[1])
    page.get_by_test_id("unban").click()
    expect(page.get_by_text(say("unban.done", name=ids[1]))).to_be_visible()
    expect(page.get_by_text(say("bans.count", count=0))).to_be_visible()
    assert find_orders(adopted, "unban") == [{"userid": ids[1]}]


# What a page waits for by the clock comes once in so many milliseconds, or never.
TIMERS = """
(everyMs) => {
  const [once, always] = [window.setTimeout, window.setInterval];
  window.setTimeout = (work, ms, ...more) => (ms >= 5000 ? 0 : once(work, ms, ...more));
  window.setInterval = (work, ms, ...more) =>
    ms < 5000 ? always(work, ms, ...more) : everyMs === null ? 0 : always(work, everyMs, ...more);
}
"""
HIDE = """
(isHidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


def note_questions(page: Page) -> list[str]:
    """A list that grows by each question who plays."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if sent.url.endswith("/players") else None)
    return asked


def test_who_comes_and_goes_is_seen_without_asking_again_and_again(page, panel, adopted):
    """The server tells it; nothing here waits for a clock of the page."""
    page.add_init_script(f"({TIMERS})(null)")
    reload(page)
    go_to(page, panel, f"servers/{adopted.name}/players")
    expect(page.get_by_text("Nobody is on it.")).to_be_visible()
    mia = adopted.join("Mia")
    expect(page.locator(".players tbody tr")).to_have_count(1)
    expect(page.locator(".vitals .players .value")).to_have_text("1")
    adopted.control("DELETE", f"/players/{mia['userId']}")
    expect(page.locator(".players tbody tr")).to_have_count(0)


def test_nobody_asks_who_plays_while_nobody_looks(page, panel, adopted):
    """What no event tells is asked for now and then; behind another tab it is not, but on coming back."""
    page.add_init_script(f"({TIMERS})(100)")
    reload(page)
    asked = note_questions(page)
    go_to(page, panel, f"servers/{adopted.name}/players")
    expect(page.get_by_text("Nobody is on it.")).to_be_visible()
    for _ in range(2):
        with page.expect_request("**/players"):
            pass
    page.evaluate(HIDE, True)
    page.wait_for_load_state("networkidle")
    before = len(asked)
    adopted.join("Mia")
    expect(page.locator(".vitals .players .value")).to_have_text("1")
    assert len(asked) == before
    page.evaluate(HIDE, False)
    expect(page.locator(".players tbody tr")).to_have_count(1)


def test_the_players_of_a_stopped_server_are_not_asked_for(visit, panel, adopted):
    """Nobody can be on it, and the page says so at once; when it is ready again, its players are shown.

    What it asks while the server stops is refused.
    """
    adopted.join("Mia")
    page = visit(panel.url, expected=STOPPING)
    enter(page)
    asked = note_questions(page)
    go_to(page, panel, f"servers/{adopted.name}/players")
    expect(page.locator(".players tbody tr")).to_have_count(1)
    expect(page.locator(".vitals .players .value")).to_have_text("1")  # it is a reason to ask as well
    adopted.container.stop()
    expect(page.get_by_text("The server is not running, so nobody is on it.")).to_be_visible()
    expect(page.locator(".players tbody tr")).to_have_count(0)
    expect(page.get_by_test_id("announce")).to_be_disabled()
    before = len(asked)
    reload(page)
    expect(page.get_by_text("The server is not running, so nobody is on it.")).to_be_visible()
    page.get_by_test_id("tab-jobs").click()
    page.get_by_test_id("tab-players").click()
    expect(page.get_by_text("The server is not running, so nobody is on it.")).to_be_visible()
    assert len(asked) == before
    adopted.start()
    adopted.join("Lamia")
    expect(page.locator(".players tbody tr")).to_contain_text("Lamia")
    expect(page.get_by_test_id("announce")).to_be_enabled()
