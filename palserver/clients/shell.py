"""Running one program: its output as it comes, a time limit, and an end for everything that it started."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import gevent
from gevent import subprocess
from gevent.event import Event

from palserver import errors
from palserver.background import Background
from palserver.turns import Turn

log = logging.getLogger(__name__)

GUARD = Path(__file__).with_name("guard.sh")
KEPT_LINES = 25
MAX_LINE_BYTES = 8 * 1024
READ_BYTES = 64 * 1024
LAST_OUTPUT_SECONDS = 1.0
LOOK_SECONDS = 0.02
# A signal, and how long the group may take to be gone after it.
ENDINGS = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 1.0))


@dataclass(frozen=True)
class Command:
    """A program by its absolute path, its words, and all of the environment that it gets."""

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    limit_seconds: float


@dataclass(frozen=True)
class Ended:
    """How it ended: negative codes are signals that ended the guard together with the program."""

    exit_code: int
    last_lines: tuple[str, ...]


@dataclass(frozen=True)
class Listener:
    """Told of the process group that was started, and of each line of its output."""

    on_start: Callable[[int], None]
    on_line: Callable[[str], None]


def run(command: Command, listener: Listener, cancelled: Event, background: Background) -> Ended:
    """Run the program to its end.

    It runs in a session of its own, without a shell in between and without anything to read. Afterwards
    nothing of its process group is left, however it ended; if this process dies, the guard sees to that.
    Raises Cancelled as soon as `cancelled` is set, ScriptTimedOut, and ScriptFailed if it cannot be started.
    """
    process = _start(command)
    last_lines: deque[str] = deque(maxlen=KEPT_LINES)

    def take(line: str) -> None:
        last_lines.append(line)
        listener.on_line(line)

    reader = background.spawn(f"output of {command.arguments[-1]}", _follow, process.stdout, take)
    try:
        listener.on_start(process.pid)
        _wait(process, command.limit_seconds, cancelled)
    finally:
        _end_group(process.pid)
        # A grandchild that left the group may hold the pipe open for ever.
        reader.join(LAST_OUTPUT_SECONDS)
        reader.kill()
        process.stdin.close()
        process.stdout.close()
    return Ended(process.returncode, tuple(last_lines))


def end_leftover(group: int) -> None:
    """End what an earlier process has started, if it is still there and the number is not somebody else's."""
    try:
        words = Path(f"/proc/{group}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return
    if str(GUARD).encode() in words:
        _end_group(group)


def _start(command: Command) -> subprocess.Popen:
    try:
        return subprocess.Popen(
            ("/bin/bash", str(GUARD), *command.arguments),
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.PIPE,  # never written to: it ends when this process does
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the guard's own; the program's goes into its output
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        log.error("%s cannot be started: %s", command.arguments[0], error)
        raise errors.ScriptFailed("The script could not be started. PalServer's log says why.") from error


def _wait(process: subprocess.Popen, limit_seconds: float, cancelled: Event) -> None:
    gevent.wait([process.result, cancelled], timeout=limit_seconds, count=1)
    if process.result.ready():
        return
    if cancelled.is_set():
        raise errors.Cancelled()
    raise errors.ScriptTimedOut()


def _follow(pipe: BinaryIO, take: Callable[[str], None]) -> None:
    turn = Turn()
    for line in _read_lines(pipe, turn):
        take(line)
        turn.rest()


def _read_lines(pipe: BinaryIO, turn: Turn) -> Iterator[str]:
    """The lines without their ends, the last one too if it has none; what is too long loses its tail."""
    rest = b""
    while piece := pipe.read(READ_BYTES):
        *lines, rest = (rest + piece).split(b"\n")
        yield from map(_decode, lines)
        rest = rest[:MAX_LINE_BYTES]
        turn.rest()
    if rest:
        yield _decode(rest)


def _decode(line: bytes) -> str:
    return line[:MAX_LINE_BYTES].removesuffix(b"\r").decode(errors="replace")


def _end_group(group: int) -> None:
    """End what is left of the process group; costs nothing when nothing is."""
    for signal_number, patience_seconds in ENDINGS:
        deadline = time.monotonic() + patience_seconds
        is_there = _signal_group(group, signal_number)
        while is_there and time.monotonic() < deadline:
            gevent.sleep(LOOK_SECONDS)
            is_there = _signal_group(group, 0)
        if not is_there:
            return


def _signal_group(group: int, signal_number: int) -> bool:
    """Whether there was anybody to get it; 0 only asks."""
    try:
        os.killpg(group, signal_number)
    except ProcessLookupError:
        return False
    return True
