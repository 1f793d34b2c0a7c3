"""What a log's viewers are sent: made once for all of them and for the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from palserver.store.log_ring import Message

encode = msgspec.json.encode
GAP_PREFIX = b'{"type":"gap","lost":'
RUN_PREFIX = b'{"type":"state","state":"running","container":'

# `[seq, time, stream, text]`, and `true` behind it where the panel caused the line itself by asking the game.
LogLine = tuple[Any, ...]


class Run(NamedTuple):
    """A container between a start and an end."""

    container_id: str
    started_at: str


class End(NamedTuple):
    """Of a run. The engine forgets the exit code when the container is started again."""

    finished_at: str
    exit_code: int | None


def make_lines(lines: Sequence[LogLine]) -> Message:
    return Message(lines[0][0], len(lines), encode({"type": "lines", "lines": lines}))


def make_gap(first_seq: int, lost: int | None) -> Message:
    """`lost` is None where nobody can know the number."""
    return Message(first_seq, 0, encode({"type": "gap", "lost": lost}))


def tell_missing(messages: Iterable[Message], expected: int | None = None) -> Iterator[Message]:
    """The messages, with a gap wherever numbers are missing from `expected`, or else the first one's, on.

    The numbers count, whatever was told at the time: more may have gone since.
    """
    for message in messages:
        if expected is not None:
            if message.first_seq > expected:
                yield make_gap(message.first_seq, message.first_seq - expected)
            if is_gap(message) and read_lost(message) is not None:
                expected = message.first_seq
                continue
        yield message
        expected = message.end_seq


def is_gap(message: Message) -> bool:
    return message.payload.startswith(GAP_PREFIX)


def read_lost(gap: Message) -> int | None:
    """How many lines are missing there; None where nobody can know."""
    lost: int | None = msgspec.json.decode(gap.payload)["lost"]
    return lost


def make_run(first_seq: int, run: Run) -> Message:
    """Here a run of the container begins; kept among the lines, so that one can tell the runs apart."""
    fields = {"container": run.container_id, "started_at": run.started_at}
    return Message(first_seq, 0, encode({"type": "state", "state": "running", **fields}))


def make_state(first_seq: int, state: str, end: End | None = None) -> Message:
    """With the `end` of the last run, where it is known."""
    fields: dict[str, Any] = {}
    if end is not None:
        fields["finished_at"] = end.finished_at
        if end.exit_code is not None:
            fields["exit_code"] = end.exit_code
    return Message(first_seq, 0, encode({"type": "state", "state": state, **fields}))


def read_lines(message: Message) -> list[LogLine]:
    """Its lines; none if it tells of something else."""
    return [tuple(line) for line in msgspec.json.decode(message.payload)["lines"]] if message.lines else []


def read_run(message: Message) -> Run | None:
    """The run that it marks; None if it tells of something else."""
    if not message.payload.startswith(RUN_PREFIX):
        return None
    fields = msgspec.json.decode(message.payload)
    return Run(fields["container"], fields["started_at"])


def cut(message: Message, from_seq: int) -> Message:
    """Without the lines before `from_seq`; the same object where there are none."""
    if message.lines == 0 or message.first_seq >= from_seq:
        return message
    return make_lines(read_lines(message)[from_seq - message.first_seq :])


def take_tail(newest_first: Iterable[Message], wanted: int) -> list[Message]:
    """The newest messages that hold `wanted` lines, or all; the newest first."""
    taken: list[Message] = []
    for message in newest_first:
        if wanted <= 0:
            break
        taken.append(cut(message, message.end_seq - wanted))
        wanted -= message.lines
    return taken
