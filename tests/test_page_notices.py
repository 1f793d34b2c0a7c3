"""What the page says of a moment, and what it does not say any more when it is over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import Visit, load, visiting
from tests.game import Game
from tests.looks import IN_BOTH_LOOKS, Look
from tests.panel import PASSWORD, Panel
from tests.people import enter, go_to

GONE = "ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 503|WebSocket"
REFUSED = "status of [45]"
# An hour later by the reader's clock, two of the page's ticks on.
AN_HOUR_LATER = """() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3_600_000;
    return new Promise((resolve) => setTimeout(resolve, 2500));
}"""
IS_COVERED = """(element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return !element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


@pytest.fixture
def page(chromium: Browser, look: Look, panel: Panel) -> Iterator[Page]:
    """The list of servers, with the admin signed in."""
    with visiting(chromium, panel.url, **look.options, expected=REFUSED) as page:
        enter(page)
        yield page


@IN_BOTH_LOOKS
def test_a_countdown_is_cancelled_where_it_was_begun(page, panel, adopted, say):
    """In the list and in a server's bar; it is no failure, is said once, and gives way to what comes next."""
    row, vitals = page.get_by_test_id(f"instance-{adopted.name}"), page.get_by_test_id("vitals")
    notices = page.locator(".notice")
    adopted.join("Mia")
    expect(row.locator(".figure.players .value")).to_have_text("1")
    for place, address in ((row, ""), (vitals, f"servers/{adopted.name}")):
        go_to(page, panel, address)
        place.get_by_test_id("action-stop").click()
        page.get_by_test_id("confirm").click()
        expect(place.get_by_test_id("action-stop")).to_be_hidden()
        expect(notices).to_have_count(0)
        place.get_by_test_id("action-cancel").click()
        cancelled = say("job.end.cancelled", what=say("job.kind.stop"), name=adopted.name)
        expect(notices).to_have_text(re.compile(f"^{re.escape(cancelled)} +{say('jobs.show')}"))
        expect(notices).not_to_have_attribute("data-tone", "bad")
        expect(place.get_by_test_id("action-cancel")).to_be_hidden()
    vitals.get_by_test_id("action-stop").click()
    page.get_by_test_id("confirm").click()
    expect(vitals.get_by_test_id("action-cancel")).to_be_visible()
    expect(notices).to_have_count(0)
    vitals.get_by_test_id("action-cancel").click()
    expect(notices).to_have_count(1)
    assert adopted.state == "running"


def test_a_restart_is_not_said_to_be_all_while_the_game_starts(page, panel, make_game):
    """The container runs long before anybody can play."""
    game = make_game(environment={"DEMO_BOOT_SECONDS": "10"})
    game.start()
    panel.adopt(game.name)
    row = page.get_by_test_id(f"instance-{game.name}")
    expect(row.locator(".status")).to_contain_text("Ready")
    row.get_by_test_id("action-restart").click()
    page.get_by_test_id("confirm").click()
    expect(page.locator(".notice")).to_contain_text(
        f"Restart of {game.name} is done. Its container runs; the game is still starting."
    )


@IN_BOTH_LOOKS
def test_a_refusal_stays_where_it_belongs(page, panel, adopted, say):
    """It goes when one goes to another tab."""
    go_to(page, panel, f"servers/{adopted.name}/players")
    page.get_by_test_id("bans").click()
    page.get_by_test_id("unban-user").fill("Lamia")
    page.get_by_test_id("unban").click()
    expect(page.locator(".notice")).to_contain_text(say("error.game_refused"))
    page.get_by_test_id("tab-jobs").click()
    expect(page.locator(".notice")).to_have_count(0)


@IN_BOTH_LOOKS
def test_messages_hide_no_button_for_good(chromium, panel, adopted, look):
    """What they lie over can be scrolled out from beneath them."""
    for number in range(6):
        adopted.join(f"Player {number}")
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page)
        go_to(page, panel, f"servers/{adopted.name}/players")
        expect(page.get_by_test_id("kick")).to_have_count(6)
        with page.expect_response("**/bans"):  # what it brings moves what is below
            page.get_by_test_id("bans").click()
        for _ in range(3):
            page.get_by_test_id("save").click()
            expect(page.get_by_test_id("save")).to_be_enabled()
        expect(page.locator(".notice")).to_have_count(2)
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        assert not page.get_by_test_id("unban").evaluate(IS_COVERED)


