"""The page about people while others change what it shows, and what becomes of whoever is signed in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import sign_in, visiting
from tests.looks import DESK, IN_BOTH_LOOKS, Look
from tests.panel import FIRST_PASSWORD, PASSWORD, Panel
from tests.people import SIGNED_OUT, enter, go_to

LOST = "ERR_|WebSocket|status of 50"
REFUSED = "status of 40[39]|WebSocket"
GREY = "grayscale(1)"


@pytest.fixture
def mia(panel: Panel) -> Iterator[str]:
    """A second admin, who has a password of her own."""
    panel.add_user("mia", "admin")
    yield "mia"
    panel.call("DELETE", "/api/users/mia")


def add_user(panel: Panel, username: str, role: str = "viewer") -> None:
    user = {"username": username, "password": FIRST_PASSWORD, "role": role}
    assert panel.call("POST", "/api/users", user).status_code == 201


def change_user(panel: Panel, username: str, **changes: str) -> None:
    assert panel.call("PATCH", f"/api/users/{username}", changes).status_code == 200


def remove_user(panel: Panel, username: str) -> None:
    assert panel.call("DELETE", f"/api/users/{username}").status_code == 204


def change_database(panel: Panel, statement: str, rows: Sequence[tuple[str, ...]]) -> None:
    """While the panel is not there."""
    with closing(sqlite3.connect(panel.folder / "server/paladmin.db")) as database:
        database.executemany(statement, rows)
        database.commit()


def enter_and_listen(page: Page, username: str = "admin", look: Look = DESK) -> None:
    """Come in, and be told from then on what happens: that there is no server comes with the first word."""
    enter(page, username)
    expect(page.get_by_role("heading", level=1)).to_have_text(look.say("home.empty"))


def expect_grey(page: Page, part: Locator) -> None:
    expect(page.locator("html[data-stale]")).to_be_attached()
    expect(part).to_have_css("filter", GREY)


@IN_BOTH_LOOKS
def test_what_others_do_to_accounts_is_seen_at_once(chromium, page, panel, say):
    """Who is added appears, with the role and the sign-in of now, and goes again; nobody touches the page."""
    go_to(page, panel, "people")
    expect(page.get_by_test_id("person-admin")).to_be_visible()
    add_user(panel, "ann")
    row = page.get_by_test_id("person-ann")
    expect(row).to_contain_text(say("role.viewer"))
    expect(row).to_contain_text(say("people.never"))
    change_user(panel, "ann", role="operator")
    expect(row).to_contain_text(say("role.operator"))
    with visiting(chromium, panel.url, expected=SIGNED_OUT) as theirs:
        sign_in(theirs, "ann", FIRST_PASSWORD)
        expect(theirs.get_by_test_id("new-password")).to_be_visible()
    expect(row).not_to_contain_text(say("people.never"))
    remove_user(panel, "ann")
    expect(row).to_have_count(0)


def test_the_focus_stays_near_when_its_row_goes(page, panel):
    """Whether one has removed it oneself or somebody else has, the reader is not sent to the page's top."""
    for name in ("ann", "bob"):
        add_user(panel, name)
    go_to(page, panel, "people")
    page.get_by_test_id("change_role-ann").focus()
    remove_user(panel, "ann")
    expect(page.get_by_test_id("person-ann")).to_have_count(0)
    expect(page.get_by_role("heading", name="People")).to_be_focused()
    page.get_by_test_id("remove-bob").press("Enter")
    page.get_by_test_id("confirm").press("Enter")
    expect(page.get_by_test_id("person-bob")).to_have_count(0)
    expect(page.get_by_role("heading", name="People")).to_be_focused()


