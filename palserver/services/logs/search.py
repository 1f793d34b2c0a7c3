"""What is wanted of a kept log: between two times, of one stream, matching an expression."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import re2

from palserver.errors import Invalid
from palserver.services.logs.messages import LogLine
from palserver.store.log_ring import Message

SEARCH_SECONDS = 10.0  # of work; what a client takes to read its answer is not counted
PATTERN_BYTES = 1024 * 1024  # what an expression may grow to when it is compiled
TURN_BYTES = 256 * 1024  # of messages, at a time in a thread


@dataclass(frozen=True)
class LogFilter:
    """`since` and `until` (included) are like the engine's times; `after` and `before` are numbers.

    `tail` keeps the newest so many, `head` the oldest. Without `polling` the panel's own lines are left out.
    """

    since: str = ""
    until: str = "~"
    after: int = -1
    before: int = sys.maxsize
    stream: str | None = None
    polling: bool = True
    matches: Callable[[str], object] | None = None
    head: int | None = None
    tail: int | None = None

    def accepts(self, line: LogLine) -> bool:
        number, moment, stream, text, *own = line
        return (
            self.after < number < self.before
            and self.since <= moment <= self.until
            and self.stream in (None, stream)
            and (self.polling or not own)
            and (self.matches is None or self.matches(text) is not None)
        )

    @property
    def is_whole(self) -> bool:
        """Whether it takes every line between its numbers, the panel's own perhaps excepted."""
        return (self.since, self.until, self.stream, self.matches) == ("", "~", None, None)


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


def batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    """As many messages at a time as a thread is given."""
    batch, size_bytes = [], 0
    for message in messages:
        batch.append(message)
        size_bytes += len(message.payload)
        if size_bytes >= TURN_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch
