"""The bundled scripts: ordinary programs that do the heavy part of a job in processes of their own.

They talk in short plain lines on standard output, and end with a sentence and a code when they fail.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from palserver import names
from palserver.errors import BROKEN_CODE, PalError

# The engine may be busy with the very thing that is asked for.
CALL_SECONDS = 60
# Reading and hashing a world may take a while; the game that runs beside it comes first.
NICENESS = 10
# Linux gives each session a share of its own where nobody has set up another one; it has its own niceness.
SESSION_NICENESS = Path("/proc/self/autogroup")
# Work in steps of so long, each followed by a rest as long, but of no more than that.
STEP_SECONDS = 0.001
LONGEST_REST_SECONDS = 0.1


class Failed(Exception):
    """Ends a script; carries one sentence for people."""

    exit_code = 1


class Broken(Failed):
    """What was to be checked was read, and is not as it should be."""

    exit_code = BROKEN_CODE


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def read_words(words: Sequence[str], usage: str, *patterns: str) -> tuple[str, ...]:
    """The words of the command line, each of its pattern. Raises Failed."""
    if len(words) != len(patterns) or not all(map(names.is_match, patterns, words)):
        raise Failed(f"Usage: {usage}")
    return tuple(words)


def step_back() -> None:
    """For work that takes long: everybody else comes first."""
    os.nice(NICENESS)
    with suppress(OSError):  # only some systems have it
        SESSION_NICENESS.write_text(f"{NICENESS}", "ascii")


def take_turns(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Leave half of the time to others, in steps that nobody notices.

    What comes out of the engine costs the engine as much as us, and nobody can make the engine step back: it
    waits only while we do.
    """
    begun_at = time.monotonic()
    for piece in pieces:
        yield piece
        worked_seconds = time.monotonic() - begun_at
        if worked_seconds >= STEP_SECONDS:
            time.sleep(min(worked_seconds, LONGEST_REST_SECONDS))
            begun_at = time.monotonic()


def read_variable(name: str) -> str:
    """Raises Failed where it is not set."""
    value = os.environ.get(name, "")
    if not value:
        raise Failed(f"{name} is not set.")
    return value


def run(work: Callable[[Sequence[str]], None]) -> None:
    """Run a script's work with the command line's words; SIGTERM ends it in order."""
    signal.signal(signal.SIGTERM, _end)
    code = Failed.exit_code
    try:
        work(sys.argv[1:])
    except Failed as error:
        sentence, code = str(error), error.exit_code
    except PalError as error:
        sentence = error.detail
    except OSError as error:
        sentence = f"{error.filename or 'A file'}: {error.strerror or 'cannot be used'}."
    else:
        return
    say(sentence)
    sys.exit(code)


def _end(number: int, frame: object) -> None:
    """Once only: putting things back in order must not be interrupted in its turn."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit("Ended before it was done.")