@IN_BOTH_LOOKS
def test_a_session_comes_and_goes_while_one_looks(page, panel, mia, say):
    """One that is opened or ended elsewhere is in the list or gone from it; those of others never are."""
    go_to(page, panel, "account")
    expect(page.get_by_test_id("this-session")).to_be_visible()
    others = page.get_by_test_id("other-session")
    before = others.count()
    token = panel.sign_in()
    expect(others).to_have_count(before + 1)
    panel.sign_in(mia)
    others.first.get_by_test_id("end-session").focus()
    assert panel.call("POST", "/api/auth/logout", token=token).status_code == 204
    expect(others).to_have_count(before)
    expect(page.get_by_role("heading", name=say("session.title"))).to_be_focused()


@IN_BOTH_LOOKS
def test_the_audit_grows_while_one_reads(page, panel, say, look):
    """What is done appears on top; a word that picks out holds for it, too."""
    go_to(page, panel, "audit")
    entries = page.get_by_test_id("audit-entry")
    expect(entries.first).to_contain_text(say("audit.action.auth.login"))
    add_user(panel, "ann")
    expect(entries.first).to_contain_text(say("audit.action.users.create"))
    page.get_by_test_id("audit-filter").fill(say("audit.action.users.remove").lower())
    remove_user(panel, "ann")
    expect(entries.first).to_contain_text(say("audit.action.users.remove"))
    cleo = f"cleo-{look}"  # who has been in no test before
    add_user(panel, cleo)
    remove_user(panel, cleo)
    expect(entries.filter(has_text=cleo)).to_have_count(1)
    page.get_by_test_id("audit-filter").fill("nothing is like this")
    expect(entries).to_have_count(0)
    expect(page.get_by_role("columnheader")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text=look.like("audit.found", count=0))).to_be_visible()


@pytest.mark.parametrize(
    ("place", "part"), [("people", ".people"), ("account", ".sessions"), ("audit", ".audit")]
)
def test_what_is_old_is_grey_until_it_is_true_again(chromium, make_panel, place, part):
    """The panel dies: all that was known stays, grey. It is there again: the page asks by itself."""
    panel = make_panel()
    panel.start()
    with visiting(chromium, panel.url, expected=LOST) as page:
        enter_and_listen(page)
        go_to(page, panel, place)
        rows = page.locator(f"{part} :is(tbody tr, li)")
        expect(rows.first).to_be_visible()
        panel.kill()
        expect_grey(page, page.locator(part))
        assert rows.count() > 0
        panel.start()
        expect(page.locator("html[data-stale]")).not_to_be_attached()
        expect(page.locator(part)).to_have_css("filter", "none")
        before = rows.count()
        panel.sign_in()
        add_user(panel, "ann")
        expect(rows.nth(before)).to_be_attached()


@IN_BOTH_LOOKS
def test_an_admin_removes_the_own_account(chromium, panel, mia, say, look):
    """It is said beforehand, and then on the door; there is no way back in."""
    with visiting(chromium, panel.url, **look.options, expected=SIGNED_OUT) as page:
        enter(page, mia)
        go_to(page, panel, "people")
        page.get_by_test_id(f"remove-{mia}").click()
        expect(page.get_by_role("dialog")).to_contain_text(say("people.remove.own"))
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("ended")).to_have_text(say("sign_in.ended.account_removed"))
        expect(page.get_by_test_id("login-username")).to_be_focused()
        sign_in(page, mia, PASSWORD)
        expect(page.get_by_text(say("error.bad_credentials"))).to_be_visible()


def test_why_one_is_out_is_told_though_it_is_noticed_on_the_way(chromium, panel, mia):
    """The page hears that its session has ended before the sign-out after a removal is answered."""
    held: list[Route] = []
    with visiting(chromium, panel.url, expected=SIGNED_OUT) as page:
        enter_and_listen(page, mia)
        go_to(page, panel, "people")
        page.route("**/api/auth/logout", lambda route: held.append(route))
        page.get_by_test_id(f"remove-{mia}").click()
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("login-username")).to_be_visible()
        expect(page.get_by_test_id("ended")).to_contain_text("Your account was removed.")
        for route in held:
            route.continue_()


