"""The page when changes are missing: between it and the panel somebody swallows what the panel tells."""

from __future__ import annotations

import json

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser import visiting
from tests.panel import Panel
from tests.people import enter
from tests.waiting import wait_until

GAP = json.dumps({"type": "gap", "lost": 3})


class Swallower:
    """Passes on all that a socket brings, until one is swallowed; what is opened after that is left alone."""

    def __init__(self, page: Page) -> None:
        self.opened: list[WebSocketRoute] = []
        self.swallowed: list[str] = []
        self.swallowing: WebSocketRoute | None = None
        page.route_web_socket("**/api/events**", self._join)

    def _join(self, near: WebSocketRoute) -> None:
        far = near.connect_to_server()
        self.opened.append(near)

        def pass_on(message: str | bytes) -> None:
            if near is self.swallowing:
                self.swallowed.append(json.loads(message)["type"])
            else:
                near.send(message)

        far.on_message(pass_on)

    def swallow(self) -> WebSocketRoute:
        """From now on; returns the socket of now, which may not be the first: the network drops some."""
        self.swallowing = self.opened[-1]
        return self.swallowing


def test_a_gap_in_the_events_is_filled_by_a_new_snapshot(chromium, panel: Panel, adopted):
    """What changed meanwhile stands there without a reload, and what changes afterwards is heard again."""
    with visiting(chromium, panel.url) as page:
        swallower = Swallower(page)
        enter(page)
        status = page.get_by_test_id(f"instance-{adopted.name}").locator(".status")
        expect(status).to_contain_text("Ready")
        page.evaluate("window.isTheSame = true")
        socket = swallower.swallow()
        opened = len(swallower.opened)
        assert panel.run_job(f"/api/instances/{adopted.name}/stop")["state"] == "succeeded"

        def has_swallowed() -> bool:
            page.wait_for_timeout(50)  # lets the sockets' messages pass
            return "instance" in swallower.swallowed

        wait_until(has_swallowed, "the page missed the change")
        expect(status).to_contain_text("Ready")
        socket.send(GAP)
        expect(status).to_contain_text("Stopped")
        assert len(swallower.opened) == opened + 1
        assert panel.run_job(f"/api/instances/{adopted.name}/start")["state"] == "succeeded"
        expect(status).to_contain_text("Ready")
        assert page.evaluate("window.isTheSame")
