"""Facts about guessing passwords."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from palserver.errors import TooManyRequests
from palserver.services.accounts import attempts
from palserver.services.accounts.sessions import Caller
from tests.accounts_server import PASSWORD, AccountsServer, Clock, hashing_held, key_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


def fail(server: AccountsServer, times: int, username: str = "boss") -> list[int]:
    return [server.login(username, "wrong").status_code for _ in range(times)]


def test_twenty_per_user_name(server):
    """After 20 failures even the right password waits, and the answer says how long."""
    assert fail(server, 20) == [401] * 20
    answer = server.login()
    assert (answer.status_code, key_of(answer)) == (429, "too_many_requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 300


def test_others_may_sign_in(server):
    """Only that name from that address waits."""
    server.add("ann", "viewer")
    fail(server, 21)
    assert server.login("ann").status_code == 200


def test_ends_by_itself(server):
    """Five minutes later it is over."""
    fail(server, 20)
    server.clock.now += attempts.WINDOW_SECONDS + 1
    assert server.login().status_code == 200


def test_hundred_per_address(server):
    """Going through names is no way around it."""
    for number in range(100):
        assert server.login(f"name{number}", "wrong").status_code == 401
    assert server.login("one more", "wrong").status_code == 429
    assert server.login().status_code == 429


def test_right_ones_are_not_counted(server):
    """Signing in as often as one likes is not guessing."""
    for _ in range(25):
        assert server.login().status_code == 200


def test_every_way_of_guessing_counts(server):
    """Verifying and changing are counted together with signing in."""
    token = server.get_token()
    fail(server, 10)
    for _ in range(5):
        change = {"current_password": "wrong", "new_password": "another horse"}
        assert server.call("POST", "/api/auth/password", change, token).status_code == 400
        verify = {"password": "wrong"}
        assert server.call("POST", "/api/auth/verify-password", verify, token).status_code == 200
    assert server.call("POST", "/api/auth/verify-password", {"password": PASSWORD}, token).status_code == 429
    assert server.login().status_code == 429


def test_many_at_once_do_not_slip_through(server):
    """An attempt counts from its beginning, so that a volley is limited like a row."""
    volley = [gevent.spawn(server.login, "boss", "wrong") for _ in range(60)]
    statuses = [login.get().status_code for login in volley]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 20


def test_table_is_bounded(monkeypatch):
    """However many addresses try, the memory for them does not grow without end."""
    monkeypatch.setattr(attempts, "MAX_KEYS", 50)
    clock = Clock()
    table = attempts.Attempts(clock)
    for number in range(1000):
        table.begin("boss", f"10.0.{number // 256}.{number % 256}")
    assert len(table) <= 50


def test_forgiven_ones_leave_nothing():
    """A right password leaves no trace in the table."""
    table = attempts.Attempts(Clock())
    table.begin("boss", "127.0.0.1")
    table.forgive("boss", "127.0.0.1")
    assert len(table) == 0


def test_being_busy_is_not_a_failure(tmp_path):
    """Who is turned away because too many are waiting has not guessed wrong."""
    server = AccountsServer(tmp_path)
    with hashing_held():
        waiting = [gevent.spawn(server.passwords.is_right, "x", None) for _ in range(18)]
        gevent.sleep(0)
        for _ in range(attempts.PER_USER_AND_ADDRESS + 1):
            with pytest.raises(TooManyRequests):
                server.services.auth.login("boss", PASSWORD, Caller("127.0.0.1", None))
    gevent.joinall(waiting)
    assert server.login().status_code == 200
    server.close()