@IN_BOTH_LOOKS
def test_an_admin_gives_up_the_own_role(chromium, panel, mia, say, look):
    """What only admins see is gone from the page, and it says why."""
    with visiting(chromium, panel.url, **look.options, expected=f"{SIGNED_OUT}|{REFUSED}") as page:
        enter(page, mia)
        go_to(page, panel, "people")
        page.get_by_test_id(f"change_role-{mia}").click()
        page.get_by_test_id("choose-operator").check()
        page.get_by_test_id("confirm").click()
        expect(page.locator(".notices")).to_contain_text(say("role.changed", role=say("role.operator")))
        expect(page.locator(".notice")).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_text(say("forbidden.title"))
        expect(page.get_by_test_id("people")).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("place", ["people", "audit", "account", ""])
@IN_BOTH_LOOKS
def test_another_admin_takes_the_role_away(chromium, panel, mia, place, say, look):
    """The page follows at once, and again when the role comes back.

    What it asks in the very moment is refused.
    """
    with visiting(chromium, panel.url, **look.options, expected=REFUSED) as page:
        enter_and_listen(page, mia, look)
        go_to(page, panel, place)
        expect(page.get_by_test_id("people")).to_be_attached()
        change_user(panel, mia, role="viewer")
        expect(page.locator(".notices")).to_contain_text(say("role.changed", role=say("role.viewer")))
        expect(page.get_by_test_id("people")).to_have_count(0)
        if place in ("people", "audit"):
            expect(page.get_by_role("heading", level=1)).to_have_text(say("forbidden.title"))
        change_user(panel, mia, role="admin")
        expect(page.get_by_test_id("people")).to_be_attached()
        if place == "people":
            expect(page.get_by_test_id("person-admin")).to_be_visible()


def test_a_lost_role_is_noticed_without_the_events_too(chromium, panel, mia):
    """Nothing is heard of it, but what is refused says it as well."""
    with visiting(chromium, panel.url, expected=f"{REFUSED}|ERR_") as page:
        page.route_web_socket("**/api/events**", lambda socket: socket.close())
        enter(page, mia)
        go_to(page, panel, "people")
        page.get_by_test_id("remove-admin").click()
        change_user(panel, mia, role="viewer")
        page.get_by_test_id("confirm").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Only admins see this page.")
        expect(page.locator(".notices")).to_contain_text("Your role is now: Viewer.")
        expect(page.get_by_role("dialog")).to_have_count(0)


@IN_BOTH_LOOKS
def test_who_has_become_the_last_admin_meanwhile_is_told_so(chromium, panel, mia, say, look):
    """The question is still open when the other admin goes: it is refused in words, and then not offered."""
    with visiting(chromium, panel.url, **look.options, expected=REFUSED) as page:
        enter(page)
        go_to(page, panel, "people")
        page.get_by_test_id("remove-admin").click()
        change_user(panel, mia, role="viewer")
        expect(page.get_by_test_id(f"person-{mia}")).to_contain_text(say("role.viewer"))
        page.get_by_test_id("confirm").click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(say("error.last_admin"))
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("remove-admin")).to_be_disabled()
        expect(page.get_by_test_id("person-admin")).to_contain_text(say("people.only_admin"))


