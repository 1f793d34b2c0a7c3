"""The kept log as text: nothing is left out without a word, and only a search is bounded in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.monkey import get_original

from palserver.background import Background
from palserver.services.logs import text
from palserver.services.logs.keeper import LogKeeper, LogShelf
from palserver.services.logs.messages import make_gap, make_lines
from palserver.services.logs.search import LogFilter, compile_expression
from palserver.services.logs.text import write_text

LINES = 6000
THREAD_SLEEP = get_original("time", "sleep")


def make_time(number: int) -> str:
    return f"2026-09-01T20:{number // 60:02}:{number % 60:02}.000000000Z"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[LogShelf]:
    background = Background()
    shelf = LogShelf(tmp_path / "logs", 16 * 1024 * 1024)
    shelf.start(background)
    yield shelf
    background.stop()
    shelf.stop()


@pytest.fixture
def keeper(shelf: LogShelf) -> LogKeeper:
    """Of 6000 lines, a second each from 20:00 on, of which some 2 MB are read a piece at a time."""
    keeper = shelf.open("one")
    first = keeper.load().next_seq
    for number in range(LINES):
        line = f"line {number} " + "x" * 300
        keeper.add(make_lines([(first + number, make_time(number % 3600), "stdout", line)]))
    return keeper


def read(shelf: LogShelf, keeper: LogKeeper, wanted: LogFilter) -> list[str]:
    return b"".join(write_text(keeper, wanted, shelf.readers)).decode().splitlines()


def list_numbers(lines: list[str]) -> list[int]:
    return [int(line.split()[3]) for line in lines if " line " in line]


class Clock:
    """Stands in for the module `time`: only the client takes any."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class TestTime:
    @pytest.fixture(autouse=True)
    def soon_up(self, monkeypatch):
        monkeypatch.setattr(text, "SEARCH_SECONDS", 0.3)

    def test_a_slow_client_gets_all_of_it(self, shelf, keeper, monkeypatch):
        """What it takes to read the answer is not counted, whether an expression is searched or not."""
        clock = Clock()
        monkeypatch.setattr(text, "time", clock)
        for matches in (None, compile_expression("line")):
            pieces = []
            for piece in write_text(keeper, LogFilter(matches=matches), shelf.readers):
                pieces.append(piece)
                clock.now += 60
            assert len(pieces) > 4
            assert list_numbers(b"".join(pieces).decode().splitlines()) == list(range(LINES))

    def test_a_search_that_takes_long_says_where_it_stopped(self, shelf, keeper):
        """The oldest lines that match have come by then, and a last line says that this is not all."""
        lines = read(shelf, keeper, LogFilter(matches=search_slowly))
        assert 0 < len(lines) - 1 < LINES
        assert list_numbers(lines) == list(range(len(lines) - 1))
        assert lines[-1].startswith("… the search stopped here")

    def test_the_newest_are_looked_for_from_the_end(self, shelf, keeper):
        """Where the time is up, the newest have been found, and a first line says that this is not all."""
        lines = read(shelf, keeper, LogFilter(matches=search_slowly, tail=LINES))
        assert 0 < len(lines) - 1 < LINES
        assert list_numbers(lines) == list(range(LINES - len(lines) + 1, LINES))
        assert lines[0].startswith("… the search stopped here")
        assert list_numbers(read(shelf, keeper, LogFilter(matches=search_slowly, tail=2))) == [5998, 5999]


def search_slowly(line: str) -> bool:
    """An expression that would take more than a second for all lines."""
    THREAD_SLEEP(0.0002)
    return True


class TestGaps:
    @pytest.fixture
    def torn(self, shelf: LogShelf) -> LogKeeper:
        """Six lines, a minute each: the engine has lost some behind two of them, and we have behind four."""
        keeper = shelf.open("torn")
        first = keeper.load().next_seq
        for number in range(6):
            seq = first + number if number < 4 else first + number + 7
            keeper.add(make_lines([(seq, make_time(number * 60), "stdout", f"line {number} x")]))
            if number == 1:
                keeper.add(make_gap(seq + 1, None))
        return keeper

    @pytest.mark.parametrize(
        "wanted", [LogFilter(), LogFilter(head=6), LogFilter(tail=6), LogFilter(stream="stdout")]
    )
    def test_what_is_missing_has_a_line_of_its_own(self, shelf, torn, wanted):
        """With its number where that is known; it counts for no line of the log."""
        lines = read(shelf, torn, wanted)
        assert list_numbers(lines) == [0, 1, 2, 3, 4, 5]
        assert lines[2] == "… lines are missing here; nobody knows how many"
        assert lines[5] == "… 7 lines are missing here"

    def test_only_what_was_asked_for_has_gaps(self, shelf, torn):
        """Those between the times; and a search shows what matches, and nothing else."""
        lines = read(shelf, torn, LogFilter(since=make_time(180)))
        assert [line[:11] for line in lines] == ["2026-09-01T", "… 7 lines a", "2026-09-01T", "2026-09-01T"]
        assert len(read(shelf, torn, LogFilter(until=make_time(50)))) == 1
        assert len(read(shelf, torn, LogFilter(matches=compile_expression("[34]")))) == 2
