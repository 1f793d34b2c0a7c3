"""The ways this process ends. Each is at once: no save, no goodbye to open connections."""

from __future__ import annotations

import os
import signal
import time
from typing import NoReturn

from demo.console import Console
from demo.faults import Faults
from demo.signals import ENDING_SIGNALS

_MOMENT_SECONDS = 0.3
_LONGEST_WAIT_SECONDS = 3_600.0


def end_process(exit_code: int) -> NoReturn:
    """End now, with threads in whatever they are doing."""
    os._exit(exit_code)


def crash_process(console: Console, exit_code: int) -> NoReturn:
    """End with the last line of a crash: codes above 128 stand for a signal."""
    if exit_code > 128:
        console.say(f"Signal {exit_code - 128} caught.")
    end_process(exit_code)


def heed_signals(faults: Faults, seconds: float) -> None:
    """Return after so many seconds, unless a signal comes, which ends the process without a save."""
    deadline = time.monotonic() + seconds
    while (remaining := deadline - time.monotonic()) > 0:
        caught = signal.sigtimedwait(ENDING_SIGNALS, min(remaining, _LONGEST_WAIT_SECONDS))
        if caught and not faults.current.ignore_sigterm:
            time.sleep(_MOMENT_SECONDS)
            end_process(128 + caught.si_signo)
