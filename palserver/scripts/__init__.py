"""The bundled scripts: ordinary programs that do the heavy part of a job in processes of their own.

They talk in short plain lines on standard output, and end with a sentence and a code when they fail.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence

from palserver import names
from palserver.errors import BROKEN_CODE, PalError

# The engine may be busy with the very thing that is asked for.
CALL_SECONDS = 60
# Reading and hashing a world may take a while; the game that runs beside it comes first.
NICENESS = 10


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
