"""The settings of a game in a real browser, in both languages, at the width of a phone and of a desk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from palserver.services.games.addresses import SETTINGS_PATH
from palserver.services.settings.table import OPTIONS
from palserver.services.settings.views import DANGERS, GROUPS, REASONS, TYPES
from palserver.web.page import FOLDER
from tests.browser import Visit, sign_in
from tests.game import ADMIN_PASSWORD, SAVED_PATH, Game, remove_container
from tests.looks import DESK, FOUR_LOOKS, Look
from tests.panel import PASSWORD, Panel
from tests.test_game_access import put_file
from tests.test_settings import OWN, Server, put_ini, read_ini
from tests.waiting import wait_until

OpenPage = Callable[..., Page]

CONFLICT = "status of 409"


@pytest.fixture
def open_page(visit: Visit) -> OpenPage:
    """Signs a visitor in and shows the settings of a server."""

    def open_page(
        server: Server,
        look: Look = DESK,
        username: str = "admin",
        expected: str = "$^",
    ) -> Page:
        page = visit(server.panel.url, expected=expected, **look.options)
        sign_in(page, username, PASSWORD)
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        page.goto(f"{server.panel.url}/#/servers/{server.game.name}")
        page.get_by_test_id("tab-settings").click()
        expect(row(page, "ExpRate")).to_be_visible()
        return page

    return open_page


@pytest.fixture
def server(panel: Panel, game: Game) -> Server:
    """It is known to be ready: a page would read the settings again as soon as it is."""
    server = Server(panel, game)
    wait_until(lambda: panel.get(server.instance)["game"]["status"] == "ready", "it is ready", 60)
    return server


@pytest.fixture
def stopped(panel: Panel, make_game: Callable[..., Game]) -> Server:
    game = make_game()
    put_file(game, SAVED_PATH, SETTINGS_PATH, OWN.encode())
    return Server(panel, game)


def row(page: Page, key: str) -> Locator:
    return page.get_by_test_id(f"option-{key}")


def control(page: Page, key: str) -> Locator:
    return page.locator(f"#option-{key}")


def save(page: Page) -> None:
    page.get_by_test_id("settings-save").click()


def read_words(language: str) -> dict[str, Any]:
    words: dict[str, Any] = json.loads((FOLDER / f"locales/options.{language}.json").read_text("utf-8"))
    return words


class TestWords:
    @pytest.mark.parametrize("language", ["en", "ko"])
    def test_each_option_has_a_title_and_a_help(self, language):
        """Of its own, in the order of the game's file, and one for each of its choices."""
        words = read_words(language)
        assert list(words) == list(OPTIONS)
        assert len({each["title"] for each in words.values()}) == len(words)
        for key, each in words.items():
            choices = OPTIONS[key].choices if OPTIONS[key].type == "enum" else ()
            assert set(each) == {"title", "help"} | ({"choices"} if choices else set())
            assert each["title"].strip()
            assert each["help"].endswith(".")
            assert set(each.get("choices", ())) == set(choices)

    def test_korean_is_korean(self):
        """No help was left in English."""
        assert [key for key, each in read_words("ko").items() if not re.search("[가-힣]", each["help"])] == []

    def test_every_word_of_the_api_has_its_words(self):
        """Groups, dangers and reasons come as words of the API, and the page names each."""
        messages = json.loads((FOLDER / "locales/en.json").read_text("utf-8"))
        for kind, words in (("group", GROUPS), ("danger", DANGERS), ("why", REASONS)):
            assert {f"settings.{kind}.{word}" for word in words} <= messages.keys()

    def test_every_option_is_of_a_known_kind(self):
        """What the page has a control, a group and words for."""
        for option in OPTIONS.values():
            assert option.type in TYPES
            assert option.group in GROUPS
            assert option.danger is None or option.danger in DANGERS


