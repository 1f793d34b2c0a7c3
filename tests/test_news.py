"""Who is told over `/api/events` that accounts, sessions or the audit trail have something new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.sync.client import ClientConnection

from palserver.services.accounts.endings import Endings
from tests.panel import FIRST_PASSWORD, PASSWORD, Panel, receive


@pytest.fixture
def mia(panel: Panel) -> Iterator[str]:
    """A viewer's token; she is removed afterwards."""
    yield panel.add_user("mia", "viewer")
    panel.call("DELETE", "/api/users/mia")


@contextmanager
def listening(panel: Panel, token: str | None = None) -> Iterator[ClientConnection]:
    """From the snapshot on."""
    with panel.watch("/api/events", token) as socket:
        while receive(socket)["type"] != "snapshot":
            pass
        yield socket


def hear(socket: ClientConnection, *wanted: str) -> set[str]:
    """What news there are about, up to the first moment when there were some about all that is `wanted`."""
    heard: set[str] = set()
    while not heard.issuperset(wanted):
        message = receive(socket)
        if message["type"] == "news":
            heard.add(message["about"])
    return heard


def test_admins_hear_of_accounts_and_of_the_audit(panel):
    """A change is heard of by every admin who watches, whoever made it."""
    with listening(panel) as one, listening(panel, panel.add_user("eve", "admin")) as other:
        for socket, username in ((one, "admin"), (other, "eve")):
            panel.call("PATCH", f"/api/users/{username}", {"role": "admin"})
            hear(socket, "me")  # whatever came before has been heard by now
        panel.add_user("ann", "viewer")
        for socket in (one, other):
            assert hear(socket, "users", "audit") == {"users", "audit"}
    for username in ("ann", "eve"):
        assert panel.call("DELETE", f"/api/users/{username}").status_code == 204


def test_nobody_hears_of_what_is_not_theirs(panel, mia):
    """A viewer hears of her own sessions and account alone, and an admin of nobody else's."""
    with listening(panel, mia) as hers, listening(panel) as admin:
        for socket, username, role in ((hers, "mia", "viewer"), (admin, "admin", "admin")):
            panel.call("PATCH", f"/api/users/{username}", {"role": role})
            hear(socket, "me")
        panel.add_user("ann", "operator")
        panel.call("DELETE", "/api/users/ann")
        panel.call("POST", "/api/auth/logout", token=panel.sign_in("mia"))
        assert hear(hers, "sessions") == {"sessions"}
        panel.call("PATCH", "/api/users/mia", {"role": "operator"})
        assert hear(hers, "me") <= {"sessions", "me"}
        panel.call("PATCH", "/api/users/admin", {"role": "admin"})
        assert hear(admin, "me") == {"users", "audit", "me"}


def test_who_is_admin_no_longer_hears_no_more(panel, mia):
    """The socket stays open, for a viewer may have it; what only admins hear stops at once."""
    panel.call("PATCH", "/api/users/mia", {"role": "admin"})
    with listening(panel, mia) as hers:
        panel.call("DELETE", "/api/users/nobody")
        assert "audit" in hear(hers, "audit")
        panel.call("PATCH", "/api/users/mia", {"role": "viewer"})
        hear(hers, "me")
        panel.call("DELETE", "/api/users/nobody")
        panel.call("PATCH", "/api/users/mia", {"role": "viewer"})
        assert hear(hers, "me") == {"me"}


@pytest.mark.parametrize("how", ["signed_out", "ended_elsewhere", "password_changed", "password_set"])
def test_who_was_signed_in_learns_why_no_longer(panel, mia, how):
    """The refresh token that is of no use any more says why; nobody else is told."""
    login = {"username": "mia", "password": PASSWORD}
    there = panel.call("POST", "/api/auth/login", login, token="").json()
    refreshing = {"token": there["refresh_token"]}
    if how == "signed_out":
        panel.call("POST", "/api/auth/logout", token=there["access_token"])
    elif how == "ended_elsewhere":
        sessions = panel.get("/api/auth/sessions", token=there["access_token"])["sessions"]
        (own,) = (session["id"] for session in sessions if session["current"])
        assert panel.call("DELETE", f"/api/auth/sessions/{own}", token=mia).status_code == 204
    elif how == "password_changed":
        change = {"current_password": PASSWORD, "new_password": "another horse"}
        assert panel.call("POST", "/api/auth/password", change, token=mia).status_code == 204
    else:
        assert panel.call("PATCH", "/api/users/mia", {"password": FIRST_PASSWORD}).status_code == 200
    answer = panel.call("POST", "/api/auth/refresh", **refreshing)
    assert (answer.status_code, answer.json()["key"]) == (401, "unauthorized")
    assert answer.json()["fields"] == {"ended": how}
    assert panel.call("POST", "/api/auth/refresh", token="made up").json()["fields"] == {}


def test_who_was_removed_learns_that(panel):
    """Their sessions end with the account."""
    panel.add_user("ann", "viewer")
    there = panel.call("POST", "/api/auth/login", {"username": "ann", "password": PASSWORD}, token="").json()
    panel.call("DELETE", "/api/users/ann")
    answer = panel.call("POST", "/api/auth/refresh", token=there["refresh_token"])
    assert answer.json()["fields"] == {"ended": "account_removed"}


def test_only_the_newest_endings_are_remembered():
    """However many sessions end, the memory of why does not grow."""
    endings = Endings(kept=2)
    for number in range(5):
        endings.note([str(number)], "signed_out")
    assert [endings.find(str(number)) for number in range(5)] == [None] * 3 + ["signed_out"] * 2
