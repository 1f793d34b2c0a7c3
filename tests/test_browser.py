"""The page in a real browser, used as a person uses it, on a real panel with real game containers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visit, load, sign_in
from tests.game import Game
from tests.looks import IN_BOTH_LOOKS
from tests.panel import PASSWORD, Panel

OpenPage = Callable[..., Page]

HOSTILE = '<img src=x onerror="document.title=1">'
REFUSED = "status of 401"
GONE = "ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 503|WebSocket"


@pytest.fixture
def open_page(visit: Visit) -> OpenPage:
    return lambda panel, **options: visit(panel.url, **options)


@pytest.fixture
def page(open_page: OpenPage, panel: Panel) -> Page:
    """The list of servers, with the admin signed in."""
    page = open_page(panel)
    sign_in(page, "admin", PASSWORD)
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    return page


def row_of(page: Page, game: Game) -> Locator:
    """The line of one server in the list."""
    return page.get_by_test_id(f"instance-{game.name}")


def go_to_tab(page: Page, game: Game, tab: str) -> None:
    row_of(page, game).get_by_role("link", name=game.name).click()
    page.get_by_test_id(f"tab-{tab}").click()


def find_orders(game: Game, order: str) -> list[Any]:
    """The bodies of the calls by which the game was given this order."""
    calls = [call for call in game.list_calls() if call["path"] == f"/v1/api/{order}"]
    return [json.loads(call["body"] or "null") for call in calls]


@IN_BOTH_LOOKS
def test_the_first_sign_in_leads_to_nothing_but_choosing_a_password(open_page, make_panel, say):
    """With the default password no other place opens; with one of one's own the list of servers does."""
    panel = make_panel(PALSERVER_ADMIN_PASSWORD="")
    panel.start()
    page = open_page(panel)
    sign_in(page, "admin", "admin")
    expect(page.get_by_test_id("new-password")).to_be_focused()
    expect(page.get_by_text(say("password.lead_forced"))).to_be_visible()
    page.goto(f"{panel.url}/#/adopt")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("password.title"))
    page.get_by_test_id("show-password").check()
    expect(page.get_by_test_id("new-password")).to_have_attribute("type", "text")
    page.get_by_test_id("new-password").fill(PASSWORD)
    page.get_by_test_id("new-password").press("Enter")
    page.get_by_role("link", name=say("server.back")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("home.empty"))


@IN_BOTH_LOOKS
def test_a_wrong_password_is_told_in_words(open_page, panel, say):
    """The visitor reads what is wrong and stays where the password is typed."""
    page = open_page(panel, expected=REFUSED)
    sign_in(page, "admin", "not the password")
    expect(page.get_by_role("alert")).to_have_text(say("error.bad_credentials"))
    expect(page.get_by_test_id("login-password")).to_be_focused()


