"""The figures of a real container, held against those of `docker stats`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import docker
import pytest

from tests.containers import Containers
from tests.panel import Panel
from tests.waiting import wait_until

MIB = 2**20
UNITS = {"B": 1, "KiB": 2**10, "MiB": MIB, "GiB": 2**30}
# A fifth of a core is burnt, 48 MiB are held, and 64 MiB of a file fill the page cache.
BUSY = """
held = bytearray(48 << 20)
open("/file", "wb").write(bytes(64 << 20))
print("ready", flush=True)
while True:
    pass
"""


@pytest.fixture
def busy(engine: docker.DockerClient) -> Iterator[str]:
    """A container that looks like a Palworld server and is busy."""
    containers = Containers(engine)
    container = containers.make(
        "python3",
        "-c",
        BUSY,
        labels={"palserver.saved-path": "/pal/Saved"},
        cpu_period=100_000,
        cpu_quota=20_000,
        mem_limit="256m",
    )
    container.start()
    wait_until(lambda: b"ready" in container.logs(), "it is busy", 60)
    yield str(container.name)
    containers.remove_all()


def ask_docker_stats(name: str) -> dict[str, str]:
    command = ["docker", "stats", "--no-stream", "--format", "{{json .}}", name]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    stats: dict[str, str] = json.loads(answer.stdout)
    return stats


def read_size(text: str) -> float:
    """`48.5MiB` in bytes."""
    unit = text.lstrip("0123456789.")
    return float(text.removesuffix(unit)) * UNITS[unit]


def test_figures_are_those_of_docker_stats(panel: Panel, busy):
    """CPU, memory and limit, on whichever cgroup version this machine has."""
    assert panel.call("POST", "/api/instances/adopt", {"container": busy}).status_code == 201
    wait_until(lambda: panel.get(f"/api/metrics/{busy}")["cpu_percent"], "a sample with CPU")
    theirs = ask_docker_stats(busy)
    ours = panel.get(f"/api/metrics/{busy}")
    used, limit = (read_size(part) for part in theirs["MemUsage"].split(" / "))
    assert ours["memory_bytes"] == pytest.approx(used, rel=0.02, abs=MIB)
    assert ours["memory_limit_bytes"] == limit == 256 * MIB
    assert 48 * MIB < ours["memory_bytes"] < 256 * MIB
    assert ours["cpu_percent"] == pytest.approx(float(theirs["CPUPerc"].rstrip("%")), abs=8)
    assert 10 < ours["cpu_percent"] < 30
