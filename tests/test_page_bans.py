"""The list of who is banned, on the tab of the players."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.banned import LAMIA, MIA, write_list
from tests.browser import visiting
from tests.game import Game
from tests.looks import IN_BOTH_LOOKS, Look
from tests.panel import Panel
from tests.people import enter, go_to

HOSTILE = '<img src=x onerror="document.title=1">, \u202edrawkcab ' + "x" * 300


@pytest.fixture
def page(chromium: Browser, look: Look, panel: Panel, adopted: Game) -> Iterator[Page]:
    """The players of the server, with the admin signed in."""
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page)
        go_to(page, panel, f"servers/{adopted.name}/players")
        yield page


def ban(panel: Panel, game: Game, user_id: str, **more: str) -> None:
    answer = panel.call("POST", f"/api/server/{game.name}/ban", {"user_id": user_id, **more})
    assert answer.status_code == 200, answer.text


def find_orders(game: Game, order: str) -> list[Any]:
    calls = [call for call in game.list_calls() if call["path"] == f"/v1/api/{order}"]
    return [json.loads(call["body"] or "null") for call in calls]


@IN_BOTH_LOOKS
def test_it_is_closed_until_somebody_asks(page, panel, adopted, say, look):
    """Nothing is read before; opened by the keyboard, it says who, why, by whom, and as of when."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/bans") else None)
    adopted.join("Lamia", userId=LAMIA)
    expect(page.locator(".players tbody tr")).to_have_count(1)
    page.get_by_test_id("ban").click()
    page.get_by_test_id("reason").fill("그만하세요")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text(say("players.ban.done", name="Lamia"))).to_be_visible()
    ban(panel, adopted, MIA)
    assert asked == []
    page.get_by_test_id("bans").press("Enter")
    row = page.get_by_test_id(f"ban-{LAMIA}")
    for text in ("Lamia", LAMIA, "그만하세요", "admin"):
        expect(row).to_contain_text(text)
    expect(page.get_by_text(say("bans.count", count=2))).to_have_text(look.like("players.as_of"))
    expect(page.get_by_test_id(f"ban-{MIA}").locator("td.reason")).to_have_text("\u2013")


@IN_BOTH_LOOKS
def test_a_ban_is_lifted_and_its_row_goes(page, panel, adopted, say):
    """After a question; the game is told the id, and the focus stays at the list."""
    ban(panel, adopted, LAMIA)
    page.get_by_test_id("bans").click()
    page.get_by_test_id("lift-ban").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(say("unban.title", name=LAMIA))
    page.get_by_test_id("confirm").press("Enter")
    expect(page.get_by_test_id(f"ban-{LAMIA}")).to_have_count(0)
    expect(page.get_by_text(say("bans.count", count=0))).to_be_visible()
    expect(page.get_by_test_id("bans")).to_be_focused()
    assert find_orders(adopted, "unban") == [{"userid": LAMIA}]


@IN_BOTH_LOOKS
def test_what_others_ban_appears_in_the_open_list(page, panel, adopted, say):
    """And goes from it again, without anybody touching the page."""
    page.get_by_test_id("bans").click()
    expect(page.get_by_text(say("bans.count", count=0))).to_be_visible()
    ban(panel, adopted, LAMIA, message="enough")
    expect(page.get_by_test_id(f"ban-{LAMIA}")).to_contain_text("enough")
    panel.call("POST", f"/api/server/{adopted.name}/unban", {"user_id": LAMIA})
    expect(page.get_by_text(say("bans.count", count=0))).to_be_visible()


@IN_BOTH_LOOKS
def test_the_list_of_a_stopped_server_is_read_and_not_changed(page, panel, adopted, say):
    """Who is banned is known from the save folder; lifting a ban is the game's work, and the page says so."""
    ban(panel, adopted, LAMIA)
    page.get_by_test_id("bans").click()
    expect(page.get_by_test_id("lift-ban")).to_be_enabled()
    adopted.container.stop()
    expect(page.get_by_text(say("bans.not_ready"))).to_be_visible()
    expect(page.get_by_test_id("lift-ban")).to_be_disabled()
    page.reload()
    page.get_by_test_id("bans").click()
    expect(page.get_by_test_id(f"ban-{LAMIA}")).to_be_visible()
    expect(page.get_by_test_id("lift-ban")).to_be_disabled()


@IN_BOTH_LOOKS
def test_a_viewer_reads_it(chromium, panel, adopted, look):
    """And is offered nothing that is not his."""
    ban(panel, adopted, LAMIA)
    name = f"viewer-of-{adopted.name}"
    panel.add_user(name, "viewer")
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page, name)
        go_to(page, panel, f"servers/{adopted.name}/players")
        page.get_by_test_id("bans").click()
        expect(page.get_by_test_id(f"ban-{LAMIA}")).to_be_visible()
        for testid in ("lift-ban", "unban"):
            expect(page.get_by_test_id(testid)).to_have_count(0)


@IN_BOTH_LOOKS
def test_broken_lines_stand_there_as_text(chromium, panel, adopted, say, look):
    """They run nothing, break no layout, and cannot be unbanned by a guess."""
    write_list(adopted, f"{LAMIA},{'a' * 32}\n{HOSTILE}\n{MIA}\n".encode())
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page)
        go_to(page, panel, f"servers/{adopted.name}/players")
        page.get_by_test_id("bans").click()
        broken = page.get_by_test_id("broken-ban")
        expect(broken).to_have_count(2)
        expect(broken.first).to_contain_text(MIA)
        expect(broken.last).to_contain_text("<img src=x")
        expect(broken.last).to_contain_text(say("bans.broken"))
        expect(page.get_by_test_id("lift-ban")).to_have_count(1)
        assert page.title() == f"{adopted.name} · PalServer"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@IN_BOTH_LOOKS
def test_a_long_list_is_searched(page, panel, adopted, say):
    """A hundred are shown at once, more on demand, and any is found by a part of its id."""
    lines = [f"steam_7656119000000{number:04d},{'0' * 32}" for number in range(250)]
    write_list(adopted, "\n".join(lines).encode())
    page.get_by_test_id("bans").click()
    rows = page.locator(".bans tbody tr")
    expect(rows).to_have_count(100)
    page.get_by_test_id("more-bans").click()
    expect(rows).to_have_count(200)
    page.get_by_test_id("ban-search").fill("0000000007")
    expect(rows).to_have_count(1)
    page.get_by_test_id("ban-search").fill("nobody at all")
    expect(page.get_by_text(say("bans.found", count=0, total=250))).to_be_visible()
