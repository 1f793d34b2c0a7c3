"""How long a log is read: while somebody looks and a little longer, and not a moment more."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from palserver.services.logs.messages import read_lines
from tests.game import Game
from tests.house import EngineWire
from tests.rig import Rig
from tests.waiting import wait_until


class CountingWire(EngineWire):
    """Knows how many streams of logs are open on it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.streams = self.all_streams = 0

    def _join(self, near: socket.socket, _: object) -> None:
        request = near.recv(65536, socket.MSG_PEEK)
        is_stream = b"/logs?" in request and b"follow=1" in request
        self.streams += is_stream
        self.all_streams += is_stream
        try:
            super()._join(near, _)
        finally:
            self.streams -= is_stream


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[CountingWire]:
    wire = CountingWire(tmp_path)
    yield wire
    wire.close()


@pytest.fixture
def rig(tmp_path: Path, wire: CountingWire) -> Iterator[Rig]:
    rig = Rig(tmp_path / "panel", wire)
    rig.services.logs._grace_seconds = 2.0
    yield rig
    rig.close()


def has_said(game: Game, text: str) -> bool:
    return text in game.container.logs(tail=50).decode()


def is_grace_over(rig: Rig) -> bool:
    return not any(greenlet.name.startswith("log grace") for greenlet in rig.background._greenlets)


def test_the_stream_ends_a_while_after_the_last_viewer_has_left(rig, wire, game):
    """Then nothing is read, whatever is said, until somebody comes: who gets all of it, once."""
    rig.adopt(game)
    with rig.services.logs.open(game.name) as feed:
        game.say("while somebody looks")
        wait_until(lambda: wire.streams == 1, "it is read")
    assert not is_grace_over(rig)
    assert wire.streams == 1
    wait_until(lambda: wire.streams == 0, "it is read no longer")
    before = feed.topic.published_lines
    game.say("while nobody looks", repeat=50)
    game.say("the last of it")
    wait_until(lambda: has_said(game, "the last of it"), "it was said")
    assert (feed.topic.published_lines, wire.streams, wire.all_streams) == (before, 0, 1)
    with rig.services.logs.open(game.name) as feed:
        lines = [line for message in feed.subscribe(10_000, None).first for line in read_lines(message)]
        wait_until(lambda: wire.streams == 1, "it is read again")
    for text, times in (("while somebody looks", 1), ("while nobody looks", 50), ("the last of it", 1)):
        assert sum(line[3].startswith(text) for line in lines) == times
    assert [line[0] for line in lines] == list(range(lines[0][0], lines[0][0] + len(lines)))


def test_who_comes_in_time_finds_the_same_stream(rig, wire, game):
    """The page was reloaded: the end of that while is nothing to somebody who is here by then."""
    rig.adopt(game)
    for _ in range(3):
        with rig.services.logs.open(game.name):
            wait_until(lambda: wire.streams == 1, "it is read")
    with rig.services.logs.open(game.name) as feed:
        wait_until(lambda: is_grace_over(rig), "the time of those who left is over")
        lines = feed.subscribe(0, None).rest
        game.say("still read")
        wait_until(
            lambda: any(b"still read" in message.payload for message in (lines.take() or ((), ()))[1]),
            "it is told",
        )
        assert (wire.streams, wire.all_streams) == (1, 1)
