"""The kept log as text: a line each with its time and its stream, and one wherever some are missing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

from palserver.services.logs.keeper import LogKeeper
from palserver.services.logs.messages import is_gap, read_lost
from palserver.services.logs.pages import Item, Room, Search, find_ends, pick
from palserver.services.logs.search import SEARCH_SECONDS, LogFilter, batches
from palserver.store.log_ring import Message
from palserver.threads import Threads

TIME_IS_UP = f"… the search stopped here: it took longer than {SEARCH_SECONDS:.0f} s\n".encode()
TURN_ITEMS = 2000


def write_text(keeper: LogKeeper, wanted: LogFilter, threads: Threads) -> Iterator[bytes]:
    """Piece by piece, the oldest line first. A search that takes too long says so where it has stopped."""
    return _write_newest(keeper, wanted, threads) if wanted.tail else _write_on(keeper, wanted, threads)


def _write_on(keeper: LogKeeper, wanted: LogFilter, threads: Threads) -> Iterator[bytes]:
    left = sys.maxsize if wanted.head is None else wanted.head
    seconds_left = _allow(wanted)
    began = time.monotonic()
    for batch in batches(keeper.read_from(0)):
        text, lines = threads.run(_write, batch, wanted, left)
        left -= lines
        seconds_left -= time.monotonic() - began
        yield text
        if left == 0:
            return
        if seconds_left < 0:
            yield TIME_IS_UP
            return
        began = time.monotonic()  # a client may have taken its time since


def _write_newest(keeper: LogKeeper, wanted: LogFilter, threads: Threads) -> Iterator[bytes]:
    """Looked for from the end on: where the time is up, it is the oldest that are missing."""
    ends = find_ends(keeper)
    if ends is None:
        return
    oldest, end = ends
    first, room = max(wanted.after + 1, oldest), Room(wanted.tail or 0, sys.maxsize)
    search = Search(keeper, wanted, threads, time.monotonic() + _allow(wanted))
    items, looked_from = search.read_backwards(first, min(wanted.before, end), room)
    if looked_from > first and room.lines > 0:
        yield TIME_IS_UP
    for start in range(0, len(items), TURN_ITEMS):
        yield threads.run(_encode, items[start : start + TURN_ITEMS])


def _allow(wanted: LogFilter) -> float:
    """Only an expression takes time; the rest ends with what is kept."""
    return SEARCH_SECONDS if wanted.matches is not None else float("inf")


def _write(batch: Sequence[Message], wanted: LogFilter, most_lines: int) -> tuple[bytes, int]:
    """As text, and how many lines of the log that is."""
    items, lines = pick(batch, wanted), 0
    for position, item in enumerate(items):
        lines += not isinstance(item, Message)
        if lines == most_lines:
            return _encode(items[: position + 1]), lines
    return _encode(items), lines


def _encode(items: Sequence[Item]) -> bytes:
    return "".join(_format(item) for item in items).encode()


def _format(item: Item) -> str:
    """Nothing for what is neither a line nor a gap."""
    if not isinstance(item, Message):
        return f"{item[1]} {item[2]} {item[3]}\n"
    if not is_gap(item):
        return ""
    lost = read_lost(item)
    if lost is None:
        return "… lines are missing here; nobody knows how many\n"
    return f"… {lost} {'line is' if lost == 1 else 'lines are'} missing here\n"