@IN_BOTH_LOOKS
def test_a_row_says_at_once_that_its_player_goes(page, panel, adopted, say):
    """The game's next list comes seconds later."""
    adopted.join("Lamia")
    go_to(page, panel, f"servers/{adopted.name}/players")
    row = page.locator(".players tbody tr")
    row.get_by_test_id("kick").click()
    held: list[Route] = []
    page.route("**/players", lambda route: held.append(route))
    page.get_by_test_id("confirm").click()
    expect(page.locator(".notice")).to_contain_text(say("players.kick.done", name="Lamia"))
    expect(row.get_by_test_id("going")).to_have_text(say("players.kick.going"))
    expect(row.get_by_role("button")).to_have_count(0)
    page.unroute("**/players")
    for route in held:
        route.continue_()
    expect(row).to_have_count(0)


@IN_BOTH_LOOKS
def test_a_deletion_says_who_is_on_it(page, panel, adopted, say):
    """As every other question does whose answer disconnects people."""
    adopted.join("Mia")
    go_to(page, panel, f"servers/{adopted.name}/manage")
    expect(page.locator(".figure.players .value")).to_have_text("1")
    question = page.get_by_role("dialog")
    for kind in ("keep", "delete"):
        page.get_by_test_id(f"delete-{kind}").check()
        page.get_by_test_id("delete-submit").click()
        expect(question).to_contain_text(say("confirm.players", count=1))
        page.keyboard.press("Escape")
    page.get_by_test_id("delete-forget").check()
    page.get_by_test_id("delete-submit").click()
    expect(question).to_contain_text(say("delete.forget.what"))
    expect(question.locator(".strong")).to_have_count(0)


@IN_BOTH_LOOKS
def test_a_lost_connection_hides_nothing_and_nothing_goes_on(
    visit: Visit, make_panel: Callable[..., Panel], game: Game, look: Look
):
    """The bar above stays a bar, the time of running stands still, and what saves can be pressed."""
    panel = make_panel()
    panel.start()
    panel.adopt(game.name)
    page = visit(panel.url, expected=GONE)
    enter(page, password=PASSWORD)
    go_to(page, panel, f"servers/{game.name}/settings")
    vitals, uptime = page.get_by_test_id("vitals"), page.locator(".uptime .value")
    expect(vitals.locator(".status")).to_contain_text(look.say("state.ready"))
    page.locator("#option-ExpRate").fill("2.5")
    expect(page.get_by_test_id("settings-save")).to_be_visible()
    panel.stop()
    expect(page.get_by_text(look.like("stale.since"))).to_be_visible()
    assert not page.get_by_test_id("settings-save").evaluate(IS_COVERED)
    bar = vitals.evaluate("bar => [getComputedStyle(bar).opacity, getComputedStyle(bar).filter]")
    assert bar == ["1", "none"]
    assert vitals.locator(".figures").evaluate("part => getComputedStyle(part).filter") == "grayscale(1)"
    stands = uptime.inner_text()
    page.evaluate(AN_HOUR_LATER)
    expect(uptime).to_have_text(stands)


def test_figures_of_before_a_start_are_not_shown(page, panel):
    """They tell nothing of what runs now."""
    load(page, panel.url)
    fresh = page.evaluate(
        """async () => {
            const { freshSample } = await import(new URL("assets/js/status.js", document.baseURI));
            const at = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
            const find = (sampled_at) => freshSample(
                { name: "x", state: "running", started_at: at(2), metrics: { cpu_percent: 3, sampled_at } });
            return [find(at(3)), find(at(1))?.cpu_percent];
        }"""
    )
    assert fresh == [None, 3]
