"""One instance's log, from something that answers as an engine does whose log file was rotated."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.server import StreamServer

from palserver.clients.engine import Engine
from palserver.services.logs import feed as feeds
from palserver.services.logs.feed import LogFeed
from palserver.services.logs.keeper import LogKeeper
from palserver.services.logs.known_runs import KnownRuns
from palserver.services.logs.writer import LogWriter
from palserver.store.log_ring import LogRing
from palserver.threads import Threads
from tests.pretend_rows import make_container

CONTAINER = make_container(is_tty=True)


class Log:
    """What the engine holds of it at the moment, the whole answer to every question."""

    def __init__(self, path: Path) -> None:
        self.text = ""
        self.stays_open = False
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        listener.setblocking(False)
        self.server = StreamServer(listener, self._answer)
        self.server.start()

    def hold(self, minute: int, *texts: str) -> None:
        times = (f"2026-09-01T20:{minute:02}:{second:02}.000000000Z" for second in range(len(texts)))
        self.text = "".join(f"{time} {text}\n" for time, text in zip(times, texts, strict=True))

    def send_again(self) -> None:
        """As the engine does when it rotates its file: all of it, in the midst of it."""
        first, *rest = self.text.splitlines(keepends=True)
        self.text = "".join([first, *rest[:-1], first, *rest])

    def _answer(self, connection: socket.socket, _: object) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{self.text}".encode())
        if self.stays_open:
            connection.recv(1)  # until the other side hangs up
        connection.close()


@pytest.fixture
def log(tmp_path) -> Iterator[Log]:
    log = Log(tmp_path / "engine.sock")
    yield log
    log.server.stop(timeout=0)


@pytest.fixture
def feed(tmp_path, log) -> Iterator[LogFeed]:
    readers, writer = Threads(1), LogWriter()
    engine = Engine({"DOCKER_HOST": f"unix://{tmp_path}/engine.sock"})
    yield LogFeed(engine, LogKeeper(LogRing(tmp_path / "ring", 1024 * 1024), writer, readers))
    engine.close()
    writer.stop()
    readers.stop()


@pytest.mark.parametrize(
    ("most_items", "lost", "had"), [(9, 0, ["a", None, "b"]), (2, 1, [None, "b"]), (1, None, ["b"])]
)
def test_what_the_engine_threw_away_stays_unknown_to_a_slow_reader(log, feed, most_items, lost, had):
    """Between two readings its file was rotated: a gap without a number. Who misses the gap is told so."""
    reader = feed.topic.subscribe(max_items=most_items)
    for minute, text in ((10, "a"), (30, "b")):
        log.hold(minute, text)
        feed.fill(CONTAINER)
    taken = reader.take()
    assert taken is not None and taken.lost == lost
    messages = [json.loads(message.payload) for message in taken.items]
    assert [None if each["type"] == "gap" else each["lines"][0][3] for each in messages] == had


def list_messages(feed: LogFeed) -> list[list[str] | str]:
    """Of each its lines' texts, or its type."""
    messages = [json.loads(message.payload) for message in feed.subscribe(100, None).first]
    return [[line[3] for line in each["lines"]] if each.get("lines") else each["type"] for each in messages]


def test_what_the_engine_sends_again_is_left_out(log, feed):
    """However old it is, and in the midst of what is new."""
    log.hold(10, *map(str, range(60)))
    log.send_again()
    feed.fill(CONTAINER)
    assert list_messages(feed) == [[*map(str, range(60))]]


def test_the_first_run_has_written_all_there_is(log, feed):
    """However late the engine noted its start; a later one what follows the end of the one before."""
    started = make_container(is_tty=True, started_at="2026-09-01T20:10:30.000000000Z")
    again = make_container(
        is_tty=True, started_at="2026-09-01T20:20:03.000000000Z", last_end="2026-09-01T20:20:01.000000000Z"
    )
    runs = KnownRuns()
    for container, minute in ((started, 10), (again, 20)):
        feed.known_runs = runs.note(container)
        log.hold(minute, "zero", "one", "two")
        feed.fill(container)
    assert list_messages(feed) == [
        "state",
        ["zero", "one", "two"],
        "gap",
        ["zero", "one"],
        "state",
        ["two"],
    ]


def test_a_stream_that_is_silent_for_long_is_opened_anew(log, feed, monkeypatch):
    """It may have stopped for good: whatever it has not sent comes then, each line once."""
    monkeypatch.setattr(feeds, "SILENCE_SECONDS", 0.2)
    reader = feed.topic.subscribe()
    log.stays_open = True
    for texts in (["a"], ["a", "b"]):
        log.hold(10, *texts)
        feed.follow(CONTAINER)
    taken = reader.take()
    assert taken is not None
    messages = [json.loads(message.payload) for message in taken.items]
    assert [line[3] for message in messages for line in message["lines"]] == ["a", "b"]
