"""How a server ended, as the page tells it: by force, or by itself, once or again and again."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_test_id(f"instance-{name}")


def test_who_was_killed_had_no_time_to_save(page, adopted):
    """By whomever: the time of its end says so, and nothing is wrong with it."""
    row = row_of(page, adopted.name)
    expect(row.locator(".status")).to_contain_text("Ready")
    adopted.container.kill()
    expect(row.locator(".status .word")).to_have_text("Stopped")
    expect(row.locator(".status .detail")).to_contain_text("ended by force")
    expect(row.locator(".problem-words")).to_be_empty()


def test_a_crash_needs_a_hand(page, panel, make_game):
    """It is told with its exit code, in the colour of what is wrong."""
    game = make_game(restart_policy={"Name": "no"}).start()
    panel.adopt(game.name)
    row = row_of(page, game.name)
    expect(row.locator(".status")).to_contain_text("Ready")
    game.control("POST", "/crash", {"exit_code": 77})
    expect(row.locator(".note[data-tone=bad]")).to_contain_text("It ended by itself with exit code 77.")


def test_a_server_that_ends_again_and_again_needs_a_hand(page, panel, make_game):
    """While the engine waits to start it once more, it is not called well and has no figures."""
    game = make_game(command=["sh", "-c", "exit 3"])
    game.container.start()
    panel.adopt(game.name)
    row = row_of(page, game.name)
    expect(row.locator(".status .word")).to_have_text("Restarting")
    expect(row.locator(".note[data-tone=bad]")).to_contain_text(
        "It ended by itself with exit code 3 and is started again. Its log may say why."
    )
    expect(row.locator(".figure.memory .value")).to_have_attribute("data-unknown", "")
