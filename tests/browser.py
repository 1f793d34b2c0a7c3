"""A real Chromium, and what goes wrong in its pages."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

Visit = Callable[..., Page]  # of an address, with the options of `visiting`
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
# What a reload drops, and what Chromium itself drops when the network changes (see `load`).
NOISE = re.compile("ERR_ABORTED|ERR_NETWORK_CHANGED")


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """Have a browser for as long as the block lasts; what it writes is gone afterwards."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as home, sync_playwright() as playwright:
        environment: dict[str, str | float | bool] = {"PATH": os.environ["PATH"], "HOME": home}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=environment)
        try:
            yield browser
        finally:
            browser.close()


def load(page: Page, address: str) -> None:
    """Load a page that is whole.

    Chromium drops every request that waits for a connection when the machine's network changes, as it does
    with each container that starts or ends. The page would notice and load itself again, in mid-test.
    """
    _load_whole(page, lambda: page.goto(address))


def reload(page: Page) -> None:
    """The same, of the page that is open."""
    _load_whole(page, page.reload)


def _load_whole(page: Page, go: Callable[[], object]) -> None:
    dropped: list[str] = []

    def note(request: Request) -> None:
        if request.failure == "net::ERR_NETWORK_CHANGED":
            dropped.append(request.url)

    page.on("requestfailed", note)
    while not _arrives(go) or dropped:
        dropped.clear()
    page.remove_listener("requestfailed", note)


def _arrives(go: Callable[[], object]) -> bool:
    """Whether the document itself was not what was dropped."""
    try:
        go()
    except Error as error:
        if "ERR_NETWORK_CHANGED" not in error.message:
            raise
        return False
    return True


def watch(page: Page, expected: str) -> list[str]:
    """A list that grows by whatever goes wrong in the page and does not match `expected`."""
    troubles: list[str] = []

    def note(trouble: str) -> None:
        if not NOISE.search(trouble) and not re.search(expected, trouble):
            troubles.append(trouble)

    def note_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            note(f"{message.text} at {message.location['url']}")

    page.on("console", note_message)
    page.on("pageerror", lambda error: note(f"exception: {error}"))
    page.on("requestfailed", lambda request: note(f"{request.method} {request.url}: {request.failure}"))
    return troubles


def sign_in(page: Page, username: str, password: str) -> None:
    """Fill in the form and send it, as a person does."""
    page.get_by_test_id("login-username").fill(username)
    page.get_by_test_id("login-password").fill(password)
    page.get_by_test_id("login-submit").click()


@contextmanager
def visiting(browser: Browser, address: str, expected: str = "$^", **options: Any) -> Iterator[Page]:
    """A new visitor's page. What goes wrong in it and is not `expected` fails the test when he leaves."""
    context = browser.new_context(**({"locale": "en-US"} | options))
    try:
        page = context.new_page()
        troubles = watch(page, expected)
        load(page, address)
        yield page
    finally:
        context.close()
    assert troubles == [], troubles