@pytest.mark.parametrize("look", FOUR_LOOKS, ids=str)
def test_from_an_edit_to_the_game(open_page, server, look):
    """Edited, asked about, waiting beside what is in effect, and in effect after the restart."""
    page = open_page(server, look)
    width = page.evaluate("document.documentElement.clientWidth")
    control(page, "ExpRate").fill("2.5")
    control(page, "ServerName").fill("우리 섬 <b>")
    control(page, "bHardcore").check()
    control(page, "DeathPenalty").select_option("All")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    save(page)
    question = page.get_by_role("dialog")
    expect(question.locator("li")).to_have_count(2)
    page.get_by_test_id("confirm").click()
    restart = page.get_by_test_id("settings-restart")
    expect(restart).to_be_visible()
    expect(row(page, "ExpRate").locator(".option-news li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    restart.click()
    page.get_by_test_id("confirm").click()
    expect(restart).to_have_count(0)
    taken = look.say("settings.taken", value="2.5")
    expect(row(page, "ExpRate").locator(".option-news li")).to_have_text([taken])
    expect(row(page, "ExpRate")).to_have_attribute("data-mark", "changed")
    expect(control(page, "ServerName")).to_have_value("우리 섬 <b>")
    server.wait_until_ready()
    told = {key: server.option(key)["effective"] for key in ("ExpRate", "bHardcore", "DeathPenalty")}
    assert told == {"ExpRate": 2.5, "bHardcore": True, "DeathPenalty": "All"}


def test_a_restart_tells_no_trouble_while_it_writes(open_page, server):
    """What waits is being written until the job is over: nothing to press, nothing that could not be done."""
    server.set({"ExpRate": 3})
    page = open_page(server)
    expect(page.get_by_test_id("settings-restart")).to_be_visible()
    page.evaluate(
        """() => {
            const notes = document.querySelector(".settings-notes");
            window.notesSeen = [];
            new MutationObserver(() => window.notesSeen.push([
                notes.innerText, notes.querySelectorAll("button").length,
            ])).observe(notes, { childList: true });
        }"""
    )
    page.get_by_test_id("settings-restart").click()
    page.get_by_test_id("confirm").click()
    expect(row(page, "ExpRate")).to_contain_text("In effect. The game says: 3")
    seen = page.evaluate("window.notesSeen")
    words = re.compile("as soon as the server has stopped|Being written")
    working = [buttons for text, buttons in seen if words.search(text)]
    assert working
    assert not any(working)
    assert [text for text, _ in seen if "could not be written" in text] == []


def read_note(page: Page, settings: Any, job: str | None) -> tuple[str, int]:
    """What is said of these settings while a job of this kind is at work, and how many buttons there are."""
    settings = settings | {"pending": {"actor": "kim", "ordered_at": None, "problem": None}}
    words, buttons = page.evaluate(
        """async ([settings, job]) => {
            const loaded = performance.getEntriesByType("resource").map((each) => each.name);
            const { settingsNotes } = await import(loaded.find((name) => name.includes("settings_notes.js")));
            const note = settingsNotes(settings, {}, job && { kind: job })[0];
            return [note.textContent, note.querySelectorAll("button").length];
        }""",
        [settings, job],
    )
    return words, buttons


def test_words_for_what_waits_while_a_job_is_at_work(open_page, stopped):
    """Only of jobs that will write it the page says so; of one that will not, that it goes on waiting."""
    page, settings = open_page(stopped), stopped.read()
    soon, left, waits = "as soon as the server has stopped", "does not write this", "no time to write"
    told = {
        **dict.fromkeys(("stop", "restart", "kill", "update", "change"), soon),
        **dict.fromkeys(("restore", "rollback"), left),
        **dict.fromkeys(("backup", "verify", "clone"), waits),
        "delete": "not written any more",
    }
    for job, words in told.items():
        found = read_note(page, settings | {"is_running": True}, job)[0]
        assert [each for each in {*told.values()} if each in found] == [words], job
    for job in ("restore", "rollback"):  # which has stopped it, and will start it again
        found, buttons = read_note(page, settings | {"is_running": False}, job)
        assert (left in found, "Being written" in found, buttons) == (True, False, 0)


@pytest.mark.parametrize("job", ["stop", "update", None])
def test_words_for_what_waits_of_a_stopped_server(open_page, stopped, job):
    """While a job is at work it is being written; with none, it could not be, and one can do something."""
    words, buttons = read_note(open_page(stopped), stopped.read(), job)
    assert ("Being written …" in words, "could not be written yet" in words) == (job is not None, job is None)
    assert buttons == (0 if job else 2)


@pytest.mark.parametrize("width", [375, 1280])
def test_the_bar_does_not_cover_what_is_being_typed(open_page, stopped, width):
    """It comes with the first letter, below the field; what the keyboard goes to next is clear of it, too."""
    page = open_page(stopped, Look("en", width, "light"))
    field = control(page, "WorkSpeedRate")
    bar = page.locator(".save-bar")
    field.focus()
    page.evaluate("scrollBy(0, document.activeElement.getBoundingClientRect().bottom - innerHeight + 4)")
    page.keyboard.type("99")
    expect(bar).to_be_visible()
    problem = row(page, "WorkSpeedRate").get_by_role("alert")
    expect(problem).to_be_visible()
    for _ in range(8):
        focused = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert focused <= page.evaluate("document.querySelector('.save-bar').getBoundingClientRect().top")
        page.keyboard.press("Tab")


def test_ports_are_not_grouped(open_page, stopped):
    """They are names made of digits; other numbers read as the language writes them."""
    page = open_page(stopped)
    expect(row(page, "PublicPort")).to_contain_text("Default: 8211 · 1 to 65535")
    control(page, "PublicPort").fill("70000")
    expect(row(page, "PublicPort").get_by_role("alert")).to_have_text("A number from 1 to 65535.")


def test_a_stopped_server_is_written_at_once(open_page, stopped):
    """What the file has stands in the fields; a save changes it there, and nothing waits."""
    page = open_page(stopped)
    expect(control(page, "ServerName")).to_have_value("팰월드, (친구)")
    expect(page.get_by_text("Mine: not known here")).to_be_visible()
    control(page, "ExpRate").fill("2")
    control(page, "DenyTechnologyList").fill("PALBOX, RepairBench")
    row(page, "CrossplayPlatforms").get_by_label("PS5").uncheck()
    save(page)
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    text = read_ini(stopped.game)
    assert "ExpRate=2.000000" in text
    assert 'DenyTechnologyList=(""PALBOX"",""RepairBench"")' in text
    assert "CrossplayPlatforms=(Steam,Xbox,Mac)" in text
    expect(page.get_by_test_id("settings-save")).to_be_hidden()


def test_a_bad_value_is_told_where_it_stands(open_page, stopped):
    """It cannot be saved, its row says why, and back to the default is one press away."""
    page = open_page(stopped)
    control(page, "ExpRate").fill("50")
    expect(row(page, "ExpRate").get_by_role("alert")).to_have_text("A number from 0.1 to 20.")
    expect(control(page, "ExpRate")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_test_id("settings-save")).to_be_disabled()
    page.get_by_test_id("settings-search").fill("hardcore")
    expect(row(page, "ExpRate")).to_be_hidden()
    page.get_by_test_id("settings-look").click()
    expect(control(page, "ExpRate")).to_be_focused()
    row(page, "ExpRate").get_by_role("button", name="Back to default Experience").click()
    expect(control(page, "ExpRate")).to_have_value("1")
    expect(page.get_by_test_id("settings-save")).to_be_enabled()
    page.get_by_test_id("settings-undo").click()
    expect(control(page, "ExpRate")).to_have_value("1.5")


def test_a_conflict_keeps_what_was_typed(open_page, server):
    """Who was slower sees what the other has done, beside what was typed, and saves it after a look."""
    page = open_page(server, expected=CONFLICT)
    control(page, "ExpRate").fill("2")
    control(page, "WorkSpeedRate").fill("3")
    server.set({"ExpRate": 4, "PalCaptureRate": 2})
    save(page)
    expect(page.get_by_text("Somebody else has changed the settings meanwhile.")).to_be_visible()
    expect(control(page, "ExpRate")).to_have_value("2")
    expect(row(page, "ExpRate")).to_contain_text("Changed by somebody else to 4 while you typed.")
    expect(control(page, "PalCaptureRate")).to_have_value("2")
    save(page)
    expect(page.get_by_text("Saved. It takes effect when PalServer restarts the server.")).to_be_visible()
    pending = {
        option["key"]: option["pending"] for option in server.read()["options"] if option["is_pending"]
    }
    assert pending == {"ExpRate": 2, "WorkSpeedRate": 3, "PalCaptureRate": 2}


def test_what_somebody_else_writes_shows_at_once(open_page, stopped):
    """Their values come by themselves; a field in which one types is left alone, and says so."""
    page = open_page(stopped)
    control(page, "ExpRate").fill("2")
    stopped.set({"ExpRate": 4, "PalCaptureRate": 2})
    expect(control(page, "PalCaptureRate")).to_have_value("2")
    expect(control(page, "ExpRate")).to_have_value("2")
    expect(row(page, "ExpRate")).to_contain_text("Changed by somebody else to 4 while you typed.")


def test_what_waits_for_a_file_that_was_changed_outside(open_page, server):
    """The page says why nothing was written, and makes it on top of the file when told to."""
    server.set({"ExpRate": 3})
    put_ini(server.game, read_ini(server.game).replace("WorkSpeedRate=1.000000", "WorkSpeedRate=2.000000"))
    server.stop()
    page = open_page(server)
    expect(page.get_by_text("The file was changed by somebody else since")).to_be_visible()
    page.get_by_test_id("settings-again").click()
    server.wait_until_written()
    expect(page.get_by_text(re.compile("Being written|could not be written"))).to_have_count(0)
    expect(page.get_by_test_id("settings-discard")).to_have_count(0)  # nothing waits any more
    text = read_ini(server.game)
    assert "ExpRate=3.000000" in text
    assert "WorkSpeedRate=2.000000" in text


def test_settings_of_no_container_are_not_asked_for(open_page, stopped):
    """They are in it: the page says so, and offers no start of what it has not made itself."""
    page = open_page(stopped)
    remove_container(stopped.game.client, stopped.game.name)
    expect(page.get_by_text("The settings are in the server's container")).to_be_visible()
    expect(page.get_by_text("Make the container again")).to_be_visible()
    expect(row(page, "ExpRate")).to_have_count(0)
    expect(page.get_by_test_id("action-start")).to_be_hidden()


def test_a_password_is_set_and_never_shown(open_page, stopped):
    """Neither the old one nor the new one comes back to the page."""
    page = open_page(stopped)
    password = control(page, "AdminPassword").locator("xpath=self::input")
    expect(password).to_have_value("")
    expect(row(page, "AdminPassword")).to_contain_text("There is one")
    assert ADMIN_PASSWORD not in page.content()
    password.fill("a-new-secret")
    save(page)
    expect(page.get_by_role("dialog")).to_contain_text("May cut off this panel")
    expect(page.get_by_role("dialog")).not_to_contain_text("a-new-secret")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    expect(password).to_have_value("")
    assert 'AdminPassword="a-new-secret"' in read_ini(stopped.game)


def test_a_viewer_reads(open_page, stopped):
    """All values, and nothing to change them with."""
    stopped.panel.add_user("viola", "viewer")
    page = open_page(stopped, username="viola")
    expect(control(page, "ExpRate")).to_have_text("1.5")
    assert page.locator(".option :is(input, select, button)").count() == 0


def test_search_and_filters(open_page, stopped):
    """By words of title, help or key, in both languages; what has changed; an empty group is gone."""
    page = open_page(stopped)
    page.get_by_test_id("settings-search").fill("experience")
    expect(row(page, "ExpRate")).to_be_visible()
    expect(row(page, "ServerName")).to_be_hidden()
    expect(page.get_by_test_id("settings-group-pals")).to_be_hidden()
    page.get_by_test_id("settings-search").fill("bhardcore")
    expect(row(page, "bHardcore")).to_be_visible()
    for words in ("exp rate", "Rate  experience", "경험치", "배율 exp"):
        page.get_by_test_id("settings-search").fill(words)
        expect(row(page, "ExpRate")).to_be_visible()
        expect(row(page, "ServerName")).to_be_hidden()
    page.get_by_test_id("settings-search").fill("experience xyzzy")
    expect(page.get_by_text("No setting matches.")).to_be_visible()
    page.get_by_test_id("settings-search").fill("")
    page.get_by_test_id("settings-filter").select_option("changed")
    expect(row(page, "ExpRate")).to_be_visible()
    expect(row(page, "PalCaptureRate")).to_be_hidden()


def test_what_is_typed_outlives_a_change_of_language(open_page, stopped):
    """And a look at another tab."""
    page = open_page(stopped)
    control(page, "ExpRate").fill("7")
    page.get_by_test_id("language").select_option("한국어")
    expect(row(page, "ExpRate")).to_contain_text("경험치 배율")
    expect(control(page, "ExpRate")).to_have_value("7")
    page.get_by_test_id("tab-jobs").click()
    page.get_by_test_id("tab-settings").click()
    expect(control(page, "ExpRate")).to_have_value("7")
