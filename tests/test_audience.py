"""Whether anybody looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from palserver.services.audience import Audience
from palserver.services.games.pace import REST_SECONDS, Intervals, Pace
from tests.accounts_server import METRICS_TOKEN, AccountsServer


class TestAudience:
    def test_nobody_at_first(self):
        """A panel that has just started has not been asked anything."""
        audience = Audience()
        assert not audience.is_there
        assert not audience.wait(0.01)

    def test_as_long_as_one_watches(self):
        """Any number of sockets is an audience, and the last one that leaves ends it."""
        audience = Audience(linger_seconds=0)
        with audience.watching():
            with audience.watching():
                assert audience.is_there
            assert audience.is_there
        assert not audience.is_there

    def test_a_question_counts_for_a_while(self):
        """Who asked a moment ago may ask again; after the while nobody is there."""
        audience = Audience(linger_seconds=1)
        audience.note()
        seen = [audience.is_there]
        gevent.sleep(1.1)
        seen.append(audience.is_there)
        assert seen == [True, False]
        assert not audience.wait(0.01)

    def test_whoever_comes_wakes_those_who_wait(self):
        """All of them, at once."""
        audience = Audience()
        waiting = [gevent.spawn(audience.wait, 30) for _ in range(3)]
        gevent.sleep(0)
        audience.note()
        gevent.joinall(waiting, timeout=20)
        assert [greenlet.value for greenlet in waiting] == [True] * 3


class TestRequests:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[AccountsServer]:
        server = AccountsServer(tmp_path)
        yield server
        server.close()

    def test_signed_in(self, server):
        """Somebody who asks for something is there; who knocks and is not let in is nobody."""
        server.call("GET", "/viewer", token="wrong")
        assert not server.services.audience.is_there
        server.call("GET", "/viewer", token=server.get_token())
        assert server.services.audience.is_there

    def test_machines(self, server):
        """Prometheus asks all day long, with its own token or a user's, and looks at nothing."""
        for token in (METRICS_TOKEN, server.get_token()):
            assert server.call("GET", "/figures", token=token).status_code == 204
        assert not server.services.audience.is_there


class TestPace:
    def test_watched_and_not(self):
        """The wait is counted from the beginning of the poll before, and a short rest is always kept."""
        audience = Audience(linger_seconds=0)
        pace = Pace(audience, Intervals(60.0, 60.0), Intervals(0.8, 0.8))
        began = time.monotonic()
        pace.rest(began - 0.1)
        assert 0.65 < time.monotonic() - began < 30
        began = time.monotonic()
        pace.rest(began - 100)
        assert REST_SECONDS - 0.05 < time.monotonic() - began < 30

    def test_who_comes_is_not_kept_waiting(self):
        """The long wait of a quiet time ends when somebody comes."""
        audience = Audience()
        pace = Pace(audience, Intervals(0.2, 0.2), Intervals(600.0, 600.0))
        resting = gevent.spawn(pace.rest, time.monotonic())
        gevent.sleep(0)
        assert not resting.ready()
        audience.note()
        resting.get(timeout=30)

    def test_players_are_due_by_their_own_interval(self):
        """At first, and then when their time has come, give or take a poll's own time."""
        pace = Pace(Audience(), Intervals(0.0, 0.0), Intervals(15.0, 60.0))
        assert pace.are_players_due(None)
        assert not pace.are_players_due(time.monotonic() - 50)
        assert pace.are_players_due(time.monotonic() - 59.8)
