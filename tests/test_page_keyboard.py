"""The page by the keyboard alone: each step is reached by Tab, and it is seen where one is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import visiting
from tests.game import Game
from tests.panel import PASSWORD, Panel, find_free_port
from tests.people import go_to
from tests.restored import ID, SPAN, Restored
from tests.saved_trees import read_day
from tests.waiting import wait_until

IS_FOCUSED = "(field) => field === document.activeElement"
FOCUS = """
(() => {
    const at = document.activeElement;
    const name = at === document.body ? "the page's end" : at.dataset.testid;
    const outlines = [null, "::after"].map((part) => getComputedStyle(at, part).outlineStyle);
    return [name, at.outerHTML.slice(0, 200), outlines.every((outline) => outline === "none")];
})()
"""


def tab_to(page: Page, testid: str) -> None:
    """Press Tab until the focus is there; wherever it rests on the way, it is seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at, markup, is_unseen = page.evaluate(FOCUS)
        assert not is_unseen or at == "the page's end", f"the focus is not seen on {markup}"
        if at == testid:
            return
    raise AssertionError(f"no way leads to {testid}")


def test_a_server_is_started_and_stopped_by_keyboard_alone(chromium, panel, adopted):
    """From the door to the end of a job, each step is reached by Tab, seen, and told to those who listen."""
    adopted.container.stop()
    with visiting(chromium, panel.url) as page:
        spoken = page.locator(".unseen[role=status]")
        expect(page.get_by_test_id("login-username")).to_be_focused()
        page.keyboard.type("admin")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        row = page.get_by_test_id(f"instance-{adopted.name}")
        expect(row.locator(".status")).to_contain_text("Stopped")
        tab_to(page, "action-start")
        page.keyboard.press("Enter")
        expect(spoken).to_have_text(f"{adopted.name}: Ready")
        expect(row.get_by_test_id("action-stop")).to_be_enabled()  # the job may end later
        tab_to(page, "action-stop")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("Nobody is on it.")
        tab_to(page, "confirm")
        page.keyboard.press("Enter")
        expect(spoken).to_have_text(f"{adopted.name}: Stopped")
        expect(page.locator(".notices")).to_contain_text(f"Stop of {adopted.name} is done.")
        assert adopted.state == "exited"


@pytest.fixture
def restored(panel: Panel, make_game: Callable[..., Game]) -> Restored:
    """A server with a backup of day 5, on which it is day 9."""
    restored = Restored(panel, make_game(environment=SPAN).start())
    restored.adopt()
    return restored


def press(page: Page, testid: str) -> None:
    tab_to(page, testid)
    page.keyboard.press("Enter")


def test_a_backup_is_made_and_another_one_restored(page, panel, restored):
    """With a note, past the preview and the question."""
    game = restored.game
    go_to(page, panel, f"servers/{game.name}/backups")
    expect(page.get_by_test_id("backup")).to_have_count(1)
    tab_to(page, "backup-note")
    page.keyboard.type("before the raid")
    press(page, "action-backup")
    expect(page.get_by_test_id("backup")).to_have_count(2)
    expect(page.locator(".backup-note").first).to_have_text("before the raid")
    expect(page.get_by_test_id("action-backup")).to_be_enabled()
    press(page, f"backup-{ID}")
    press(page, "backup-order-preview")
    expect(page.locator(".changes")).to_be_visible()
    press(page, "restore")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "confirm")
    expect(page.get_by_test_id("job").first.locator(".state")).to_have_text("Done")
    assert read_day(game) == 5


def test_a_setting_is_found_and_saved(page, panel, adopted):
    """The search, the field, the bar at the foot, and what waits then."""
    go_to(page, panel, f"servers/{adopted.name}/settings")
    expect(page.get_by_test_id("option-ExpRate")).to_be_visible()
    tab_to(page, "settings-search")
    page.keyboard.type("ExpRate")
    expect(page.get_by_test_id("option-CoopPlayerMaxNum")).to_be_hidden()
    field = page.get_by_test_id("option-ExpRate").locator("input")
    for _ in range(20):
        page.keyboard.press("Tab")
        if field.evaluate(IS_FOCUSED):
            break
    expect(field).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2")
    press(page, "settings-save")
    expect(page.get_by_text("1 change waits until PalServer")).to_be_visible()


def test_a_server_is_forgotten(page, panel, adopted):
    """By the last of the three choices; its container is left alone."""
    go_to(page, panel, f"servers/{adopted.name}/manage")
    expect(page.get_by_test_id("delete-submit")).to_be_visible()
    tab_to(page, "delete-keep")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("delete-forget")).to_be_checked()
    press(page, "delete-submit")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "confirm")
    expect(page.get_by_test_id("delete-submit")).to_have_count(0)
    wait_until(lambda: panel.call("GET", f"/api/instances/{adopted.name}").status_code == 404, "it is gone")
    assert adopted.state == "running"


def write(page: Page, testid: str, text: str) -> None:
    """In the place of whatever stands in the field."""
    tab_to(page, testid)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def test_a_server_is_made_and_cloned(page, panel, images, made):
    """From the list through the form to the server, its tab and its double."""
    one, two = made.name("one"), made.name("two")
    press(page, "create")
    expect(page.get_by_test_id("create-submit")).to_be_visible()
    write(page, "create-name", one)
    tab_to(page, "create-image")
    page.keyboard.press("End")  # the last of the choices is another image
    write(page, "create-own_image", images.get("thijsvanloef"))
    for field in ("game_port", "query_port", "rest_port"):
        write(page, f"create-{field}", str(find_free_port()))
    press(page, "create-submit")
    expect(page.get_by_test_id("create-open-server")).to_be_visible()
    press(page, "create-open-server")
    expect(page.get_by_test_id("tab-manage")).to_be_visible()
    press(page, "tab-manage")
    expect(page.get_by_test_id("clone-name")).to_be_visible()
    write(page, "clone-name", two)
    press(page, "clone-submit")
    go_to(page, panel, "")
    expect(page.get_by_test_id(f"instance-{two}")).to_be_visible()