@IN_BOTH_LOOKS
def test_a_running_server_is_adopted_from_the_page(page, game, say):
    """Its container is offered, and after one click the server is looked after."""
    page.get_by_test_id("adopt").click()
    page.get_by_test_id(f"adopt-{game.name}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(game.name)
    expect(page.locator(".status")).to_contain_text(say("state.ready"))


@IN_BOTH_LOOKS
def test_the_list_is_live(page, adopted, say):
    """What somebody does to the container elsewhere shows within seconds, and nothing is loaded again."""
    status = row_of(page, adopted).locator(".status")
    expect(status).to_contain_text(say("state.ready"))
    page.evaluate("window.isSamePage = true")
    adopted.container.stop()
    expect(status).to_contain_text(say("state.stopped"), timeout=15_000)
    adopted.start()
    expect(status).to_contain_text(say("state.ready"))
    assert page.evaluate("window.isSamePage")


@IN_BOTH_LOOKS
def test_stop_start_and_restart(page, adopted, say):
    """A stop says whom it disconnects and that the world is saved; each does what it says, for good."""
    row, question = row_of(page, adopted), page.get_by_role("dialog")
    adopted.join("Mia")
    expect(row.locator(".figure.players .value")).to_have_text("1")

    row.get_by_test_id("action-stop").click()
    expect(question).to_contain_text(say("confirm.players", count=1))
    expect(question).to_contain_text(say("confirm.world.saved"))
    question.get_by_label(say("confirm.wait")).select_option(say("confirm.wait.none"))
    page.get_by_test_id("confirm").click()
    done = say("job.end.succeeded", what=say("job.kind.stop"), name=adopted.name)
    expect(page.get_by_text(done)).to_be_visible()
    expect(row.locator(".status")).to_contain_text(say("state.stopped"))
    assert (adopted.state, adopted.restart_policy) == ("exited", "unless-stopped")

    row.get_by_test_id("action-start").click()
    expect(row.locator(".status")).to_contain_text(say("state.ready"))
    assert adopted.state == "running"

    started_at = adopted.container.attrs["State"]["StartedAt"]
    row.get_by_test_id("action-restart").click()
    expect(question).to_contain_text(say("confirm.players", count=0))
    page.get_by_test_id("confirm").click()
    done = say("job.end.succeeded", what=say("job.kind.restart"), name=adopted.name)
    expect(page.get_by_text(done)).to_be_visible()
    assert (adopted.state, adopted.restart_policy) == ("running", "unless-stopped")
    assert adopted.container.attrs["State"]["StartedAt"] > started_at


@IN_BOTH_LOOKS
def test_the_log_is_live_and_its_lines_are_text(page, adopted, say):
    """A line shows as soon as the game says it, and is never anything but text."""
    go_to_tab(page, adopted, "logs")
    expect(page.get_by_text(say("log.live"), exact=True)).to_be_visible()
    adopted.say("It begins to rain.")
    adopted.say(HOSTILE)
    lines = page.get_by_test_id("log-line")
    expect(lines.filter(has_text="It begins to rain.")).to_be_visible()
    expect(lines.filter(has_text=HOSTILE)).to_be_visible()
    expect(lines.locator("img")).to_have_count(0)
    assert page.title() == f"{adopted.name} · PalServer"


@IN_BOTH_LOOKS
def test_a_player_is_kicked(page, adopted, say):
    """Whoever is on the server is in the list, by whatever name, and a kick reaches the game."""
    player = adopted.join(HOSTILE)
    go_to_tab(page, adopted, "players")
    row = page.get_by_role("row").filter(has_text=HOSTILE)
    expect(row).to_be_visible()
    row.get_by_test_id("kick").click()
    expect(page.get_by_role("dialog")).to_contain_text(say("players.kick.title", name=HOSTILE))
    page.get_by_test_id("reason").fill("Be kind.")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text(say("players.kick.done", name=HOSTILE))).to_be_visible()
    expect(row).to_have_count(0)
    expect(page.locator("main img, dialog img")).to_have_count(0)
    assert find_orders(adopted, "kick") == [{"userid": player["userId"], "message": "Be kind."}]


@IN_BOTH_LOOKS
def test_announce_and_save(page, adopted, say):
    """Both reach the game, and the page says so."""
    go_to_tab(page, adopted, "players")
    page.get_by_test_id("announce-message").fill("밤에 점검합니다")
    page.get_by_test_id("announce").click()
    expect(page.get_by_text(say("announce.done"))).to_be_visible()
    page.get_by_test_id("save").click()
    expect(page.get_by_text(say("save.done"))).to_be_visible()
    assert find_orders(adopted, "announce") == [{"message": "밤에 점검합니다"}]
    assert len(find_orders(adopted, "save")) == 1


def test_the_language_is_changed_and_stays(page, panel):
    """The words change at once, the document says which language it is in, and a reload keeps both."""
    page.get_by_test_id("language").select_option("한국어")
    for _ in range(2):
        expect(page.get_by_test_id("sign-out")).to_have_text("로그아웃")
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        load(page, panel.url)


@IN_BOTH_LOOKS
def test_a_lost_connection_is_said_and_comes_back(open_page, make_panel, game, look):
    """The page says that it is not up to date; when the panel is back, it shows how things are now."""
    panel = make_panel()
    panel.start()
    panel.adopt(game.name)
    page = open_page(panel, expected=GONE)
    sign_in(page, "admin", PASSWORD)
    status, lost = row_of(page, game).locator(".status"), page.get_by_text(look.like("stale.since"))
    expect(status).to_contain_text(look.say("state.ready"))
    panel.stop()
    expect(lost).to_be_visible()
    expect(row_of(page, game).get_by_test_id("action-stop")).to_be_disabled()
    game.container.stop()
    panel.start()
    expect(lost).to_be_hidden()
    expect(status).to_contain_text(look.say("state.stopped"))


def test_nothing_scrolls_sideways_on_a_phone(open_page, panel, adopted):
    """At 375 pixels everything fits the width, on each page and with a long line in the log."""
    page = open_page(panel, viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True)
    sign_in(page, "admin", PASSWORD)
    expect(row_of(page, adopted).locator(".status")).to_contain_text("Ready")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    adopted.say("far" * 200)
    row_of(page, adopted).get_by_role("link", name=adopted.name).click()
    shown = {
        "overview": "Back up now",
        "logs": "farfar",
        "players": "Nobody is on it.",
        "jobs": "Nothing has been",
    }
    for tab, words in shown.items():
        page.get_by_test_id(f"tab-{tab}").click()
        expect(page.get_by_text(words)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 375, tab
        expect(page.get_by_test_id(f"tab-{tab}")).to_be_in_viewport(ratio=1)
