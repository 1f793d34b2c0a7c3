"""`python -m bench [GROUP …]`: measure the groups, all of them if none is named, and print the table."""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import FrameType

from bench import answers, backups, growth, latency, logs, memory, metrics, packing, page, tab, throughput
from bench.lab import Lab
from bench.table import Row, format_table

GROUPS: dict[str, Callable[[Lab], Iterator[Row]]] = {
    "logs": logs.measure,
    "latency": latency.measure,
    "answers": answers.measure,
    "metrics": metrics.measure,
    "page": page.measure,
    "tab": tab.measure,
    "throughput": throughput.measure,
    "memory": memory.measure,
    "growth": growth.measure,
    "backups": backups.measure,
    "packing": packing.measure,
}


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        sys.stderr.write(f"bench: no group {', '.join(unknown)}; there are: {', '.join(GROUPS)}\n")
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    rows: list[Row] = []
    try:
        for name in wanted or GROUPS:
            rows += _measure(name)
    except KeyboardInterrupt:
        sys.stderr.write("bench: stopped; everything that was made is removed\n")
        return 130
    finally:  # what was measured before is worth having when a later group fails
        if rows:
            _print(rows)
    return 0


def _print(rows: list[Row]) -> None:
    python = platform.python_version()
    print(f"\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {python}")
    print(format_table(rows), flush=True)


def _measure(name: str) -> list[Row]:
    begin = time.monotonic()
    _say(f"{name} …")
    with Lab() as lab:
        rows = list(GROUPS[name](lab))
    _say(f"{name}: {time.monotonic() - begin:.0f} s")
    return rows


def _say(what: str) -> None:
    """With the machine's load, which tells whether others were at work."""
    sys.stderr.write(f"bench: {what} (load average {os.getloadavg()[0]:.1f})\n")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
