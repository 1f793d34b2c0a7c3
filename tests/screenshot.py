"""`make picture`: the pictures in the README, of a panel that looks after the demo's two pretend servers."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import docker
from playwright.sync_api import Browser, Page, ViewportSize, expect

from demo.games import GAMES, games_running
from demo.panel import PASSWORD, adopt_containers, panel_running
from tests.browser import chromium_running, load, sign_in

FOLDER = Path(__file__).parent.parent / "docs"
WIDTH = 1280
PHONE: ViewportSize = {"width": 375, "height": 812}
MARGIN = 24
SOMEBODY = re.compile("^[1-9]")
TREND = re.compile("(L[^L]+){3}")  # a line drawn through so many minutes


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
        FOLDER.mkdir(exist_ok=True)
        FOLDER.joinpath("page.png").write_bytes(join(browser, parts, "row", WIDTH))
        phone = browser.new_page(
            viewport=PHONE, locale="ko-KR", color_scheme="dark", is_mobile=True, has_touch=True
        )
        load(phone, address)
        sign_in(phone, "admin", PASSWORD)
        screens = take_phone(phone, names[0])
        FOLDER.joinpath("phone.png").write_bytes(
            join(browser, screens, "column", len(screens) * PHONE["width"])
        )


def take_phone(page: Page, name: str) -> list[bytes]:
    """The list, one server, its players and its log, as they stand in the hand."""
    expect(page.locator(".spark path").first).to_have_attribute("d", TREND)
    screens = [page.screenshot()]
    page.get_by_role("link", name=name).click()
    expect(page.locator(".plot canvas")).to_have_count(4)
    screens.append(page.screenshot())
    for tab, sight in (("tab-players", "table.roster tbody tr"), ("tab-logs", '[data-testid="log-line"]')):
        page.get_by_test_id(tab).click()
        expect(page.locator(sight).last).to_be_visible()
        screens.append(page.screenshot())
    return screens


def take_list(page: Page, names: list[str]) -> bytes:
    """The list of servers, once all are ready and somebody plays on each."""
    expect(page.locator(".spark path").first).to_have_attribute("d", TREND)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{len(names)} servers, all of them ready.")
    for name in names:
        expect(page.get_by_test_id(f"instance-{name}").locator(".players .value")).to_have_text(SOMEBODY)
    return take_down_to(page, ".host")


def take_server(page: Page, name: str) -> bytes:
    """One server, with its past in charts."""
    page.get_by_role("link", name=name).click()
    expect(page.locator(".plot canvas")).to_have_count(4)
    expect(page.get_by_test_id("chart-cpu_percent").locator(".reading")).not_to_be_empty()
    return take_down_to(page, ".charts")


def take_down_to(page: Page, selector: str) -> bytes:
    """The page from its top to the end of this element."""
    page.mouse.move(0, 0)  # nothing is lit up by a pointer
    box = page.locator(selector).bounding_box()
    assert box is not None
    return page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": box["y"] + box["height"] + MARGIN})


def join(browser: Browser, pictures: list[bytes], flow: str, width: int) -> bytes:
    """One below the other, or as columns side by side, on a ground that tells them apart."""
    gaps = MARGIN * (len(pictures) - 1) if flow == "column" else 0
    page = browser.new_page(viewport={"width": width + gaps, "height": 100})
    images = [f'<img src="data:image/png;base64,{b64encode(each).decode()}">' for each in pictures]
    style = f"margin: 0; display: grid; grid-auto-flow: {flow}; gap: {MARGIN}px; background: #8f9489"
    page.set_content(f'<body style="{style}">{"".join(images)}')
    page.wait_for_load_state()
    return page.screenshot(full_page=True)


if __name__ == "__main__":
    main()
