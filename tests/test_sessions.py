"""Facts about one's own sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts_server import PASSWORD, AccountsServer, key_of

THEN = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


def list_sessions(server: AccountsServer, token: str):
    answer = server.call("GET", "/api/auth/sessions", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()["sessions"]


def test_say_when_and_from_where(server):
    """Each is listed with its times, its address and its program; the caller's own is marked."""
    server.login(headers={"User-Agent": "an old phone"})
    token = server.login(headers={"User-Agent": "x" * 5000}).json()["access_token"]
    here, there = sorted(list_sessions(server, token), key=lambda session: not session["current"])
    assert here.keys() == {"id", "created_at", "last_used_at", "address", "user_agent", "current"}
    assert (here["current"], here["address"], here["user_agent"]) == (True, "127.0.0.1", "x" * 200)
    assert (there["current"], there["user_agent"]) == (False, "an old phone")


def test_last_used_is_the_last_refresh(server):
    """A refresh shows that a session is alive."""
    pair = server.sign_in()
    server.database.write(
        lambda conn: conn.execute(
            "UPDATE sessions SET created_at = :then, last_used_at = :then", {"then": THEN}
        )
    )
    fresh = server.call("POST", "/api/auth/refresh", token=pair["refresh_token"]).json()["access_token"]
    (session,) = list_sessions(server, fresh)
    assert session["last_used_at"] > session["created_at"] == THEN


def test_only_ones_own(server):
    """Nobody sees or ends another user's sessions, not even an admin."""
    server.add("ann", "viewer")
    token = server.get_token("ann")
    (session,) = list_sessions(server, token)
    boss = server.get_token()
    assert session["id"] not in [other["id"] for other in list_sessions(server, boss)]
    answer = server.call("DELETE", f"/api/auth/sessions/{session['id']}", token=boss)
    assert (answer.status_code, key_of(answer)) == (404, "session_not_found")
    assert server.call("GET", "/viewer", token=token).status_code == 204


def test_ending_one_works_at_once(server):
    """Its tokens stop; the others go on."""
    here, there = server.get_token(), server.sign_in()
    other = next(session["id"] for session in list_sessions(server, here) if not session["current"])
    assert server.call("DELETE", f"/api/auth/sessions/{other}", token=here).status_code == 204
    assert server.call("GET", "/viewer", token=there["access_token"]).status_code == 401
    assert server.call("POST", "/api/auth/refresh", token=there["refresh_token"]).status_code == 401
    assert server.call("GET", "/viewer", token=here).status_code == 204
    assert server.call("DELETE", f"/api/auth/sessions/{other}", token=here).status_code == 404


def test_ending_the_current_one(server):
    """Is signing out."""
    token = server.get_token()
    (session,) = list_sessions(server, token)
    assert server.call("DELETE", f"/api/auth/sessions/{session['id']}", token=token).status_code == 204
    assert server.call("GET", "/viewer", token=token).status_code == 401


@pytest.mark.parametrize("session_id", ["x", "%00", "x" * 3000, "..%2f..", "' OR 1=1 --", "%ff"])
def test_unknown_ones(server, session_id):
    """Whatever is sent for an id, the answer is 404."""
    token = server.get_token()
    answer = server.call("DELETE", f"/api/auth/sessions/{session_id}", token=token)
    assert answer.status_code == 404


class TestAddress:
    def address(self, server: AccountsServer, forwarded: str) -> str:
        headers = {"X-Forwarded-For": forwarded}
        token = server.login("boss", PASSWORD, headers=headers).json()["access_token"]
        current = [session for session in list_sessions(server, token) if session["current"]]
        address: str = current[0]["address"]
        return address

    def test_is_the_other_end_of_the_connection(self, server):
        """Without a configured proxy nobody is believed about where he comes from."""
        assert self.address(server, "203.0.113.7") == "127.0.0.1"

    @pytest.mark.parametrize(
        "forwarded, address",
        [
            ("203.0.113.7", "203.0.113.7"),
            ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("198.51.100.1,2001:db8::7 ", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("", "127.0.0.1"),
            ("not an address", "127.0.0.1"),
            ("203.0.113.7, ", "127.0.0.1"),
        ],
    )
    def test_behind_a_proxy(self, tmp_path, forwarded, address):
        """Behind a proxy on this host it is the last entry, which the proxy wrote; odd ones are ignored."""
        server = AccountsServer(tmp_path, public_url="https://panel.example.org")
        assert self.address(server, forwarded) == address
        server.close()
