"""The figures of a real container, held against those of `docker stats`."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import docker
import pytest
import requests

from palserver.clock import parse_time
from tests.containers import Containers
from tests.game import Game
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
    panel.adopt(busy)
    both = wait_until(lambda: ask_both(panel, busy), "both show the same share of the CPU")
    assert both is not None
    theirs, ours = both
    used, limit = (read_size(part) for part in theirs["MemUsage"].split(" / "))
    assert ours["memory_bytes"] == pytest.approx(used, rel=0.02, abs=MIB)
    assert ours["memory_limit_bytes"] == limit == 256 * MIB
    assert 48 * MIB < ours["memory_bytes"] < 256 * MIB
    # Some kernels count no block I/O: then the one shows zero, and ours says that it is not known.
    assert theirs["BlockIO"] == "0B / 0B" or ours["block_write_bytes"] is not None


def ask_both(panel: Panel, name: str) -> tuple[dict[str, str], Any] | None:
    """The two are of two moments, and between them others may have taken the CPU: then nothing."""
    theirs = ask_docker_stats(name)
    ours = panel.get(f"/api/metrics/{name}")
    share = ours["cpu_percent"] or 0
    is_same = 10 < share < 30 and share == pytest.approx(float(theirs["CPUPerc"].rstrip("%")), abs=8)
    return (theirs, ours) if is_same else None


COLUMNS = (
    "time",
    "cpu_percent",
    "memory_bytes",
    "memory_limit_bytes",
    "network_rx_bytes",
    "network_tx_bytes",
    "block_read_bytes",
    "block_write_bytes",
    "players",
    "fps",
    *(
        f"{end}_{name}"
        for end in ("highest", "lowest")
        for name in ("cpu_percent", "memory_bytes", "players", "fps")
    ),
)


class TestHistory:
    def adopt(self, panel: Panel, game: Game) -> None:
        panel.adopt(game.name)
        wait_until(lambda: panel.get(f"/api/metrics/{game.name}")["fps"], "a sample with the game's figures")

    def ask(self, panel: Panel, name: str, **query: Any) -> requests.Response:
        return panel.call("GET", f"/api/metrics/{name}/history", params=query)

    def test_the_last_hour(self, panel: Panel, game):
        """The whole grid of the last hour, empty but for its end, which holds the newest sample."""
        game.join("Lamia")
        self.adopt(panel, game)
        history = wait_until(lambda: self.read_with_player(panel, game.name), "the player is on the curve")
        now = time.time()
        sample = wait_until(lambda: self.find_sample(panel, game.name), "a sample of after that")
        assert history["step_seconds"] == 15
        assert set(history) == {"step_seconds", "started_at", *COLUMNS}
        assert {len(history[name]) for name in COLUMNS} == {241}
        assert history["cpu_percent"][0] is None
        assert history["memory_limit_bytes"][-1] == sample["memory_limit_bytes"]
        assert history["lowest_players"][-1] <= history["highest_players"][-1] == 1
        assert history["lowest_memory_bytes"][-1] <= history["memory_bytes"][-1]
        assert history["memory_bytes"][-1] <= history["highest_memory_bytes"][-1]
        assert 0 < history["network_rx_bytes"][-1] <= sample["network_rx_bytes"]
        begins = [parse_time(text).timestamp() for text in history["time"]]
        assert [begin % 15 for begin in begins] == [0] * 241
        assert {after - before for before, after in pairwise(begins)} == {15}
        assert begins[-1] <= now < begins[-1] + 30

    def find_sample(self, panel: Panel, name: str) -> Any:
        """The newest; nothing while it is stale, as when the engine has no time to measure."""
        sample = panel.get(f"/api/metrics/{name}")
        return sample if sample["sampled_at"] else None

    def read_with_player(self, panel: Panel, name: str) -> Any:
        history = self.ask(panel, name).json()
        return history if history["players"][-1] == 1 else None

    def test_a_kill_keeps_what_was_written(self, make_panel: Callable[..., Panel], game):
        """After a power cut all that was written is there, in whole rows, and the curve goes on."""
        panel = make_panel()
        panel.start()
        self.adopt(panel, game)
        written = wait_until(lambda: self.list_rows(panel), "a stretch is written")
        panel.kill()
        panel.start()
        assert self.list_rows(panel)[: len(written)] == written
        wait_until(lambda: len(self.list_rows(panel)) > len(written), "another is written", 60)
        history = self.ask(panel, game.name).json()
        by_time = dict(zip(history["time"], history["memory_bytes"], strict=True))
        for begin, memory in written:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin))
            assert by_time[moment] == memory

    def list_rows(self, panel: Panel) -> list[tuple[int, int]]:
        """What lies in the file, seen from another process."""
        file = panel.folder / "server" / "paladmin.db"
        conn = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            query = "SELECT time, memory_bytes FROM metrics WHERE step_seconds = 15 ORDER BY time"
            return list(conn.execute(query))
        finally:
            conn.close()

    @pytest.mark.parametrize(
        ("query", "wrong"),
        [
            ({"from": "yesterday"}, {"from"}),
            ({"from": "2026-01-01"}, {"from"}),
            ({"from": "2026-01-01T00:00:00", "to": "noon"}, {"from", "to"}),
            ({"from": "2026-02-30T00:00:00Z"}, {"from"}),
            ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T23:59:59Z"}, {"from"}),
            ({"from": "1999-01-01T00:00:00Z"}, {"from"}),
            ({"to": "9999-12-31T23:59:59-23:59"}, {"to"}),
            ({"points": "0"}, {"points"}),
            ({"points": "6001"}, {"points"}),
            ({"points": "many", "from": ""}, {"points", "from"}),
        ],
    )
    def test_what_cannot_be_asked(self, panel: Panel, busy, query, wrong):
        """Every mistake is told by its field."""
        panel.call("POST", "/api/instances/adopt", {"container": busy})
        answer = self.ask(panel, busy, **query)
        assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
        assert set(answer.json()["fields"]) == wrong

    def test_times_with_an_offset(self, panel: Panel, busy):
        """Any zone may be asked in; the answer is in UTC."""
        panel.call("POST", "/api/instances/adopt", {"container": busy})
        window = {"from": "2026-11-01T09:00:00+09:00", "to": "2026-11-01T00:30:00.5Z", "points": 2}
        history = self.ask(panel, busy, **window).json()
        assert history["time"][0] == "2026-11-01T00:00:00Z"
        assert set(history["players"]) == {None}

    def test_an_unknown_instance(self, panel: Panel):
        """There is no curve of nobody."""
        assert self.ask(panel, "nobody").json()["key"] == "instance_not_found"

    def test_starts_outlive_the_panel(self, make_panel: Callable[..., Panel], game):
        """Whoever started the server, and how often: the panel knows it after a restart of its own too."""
        panel = make_panel()
        panel.start()
        self.adopt(panel, game)
        started = [self.read_start(game)]
        for _ in range(2):
            time.sleep(1)  # starts are told apart by their seconds
            game.container.restart(timeout=0)
            started.append(self.read_start(game))
            wait_until(lambda: self.list_starts(panel, game.name) == started, "the start is known")
        panel.stop()
        panel.start()
        assert self.list_starts(panel, game.name) == started
        panel.call("DELETE", f"/api/instances/{game.name}?container=keep&wait=60")
        panel.adopt(game.name)
        wait_until(lambda: self.list_starts(panel, game.name) == started[-1:], "its last start is known")

    def read_start(self, game: Any) -> int:
        game.container.reload()
        return int(parse_time(game.container.attrs["State"]["StartedAt"]).timestamp())

    def list_starts(self, panel: Panel, name: str) -> list[float]:
        return [parse_time(text).timestamp() for text in self.ask(panel, name).json()["started_at"]]
