"""Facts about the record of who did what."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts_server import PASSWORD, AccountsServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path, kept_entries=20)
    yield server
    server.close()


def list_entries(server: AccountsServer, token: str, query: str = ""):
    answer = server.call("GET", f"/api/audit{query}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"]


def shorten(entry: dict[str, str]) -> tuple[str, ...]:
    return entry["actor"], entry["action"], entry["target"], entry["outcome"]


def test_every_change_leaves_an_entry(server):
    """Who, what, to whom and how it ended, the newest first; reading leaves nothing."""
    boss = server.get_token()
    user = {"username": "ann", "password": "first password", "role": "viewer"}
    server.call("POST", "/api/users", user, boss)
    server.call("POST", "/api/users", user, boss)
    server.call("GET", "/api/users", token=boss)
    server.call("PATCH", "/api/users/ann", {"role": "god"}, boss)
    server.call("DELETE", "/api/users/ann", token=boss)
    server.call("POST", "/viewer", token=boss)
    entries = list_entries(server, boss)
    assert [shorten(entry) for entry in entries] == [
        ("boss", "doors.viewer", None, "ok"),
        ("boss", "users.remove", "ann", "ok"),
        ("boss", "users.change", "ann", "invalid"),
        ("boss", "users.create", "ann", "user_exists"),
        ("boss", "users.create", "ann", "ok"),
        ("boss", "auth.login", "boss", "ok"),
    ]
    assert entries[0].keys() == {"id", "at", "actor", "action", "target", "address", "outcome"}
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}


def test_signing_in_and_out(server):
    """A failed sign-in names who was tried, and nobody as the actor."""
    boss = server.get_token()
    server.login("boss", "wrong")
    server.login("nobody", "wrong")
    server.call("POST", "/api/auth/logout", token=server.get_token())
    assert [shorten(entry) for entry in list_entries(server, boss)] == [
        ("boss", "auth.logout", None, "ok"),
        ("boss", "auth.login", "boss", "ok"),
        (None, "auth.login", "nobody", "bad_credentials"),
        (None, "auth.login", "boss", "bad_credentials"),
        ("boss", "auth.login", "boss", "ok"),
    ]


def test_what_is_forbidden_is_recorded(server):
    """Somebody who tries what he may not is seen."""
    server.add("ann", "viewer")
    server.call("DELETE", "/api/users/boss", token=server.get_token("ann"))
    entry = list_entries(server, server.get_token())[1]
    assert shorten(entry) == ("ann", "users.remove", "boss", "forbidden")


def test_no_secret_is_in_it(server):
    """No password, token or hash reaches the table."""
    boss = server.get_token()
    user = {"username": "ann", "password": "first password", "role": "viewer"}
    server.call("POST", "/api/users", user, boss)
    change = {"current_password": PASSWORD, "new_password": "another horse"}
    server.call("POST", "/api/auth/password", change, boss)
    rows = str([tuple(row) for row in server.database.reader.execute("SELECT * FROM audit")])
    for secret in ("first password", PASSWORD, "another horse", boss, "$2b$"):
        assert secret not in rows


def test_noise_is_left_out(server):
    """Refreshes and tickets, which a page makes all day, and strangers without a token."""
    pair = server.sign_in()
    server.call("POST", "/api/auth/ticket", token=pair["access_token"])
    server.call("POST", "/api/auth/refresh", token=pair["refresh_token"])
    server.call("DELETE", "/api/users/boss")
    server.call("POST", "/no/such/address")
    server.call("POST", "/api/auth/login", {"nonsense": 1})
    assert [entry["action"] for entry in list_entries(server, server.get_token())] == ["auth.login"] * 2


def test_strangers_cannot_push_it_out(server):
    """Guessing past the limit leaves no more entries: the record is not theirs to fill."""
    for _ in range(30):
        server.login("boss", "wrong")
    assert server.read_one("SELECT count(*) FROM audit WHERE outcome != 'bad_credentials'") == 0
    assert server.read_one("SELECT max(id) FROM audit") == 20


def test_only_the_newest_are_kept(server):
    """The table does not grow without end."""
    boss = server.get_token()
    for _ in range(30):
        server.call("POST", "/viewer", token=boss)
    assert len(list_entries(server, boss)) == 20
    assert server.read_one("SELECT max(id) FROM audit") == 31


def test_is_read_page_by_page(server):
    """`before` goes on where the last page ended."""
    boss = server.get_token()
    for _ in range(5):
        server.call("POST", "/viewer", token=boss)
    first = list_entries(server, boss, "?limit=4")
    second = list_entries(server, boss, f"?limit=4&before={first[-1]['id']}")
    assert [int(entry["id"]) for entry in first + second] == [6, 5, 4, 3, 2, 1]
    assert list_entries(server, boss, "?before=1") == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "limit=-1", "before=x", "before=0", "before=" + "9" * 30]
)
def test_bad_questions(server, query):
    """Each is 400 with the field named."""
    answer = server.call("GET", f"/api/audit?{query}", token=server.get_token())
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [query.partition("=")[0]])


def test_long_names_are_cut(server):
    """A name as long as a book is not kept whole."""
    server.login("x" * 10_000, "wrong")
    assert server.read_one("SELECT length(target) FROM audit") == 128


def test_a_full_disk_does_not_undo_what_was_done(server):
    """When the entry cannot be written the caller is told the truth all the same: it was done."""
    boss = server.get_token()

    def forbid(conn: sqlite3.Connection) -> None:
        conn.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")

    server.database.write(forbid)
    assert server.call("POST", "/viewer", token=boss).status_code == 204
