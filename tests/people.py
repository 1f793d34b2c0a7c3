"""What the tests of the page about people share."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser import sign_in
from tests.panel import PASSWORD, Panel

SIGNED_OUT = "status of 401|WebSocket"


def enter(page: Page, username: str = "admin", password: str = PASSWORD) -> None:
    sign_in(page, username, password)
    expect(page.get_by_test_id("sign-out")).to_be_visible()


def go_to(page: Page, panel: Panel, place: str) -> None:
    page.goto(f"{panel.url}/#/{place}")


def problem_of(page: Page, testid: str) -> Locator:
    """What is said below a field."""
    return page.locator(".field").filter(has=page.get_by_test_id(testid)).locator(".field-problem")
