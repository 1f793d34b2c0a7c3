"""`make picture`: the picture in the README, of a panel that looks after the demo's two pretend servers."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import docker
from playwright.sync_api import Browser, Page, expect

from demo.games import GAMES, games_running
from demo.panel import PASSWORD, adopt_containers, panel_running
from tests.browser import chromium_running, load, sign_in

PICTURE = Path(__file__).parent.parent / "docs" / "page.png"
WIDTH = 1280
MARGIN = 24
SOMEBODY = re.compile("^[1-9]")
TREND = re.compile("(L[^L]+){120}")  # a line drawn through so many measurements, one a second


def main() -> None:
    names = [game.name for game in GAMES]
    with games_running(docker.from_env()), panel_running() as (_, address), chromium_running() as browser:
        expect.set_options(timeout=300_000)
        adopt_containers(address, names)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": 800}, locale="en-US", color_scheme="light"
        )
        load(page, address)
        sign_in(page, "admin", PASSWORD)
        parts = [take_list(page, names), take_server(page, names[0])]
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(stack(browser, parts))


def take_list(page: Page, names: list[str]) -> bytes:
    """The list of servers, once all are ready and somebody plays on each."""
    page.goto(f"{page.url}#/servers/{names[0]}")
    expect(page.locator(".trend path").first).to_have_attribute("d", TREND)
    page.get_by_role("link", name="All servers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"All {len(names)} servers are ready.")
    for name in names:
        expect(page.get_by_test_id(f"instance-{name}").locator(".players .value")).to_have_text(SOMEBODY)
    return take_down_to(page, ".fleet")


def take_server(page: Page, name: str) -> bytes:
    """One server, with the lines of its last minutes."""
    page.get_by_role("link", name=name).click()
    expect(page.locator(".trend path").first).to_have_attribute("d", TREND)
    return take_down_to(page, ".trends")


def take_down_to(page: Page, selector: str) -> bytes:
    """The page from its top to the end of this element."""
    page.mouse.move(0, 0)  # nothing is lit up by a pointer
    box = page.locator(selector).bounding_box()
    assert box is not None
    return page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": box["y"] + box["height"] + MARGIN})


def stack(browser: Browser, pictures: list[bytes]) -> bytes:
    """One below the other, on a ground that tells them apart."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 100})
    images = [f'<img src="data:image/png;base64,{b64encode(each).decode()}">' for each in pictures]
    page.set_content(
        f'<body style="margin: 0; display: grid; gap: {MARGIN}px; background: #8f9489">{"".join(images)}'
    )
    page.wait_for_load_state()
    return page.screenshot(full_page=True)


if __name__ == "__main__":
    main()
