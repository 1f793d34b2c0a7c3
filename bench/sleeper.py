"""A program of its own that only sleeps, and by how much it oversleeps: what no event loop here can beat.

Its sleeps are as long and as many as those that the panel measures its own loop by.
"""

from __future__ import annotations

import subprocess
import sys
import time

from palserver.services.loop_lag import SLEEP_SECONDS, WINDOW_SECONDS, summarise


class Sleeper:
    """A running one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def read_p99_ms(self) -> float:
        """Wait for its end. Milliseconds that it overslept."""
        output, _ = self._process.communicate()
        return float(output)


def start_sleeper(seconds: float = WINDOW_SECONDS) -> Sleeper:
    command = [sys.executable, "-m", "bench.sleeper", str(seconds)]
    return Sleeper(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))


def main(seconds: float) -> None:
    overslept: list[float] = []
    for _ in range(round(seconds / SLEEP_SECONDS)):
        began = time.monotonic()
        time.sleep(SLEEP_SECONDS)
        overslept.append(time.monotonic() - began - SLEEP_SECONDS)
    lag = summarise(sorted(overslept))
    assert lag is not None
    sys.stdout.write(str(lag.p99_seconds * 1000))


if __name__ == "__main__":
    main(float(sys.argv[1]))
