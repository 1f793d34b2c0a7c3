"""The engine's endless answers, from something that is no engine, or one that says nothing more."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import gevent
import pytest
from gevent.server import StreamServer

from palserver.clients import engine_stream
from palserver.clients.engine import Engine
from palserver.clients.engine_stream import EngineAddress, open_stream
from palserver.errors import EngineUnreachable

MakeEngine = Callable[[bytes], Engine]


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[MakeEngine]:
    """Something that answers every question with the same bytes, and then neither speaks nor hangs up."""
    servers = []
    path = tmp_path / "engine.sock"

    def make(answer: bytes) -> Engine:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        listener.setblocking(False)

        def handle(connection: socket.socket, _: object) -> None:
            connection.recv(65536)
            connection.sendall(answer)
            connection.recv(1)

        servers.append(StreamServer(listener, handle))
        servers[-1].start()
        return Engine({"DOCKER_HOST": f"unix://{path}"})

    yield make
    for server in servers:
        server.stop(timeout=0)


@pytest.mark.parametrize(
    "answer", [b"\r\n\r\n", b"hello\r\n\r\n", b"HTTP/1.0 soon\r\n\r\n", b"\xff" * 99_999]
)
def test_garbage_is_no_engine(make_engine, answer):
    """Whatever answers there, we say that the engine does not."""
    with pytest.raises(EngineUnreachable), make_engine(answer).stream("/events"):
        pass


def test_an_answer_that_stops_in_the_middle(make_engine):
    """One that has an end is given up after a silence; what came before is had."""
    engine = make_engine(b"HTTP/1.0 200 OK\r\n\r\nhalf")
    with engine.stream("/logs", silence_seconds=0.2) as pieces:
        assert next(pieces) == b"half"
        with pytest.raises(EngineUnreachable):
            next(pieces)


def test_a_quiet_stream_is_waited_for(make_engine):
    """Where silence means that nothing happens."""
    engine = make_engine(b"HTTP/1.0 200 OK\r\n\r\n")

    def read() -> None:
        with engine.stream("/events") as pieces:
            next(pieces)

    reading = gevent.spawn(read)
    gevent.sleep(0.5)
    assert not reading.ready()
    reading.kill()


class Writer:
    """The engine's end of a log. It writes so many lines in each nap of the reader, and then hangs up.

    Stands in for the module `time`, so that what is read together does not depend on how busy the machine is.
    """

    def __init__(self, *lines_a_nap: int) -> None:
        self.reader, self._writer = socket.socketpair()
        self._writer.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        self._lines_a_nap = list(lines_a_nap)
        self._lines = 0
        self.naps = 0
        self._now = 0.0

    def write(self, lines: int) -> None:
        numbers = range(self._lines, self._lines + lines)
        self._lines += lines
        self._writer.sendall(b"".join(b"%099d\n" % number for number in numbers))

    def close(self) -> None:
        self._writer.close()

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        self.naps += 1
        if self._lines_a_nap:
            self.write(self._lines_a_nap.pop(0))
        else:
            self.hang_up()

    def hang_up(self) -> None:
        self._writer.shutdown(socket.SHUT_WR)


Follow = Callable[[Writer], Iterator[bytes]]


@pytest.fixture
def follow(monkeypatch) -> Iterator[Follow]:
    """Reads a writer's log as logs are read."""
    with ExitStack() as stack:

        def follow(writer: Writer) -> Iterator[bytes]:
            stack.callback(writer.close)
            monkeypatch.setattr(engine_stream, "_connect", lambda address: writer.reader)
            monkeypatch.setattr(engine_stream, "time", writer)
            return stack.enter_context(open_stream(EngineAddress(), "/logs", is_gathered=True))

        yield follow


def read_numbers(pieces: Iterator[bytes]) -> list[list[int]]:
    return [[int(line) for line in piece.splitlines()] for piece in pieces]


def test_a_lone_line_leaves_at_once(follow):
    """Nothing that might follow is waited for; no more so after a silence."""
    writer = Writer(*[0] * 100)
    pieces = follow(writer)
    writer.write(1)
    assert int(next(pieces)) == 0
    assert writer.naps == 0

    def write_later() -> int:
        writer.write(1)
        return writer.naps

    writing = gevent.spawn(write_later)  # runs when the reader has stopped to nap, and waits
    assert int(next(pieces)) == 1
    assert writer.naps == writing.get()


@pytest.mark.parametrize(("lines_a_nap", "naps_a_frame"), [(50, 10), (1000, 3)])
def test_a_flood_travels_in_full_frames(follow, lines_a_nap, naps_a_frame):
    """What comes within ten milliseconds is one piece, or a quarter of a MiB; each line is in one of them."""
    writer = Writer(*[lines_a_nap] * 60)
    pieces = follow(writer)
    writer.write(1)
    gevent.spawn(writer.hang_up)  # runs only where the reader waits instead of taking a nap
    first, *frames, last = read_numbers(pieces)
    assert first == [0]
    assert [*first, *chain(*frames), *last] == list(range(60 * lines_a_nap + 1))
    assert {len(frame) // lines_a_nap for frame in frames} <= {naps_a_frame, naps_a_frame + 1}
