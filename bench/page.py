"""The first view: how many bytes and requests it takes until the list of servers stands there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Page, expect

from bench.lab import Lab, adopt
from bench.table import Row, at_most
from tests.browser import chromium_running, load, sign_in
from tests.panel import PASSWORD, Panel

SERVERS = 3
MOST_BYTES = 100_000
WAIT_MS = 30_000


class Traffic(NamedTuple):
    """What one look cost; `data` is how many addresses it asks for what it shows."""

    bytes: int
    requests: int
    data: int


class Counter:
    """Counts as the browser's own network panel does: compressed, with the heads of the answers."""

    def __init__(self, cdp: CDPSession) -> None:
        self._bytes = self._requests = 0
        self._data: set[str] = set()
        cdp.on("Network.responseReceived", self._note)
        cdp.on("Network.loadingFinished", self._add)
        cdp.on("Network.webSocketCreated", self._note_socket)

    def read(self) -> Traffic:
        """Since the last time."""
        traffic = Traffic(self._bytes, self._requests, len(self._data))
        self._bytes = self._requests = 0
        self._data = set()
        return traffic

    def _note(self, event: dict[str, Any]) -> None:
        self._requests += 1
        self._note_data(event["response"]["url"])

    def _add(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])

    def _note_socket(self, event: dict[str, Any]) -> None:
        self._requests += 1
        self._note_data(event["url"])

    def _note_data(self, url: str) -> None:
        path = urlsplit(url).path
        if path.startswith("/api/") and not path.startswith("/api/auth/"):
            self._data.add(path)


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    names = [lab.run_game() for _ in range(SERVERS)]
    adopt(panel, *names)
    with chromium_running() as browser:
        context = browser.new_context(locale="en-US")
        home, overview = _look(context.new_page(), panel, names)
        context.close()
    yield at_most("first view with 3 servers, over the wire", home.bytes / 1000, MOST_BYTES / 1000, "kB")
    yield at_most("  addresses asked for its data", home.data, 1, "")
    yield Row("  requests in all", str(home.requests))
    yield Row(
        "  what a server's charts add, once", f"{overview.bytes / 1000:.0f} kB, {overview.requests} requests"
    )


def _look(page: Page, panel: Panel, names: list[str]) -> tuple[Traffic, Traffic]:
    """Sign in, forget all that was loaded, and come back as on a first visit."""
    expect.set_options(timeout=WAIT_MS)
    load(page, panel.url)
    sign_in(page, "admin", PASSWORD)
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Network.clearBrowserCache")
    counter = Counter(cdp)
    page.reload()
    for name in names:
        expect(page.get_by_test_id(f"instance-{name}").locator(".spark path").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    home = counter.read()
    page.goto(f"{panel.url}/#/servers/{names[0]}")
    expect(page.locator(".charts")).not_to_have_attribute("aria-busy", "true")
    page.wait_for_load_state("networkidle")
    return home, counter.read()
