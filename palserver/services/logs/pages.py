"""The kept log a page at a time, by the numbers of its lines: what stands before one, or behind it."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Any, NamedTuple

from palserver.services.logs.keeper import LogKeeper
from palserver.services.logs.messages import LogLine, is_gap, make_lines, read_lines
from palserver.services.logs.search import SEARCH_SECONDS, LogFilter, batches
from palserver.store.log_ring import Message
from palserver.threads import Threads

# What a page holds at most, whatever was asked for.
PAGE_LINES = 2000
PAGE_CHARACTERS = 2_000_000
# How many lines are looked through at a time on the way back. It doubles, since what is rare is far apart.
FIRST_WINDOW_LINES = 2000
WIDEST_WINDOW_LINES = 64_000

# A line, or what stands between lines. Both begin with a number.
Item = LogLine | Message


class LogPage(NamedTuple):
    """The oldest message first. What is older stands `before` a number, what is newer behind `after`.

    Each is None where there is no more. A page is short, and its number is not None, where time was up.
    """

    messages: list[Message]
    before: int | None
    after: int | None


def read_page(keeper: LogKeeper, wanted: LogFilter, threads: Threads) -> LogPage:
    """The oldest `head` of the wanted lines or, without that, the newest `tail` of them."""
    ends = find_ends(keeper)
    if ends is None:
        return LogPage([], None, None)
    oldest, end = ends
    search = Search(keeper, wanted, threads, time.monotonic() + SEARCH_SECONDS)
    first, stop = max(wanted.after + 1, oldest), min(wanted.before, end)
    if wanted.head is not None:
        room = Room(min(wanted.head, PAGE_LINES), PAGE_CHARACTERS)
        items, last = search.read_forwards(first, stop, room)
        after = last if last + 1 < end else None
    else:
        room = Room(min(wanted.tail or PAGE_LINES, PAGE_LINES), PAGE_CHARACTERS)
        items, first = search.read_backwards(first, stop, room)
        after = stop - 1 if stop < end else None
    return LogPage(threads.run(_make_messages, items), first if first > oldest else None, after)


def find_ends(keeper: LogKeeper) -> tuple[int, int] | None:
    """The oldest number that is kept, and the one behind the newest; None where nothing is."""
    oldest = next(keeper.read_from(0), None)
    return (oldest.first_seq, keeper.read_tail(1)[-1].end_seq) if oldest is not None else None


@dataclass(frozen=True)
class Search:
    keeper: LogKeeper
    wanted: LogFilter
    threads: Threads
    deadline: float

    def read_backwards(self, first: int, stop: int, room: Room) -> tuple[list[Item], int]:
        """The newest from `first` to before `stop`, and the number from which on it has looked."""
        found: list[Item] = []
        window = FIRST_WINDOW_LINES
        while stop > first and room.lines > 0 and time.monotonic() < self.deadline:
            start = max(first, stop - window)
            part, is_whole = _take_newest(self._select(start, stop), room)
            found[:0] = part
            if not is_whole:
                return found, found[0][0]
            stop, window = start, min(window * 2, WIDEST_WINDOW_LINES)
        return found, stop

    def read_forwards(self, first: int, stop: int, room: Room) -> tuple[list[Item], int]:
        """The oldest from `first` to before `stop`, and the last number that was looked at."""
        found: list[Item] = []
        expected = self.wanted.after + 1 if self.wanted.after >= 0 else None
        for batch in self._read(first, stop, expected):
            for item in self.threads.run(pick, batch, self.wanted, stop):
                found.append(item)
                room.take(item)
                if room.is_used_up:
                    return found, item[0]
            if time.monotonic() > self.deadline:
                return found, min(batch[-1].end_seq, stop) - 1
        return found, max(first, stop) - 1

    def _select(self, start: int, stop: int) -> Iterator[Item]:
        for batch in self._read(start, stop):
            yield from self.threads.run(pick, batch, self.wanted, stop)

    def _read(self, start: int, stop: int, expected: int | None = None) -> Iterator[list[Message]]:
        messages = self.keeper.read_from(start, expected)
        return batches(takewhile(lambda message: message.first_seq < stop, messages))


class Room:
    """What still fits into an answer."""

    def __init__(self, lines: int, characters: int) -> None:
        self.lines, self.characters = lines, characters

    def take(self, item: Item) -> None:
        if not isinstance(item, Message):
            self.lines -= 1
            self.characters -= len(item[3])

    def give_back(self, item: Item) -> None:
        if not isinstance(item, Message):
            self.lines += 1
            self.characters += len(item[3])

    @property
    def is_used_up(self) -> bool:
        return self.lines <= 0 or self.characters <= 0


def _take_newest(items: Iterator[Item], room: Room) -> tuple[list[Item], bool]:
    """What of them there is room for, and whether that is all of them. One line always fits."""
    newest: deque[Item] = deque()
    is_whole = True
    for item in items:
        newest.append(item)
        room.take(item)
        while room.lines < 0 or (room.characters < 0 and newest[0][0] != item[0]):
            room.give_back(newest.popleft())
            is_whole = False
    return list(newest), is_whole


def pick(batch: Sequence[Message], wanted: LogFilter, stop: int = sys.maxsize) -> list[Item]:
    """What is wanted of it before the line `stop`.

    What stands between lines only where all are wanted; a gap also beside a line that is, but for a search.
    """
    items: list[Item] = []
    gaps: list[Message] = []
    is_beside = False
    for message in batch:
        if message.lines:
            lines = [line for line in read_lines(message) if line[0] < stop and wanted.accepts(line)]
            is_beside = bool(lines) and wanted.matches is None
            items += [*gaps, *lines] if is_beside else lines
            gaps.clear()
        elif wanted.is_whole or (is_beside and is_gap(message)):
            items.append(message)
        elif is_gap(message):
            gaps.append(message)
    return items


def _make_messages(items: Sequence[Item]) -> list[Message]:
    """Lines that follow one another in one message."""
    messages: list[Message] = []
    for kind, group in groupby(items, type):
        alike: list[Any] = list(group)
        messages += alike if kind is Message else [make_lines(alike)]
    return messages
