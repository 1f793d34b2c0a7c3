"""Facts about tickets, which open what cannot set a header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from palserver.services.accounts import tickets
from palserver.store import users
from tests.accounts_server import AccountsServer, key_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


def take_ticket(server: AccountsServer, token: str) -> str:
    answer = server.call("POST", "/api/auth/ticket", token=token)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 30)
    ticket: str = answer.json()["ticket"]
    return ticket


def open_door(server: AccountsServer, ticket: str, **headers: str) -> int:
    return server.call("GET", "/download", params={"ticket": ticket}, headers=headers).status_code


def test_opens_one_thing_once(server):
    """A second use of the same ticket is refused."""
    ticket = take_ticket(server, server.get_token())
    assert open_door(server, ticket) == 204
    assert open_door(server, ticket) == 401


def test_opens_only_what_takes_tickets(server):
    """Other addresses want the token in the header, and do not spend the ticket."""
    ticket = take_ticket(server, server.get_token())
    answer = server.call("GET", "/viewer", params={"ticket": ticket})
    assert (answer.status_code, key_of(answer)) == (401, "unauthorized")
    assert open_door(server, ticket) == 204


def test_a_token_works_there_too(server):
    """A script needs no ticket."""
    assert server.call("GET", "/download", token=server.get_token()).status_code == 204


def test_expires(server):
    """After 30 seconds it opens nothing."""
    token = server.get_token()
    in_time, too_late = take_ticket(server, token), take_ticket(server, token)
    server.clock.now += tickets.LIFETIME_SECONDS - 1
    assert open_door(server, in_time) == 204
    server.clock.now += 1
    assert open_door(server, too_late) == 401


def test_ends_with_its_session(server):
    """A ticket of somebody who has signed out since opens nothing."""
    token = server.get_token()
    ticket = take_ticket(server, token)
    server.call("POST", "/api/auth/logout", token=token)
    assert open_door(server, ticket) == 401


def test_shows_the_rights_of_now(server):
    """A ticket is as good as its user is when it is used."""
    server.add("ann", "viewer")
    ticket = take_ticket(server, server.get_token("ann"))
    server.database.write(users.remove_user, "ann")
    assert open_door(server, ticket) == 401


@pytest.mark.parametrize("ticket", ["", "x", "\0", "x" * 5000, "표"])
def test_garbage_is_refused(server, ticket):
    """Whatever is sent for a ticket, the answer is 401."""
    assert open_door(server, ticket) == 401


def test_not_for_another_sites_page(server):
    """A foreign Origin is refused before the ticket is looked at; our own, and none, are welcome."""
    token = server.get_token()
    ticket = take_ticket(server, token)
    assert open_door(server, ticket, Origin="https://evil.example") == 403
    assert open_door(server, ticket, Origin=server.url) == 204
    foreign = {"Origin": "https://evil.example"}
    assert server.call("GET", "/download", token=token, headers=foreign).status_code == 403


def test_three_hundred_a_minute(server):
    """A page with many sockets and downloads does not run out, and all of them are good."""
    token = server.get_token()
    taken = [take_ticket(server, token) for _ in range(300)]
    assert len(set(taken)) == 300
    assert all(open_door(server, ticket) == 204 for ticket in taken)


def test_their_number_is_bounded(monkeypatch):
    """Of too many the oldest are dropped, and the expired ones always."""
    monkeypatch.setattr(tickets, "MAX_TICKETS", 10)
    now = 0.0
    held = tickets.Tickets(lambda: now)
    issued = [held.add("session") for _ in range(12)]
    assert len(held) == 10
    assert [held.take(ticket) for ticket in issued[:3]] == [None, None, "session"]
    now = tickets.LIFETIME_SECONDS
    held.add("session")
    assert len(held) == 1
