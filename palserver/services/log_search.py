"""The kept log as text: between two times, of one stream, matching an expression; bounded in time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import re2

from palserver.errors import Invalid
from palserver.services.log_messages import LogLine, read_lines
from palserver.store.log_ring import Message
from palserver.threads import Threads

SEARCH_SECONDS = 10.0
PATTERN_BYTES = 1024 * 1024  # what an expression may grow to when it is compiled
TURN_BYTES = 256 * 1024  # of messages, at a time in a thread


@dataclass(frozen=True)
class LogFilter:
    """`since` and `until` (included) are like the engine's times; `tail` keeps the newest so many."""

    since: str = ""
    until: str = "~"
    stream: str | None = None
    tail: int | None = None
    matches: Callable[[str], object] | None = None

    def accepts(self, line: LogLine) -> bool:
        _, moment, stream, text, *_ = line
        return (
            self.since <= moment <= self.until
            and self.stream in (None, stream)
            and (self.matches is None or self.matches(text) is not None)
        )


def compile_expression(expression: str) -> Callable[[str], object]:
    """The search of a regular expression, in a time that only grows with the text's length.

    Python's own may take for ever over one line, and nothing else would run meanwhile. Raises Invalid.
    """
    options = re2.Options()
    options.max_mem = PATTERN_BYTES
    options.log_errors = False
    try:
        return re2.compile(expression, options).search  # type: ignore[no-any-return]
    except re2.error as error:
        raise Invalid(fields={"q": "is not a regular expression"}) from error


def search(messages: Iterator[Message], wanted: LogFilter, threads: Threads) -> Iterator[bytes]:
    """The lines as `time stream text`, the oldest first; a last line says so when the time was up."""
    deadline = time.monotonic() + SEARCH_SECONDS
    newest: deque[bytes] = deque(maxlen=wanted.tail)
    for batch in _batches(messages):
        newest.extend(threads.run(_select, batch, wanted))
        if wanted.tail is None:
            yield b"".join(newest)
            newest.clear()
        if time.monotonic() > deadline:
            newest.append(f"… the search stopped here: it took longer than {SEARCH_SECONDS:.0f} s\n".encode())
            break
    yield b"".join(newest)


def _batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    batch, size_bytes = [], 0
    for message in messages:
        batch.append(message)
        size_bytes += len(message.payload)
        if size_bytes >= TURN_BYTES:
            yield batch
            batch, size_bytes = [], 0
    yield batch


def _select(batch: Iterable[Message], wanted: LogFilter) -> list[bytes]:
    lines = (line for message in batch for line in read_lines(message) if wanted.accepts(line))
    return [f"{moment} {stream} {text}\n".encode() for _, moment, stream, text, *_ in lines]