def test_a_password_that_an_admin_has_set_is_told_on_the_door(chromium, panel, mia):
    """Whoever is signed in learns why no longer; with the new password one chooses another, and is in."""
    with visiting(chromium, panel.url, expected=SIGNED_OUT) as page:
        enter(page, mia)
        go_to(page, panel, "people")
        page.get_by_test_id("add-user").click()
        change_user(panel, mia, password=FIRST_PASSWORD)
        expect(page.get_by_test_id("ended")).to_contain_text("An admin has set a new password for you.")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_test_id("language").select_option("한국어")
        expect(page.get_by_test_id("ended")).to_contain_text("관리자가 비밀번호를 새로 정했습니다.")
        sign_in(page, mia, FIRST_PASSWORD)
        page.get_by_test_id("new-password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        page.get_by_test_id("sign-out").click()
        expect(page.get_by_test_id("login-username")).to_be_visible()
        expect(page.get_by_test_id("ended")).to_have_count(0)


@IN_BOTH_LOOKS
def test_a_session_that_was_ended_elsewhere_says_so(chromium, panel, mia, say, look):
    """By its user from another device, or by a new password of hers."""
    token = panel.sign_in(mia)
    with visiting(chromium, panel.url, **look.options, expected=SIGNED_OUT) as page:
        enter(page, mia)
        for session in panel.get("/api/auth/sessions", token=token)["sessions"]:
            if not session["current"]:
                panel.call("DELETE", f"/api/auth/sessions/{session['id']}", token=token)
        expect(page.get_by_test_id("ended")).to_contain_text(say("sign_in.ended.ended_elsewhere"))
        enter(page, mia)
        change = {"current_password": PASSWORD, "new_password": "another horse"}
        assert panel.call("POST", "/api/auth/password", change, token=token).status_code == 204
        expect(page.get_by_test_id("ended")).to_contain_text(say("sign_in.ended.password_changed"))


def test_where_nobody_knows_why_no_reason_is_given(chromium, make_panel):
    """The session is gone when the panel comes back, and it has seen nothing of how that came."""
    panel = make_panel()
    panel.start()
    with visiting(chromium, panel.url, expected=f"{LOST}|{SIGNED_OUT}") as page:
        enter(page)
        panel.stop()
        change_database(panel, "DELETE FROM sessions", [()])
        panel.start()
        expect(page.get_by_test_id("ended")).to_have_text(
            "You are not signed in any more. Sign in again to go on."
        )


@IN_BOTH_LOOKS
def test_who_signs_out_in_one_tab_is_told_in_the_other(chromium, panel, mia, say, look):
    """They share the session; the one where it was done says nothing of it."""
    with visiting(chromium, panel.url, **look.options, expected=SIGNED_OUT) as page:
        enter(page, mia)
        other = page.context.new_page()
        other.goto(panel.url)
        other.get_by_test_id("sign-out").click()
        expect(page.get_by_test_id("ended")).to_have_text(say("sign_in.ended.signed_out"))
        expect(other.get_by_test_id("login-username")).to_be_visible()
        expect(other.get_by_test_id("ended")).to_have_count(0)


OLD_ENTRY = """
    INSERT INTO audit (at, actor, action, target, address, outcome)
    VALUES ('2026-01-02T03:04:05.000Z', 'old', 'instances.start', ?, '192.0.2.1', 'ok')
"""


def test_a_long_trail_is_read_to_its_end(chromium, make_panel):
    """Ten thousand entries: a hundred are shown, more on demand, and the oldest is found by a word of it."""
    panel = make_panel()
    panel.start()
    panel.stop()
    targets = [("needle" if number == 0 else f"server-{number}",) for number in range(10_000)]
    change_database(panel, OLD_ENTRY, targets)
    panel.start()
    with visiting(chromium, panel.url) as page:
        enter(page)
        go_to(page, panel, "audit")
        entries, older = page.get_by_test_id("audit-entry"), page.get_by_test_id("older")
        expect(entries).to_have_count(100)
        expect(page.get_by_text("The newest 100 entries")).to_be_visible()
        older.press("Enter")
        expect(entries).to_have_count(600)
        expect(older).to_be_focused()
        page.get_by_test_id("audit-filter").fill("needle")
        expect(page.get_by_text("None of the newest 600 entries fits")).to_be_visible()
        older.press("Enter")
        expect(entries.filter(has_text="needle")).to_have_count(1)
        expect(older).to_be_hidden()
        expect(entries.get_by_role("rowheader")).to_be_focused()
        page.get_by_test_id("audit-filter").fill("")
        expect(entries).to_have_count(100)
        add_user(panel, "ann")
        expect(entries.first).to_contain_text("Added a user")
        for _ in range(20):
            older.press("Enter")
        expect(entries.last).to_contain_text("needle")
