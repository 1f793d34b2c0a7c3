"""A container that prints as fast as it can, and how fast the Docker CLI follows it."""

from __future__ import annotations

import subprocess
import time

from bench.frames import TEXT_CHARACTERS
from bench.lab import Lab
from bench.process_figures import read_written_bytes
from tests.waiting import wait_until

LINE_BYTES = TEXT_CHARACTERS + 1
MAX_LINES = 30_000_000  # some 5.4 GB in the engine's file, should nobody end it
# One write each, numbered. While the engine rotates its file it loses lines, so it must not come to that.
PROGRAM = f"""
import os
for number in range({MAX_LINES}):
    os.write(1, b"%0{TEXT_CHARACTERS}d\\n" % number)
"""
LOG_SETTINGS = {"type": "json-file", "config": {"max-size": "10g", "max-file": "1"}}


def run_flood(lab: Lab) -> str:
    """Returns the container's name."""
    return lab.run_container("python3", "-c", PROGRAM, log_config=LOG_SETTINGS)


def measure_cli(name: str, warm_seconds: float, seconds: float) -> float:
    """Lines a second of `docker logs -f NAME >/dev/null`."""
    follow = ["docker", "logs", "-f", "--tail", "0", name]
    with subprocess.Popen(follow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as cli:
        try:
            wait_until(lambda: read_written_bytes(cli.pid) > 1_000_000, "docker logs prints")
            time.sleep(warm_seconds)
            written, begin = read_written_bytes(cli.pid), time.monotonic()
            time.sleep(seconds)
            return (read_written_bytes(cli.pid) - written) / LINE_BYTES / (time.monotonic() - begin)
        finally:
            cli.kill()
