"""A script of a restore that is killed while the panel lives: the world is old or new, and it is told."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.game import Game
from tests.panel import Panel
from tests.restored import ID, SPAN, Restored, live_on
from tests.saved_trees import hash_archive, hash_world
from tests.script_processes import Peaks, kill_script, read_memory

TRIES = 6
# How long each of them takes for this world, or a little more.
MODULES = {"restore_check": 0.6, "backup": 0.8, "restore_stage": 0.8}
SIZE = {**SPAN, "DEMO_WORLD_BYTES": "40000000"}


@pytest.fixture
def make_restored(panel: Panel, make_game: Callable[..., Game]) -> Callable[[], Restored]:
    def make() -> Restored:
        restored = Restored(panel, make_game(environment=SIZE).start())
        restored.adopt()
        return restored

    return make


def kill_one(restored: Restored, dice: random.Random, module: str) -> tuple[str, bool]:
    """Order a restore and kill that script; returns how the job ended, and whether it told of it."""
    order = restored.panel.call("POST", f"{restored.path}/backups/{ID}/restore")
    assert order.status_code == 202, order.text
    job = order.json()["job"]["id"]
    is_hit = kill_script(restored.game.name, module, dice, MODULES[module])
    ended = restored.panel.wait_for_job(job)
    output = restored.panel.call("GET", f"/api/jobs/{job}/output").text
    assert (ended["state"], is_hit) in (("failed", True), ("succeeded", True), ("succeeded", False)), output
    if ended["state"] == "failed":
        assert ended["error"]["key"] == "script_failed"
    return ended["state"], "was ended from outside, by SIGKILL." in output


@pytest.mark.parametrize("seed", [0, 1])
def test_a_stopped_server(make_restored, seed):
    """The world before, byte for byte, or the one that was ordered; and the next restore succeeds."""
    restored, dice = make_restored(), random.Random(seed)
    restored.panel.run_job(f"{restored.path}/stop")
    before = hash_world(restored.game)
    new = {name: found.digest for name, found in restored.tree.items()}
    for number in range(TRIES):
        state, is_told = kill_one(restored, dice, [*MODULES][number % len(MODULES)])
        now = hash_world(restored.game)
        assert (state, now == new) in (("failed", before == new), ("succeeded", True)), number
        assert state == "succeeded" or (now == before and is_told)
        before = now
        restored.check_whole()
        assert restored.game.state == "exited"
    assert restored.restore()["state"] == "succeeded"
    assert hash_world(restored.game) == new
    check_rest(restored)


@pytest.mark.parametrize("seed", [2, 3])
def test_a_running_server(make_restored, seed):
    """It runs again, on what it had when it was stopped."""
    restored, dice = make_restored(), random.Random(seed)
    new = {name: found.digest for name, found in restored.tree.items()}
    for number in range(TRIES):
        module = [*MODULES][number % len(MODULES)]
        copies = restored.list_copies()
        state, is_told = kill_one(restored, dice, module)
        restored.game.wait_until_ready()
        now = hash_world(restored.game)
        made = [path for path in restored.list_copies() if path not in copies]
        if state == "succeeded":
            assert now == new
        elif made:
            assert now == hash_archive(made[-1])
        assert state == "succeeded" or is_told
        restored.check_whole()
    assert restored.restore()["state"] == "succeeded"
    restored.game.wait_until_ready()
    check_rest(restored)


def check_rest(restored: Restored) -> None:
    """Nothing runs on, and nothing half is left among the backups."""
    panel, name = restored.panel, restored.game.name
    assert panel.get("/api/jobs?state=running")["jobs"] == []
    assert panel.get(restored.path)["job"] is None
    listed = {each["id"] for each in panel.get(f"/api/instances/{name}/backups")["backups"]}
    expected = {f"{backup}{suffix}" for backup in listed for suffix in (".json", ".tar.gz")}
    assert {path.name for path in restored.backups.iterdir()} == expected


def pid_of(panel: Panel) -> int:
    assert panel.process is not None
    return panel.process.pid


def test_memory_does_not_grow_with_the_world(panel, make_game):
    """A gibibyte comes back byte for byte, and neither panel nor script needs more than for a small world."""
    peaks, sizes = [], []
    for size_bytes in (100_000_000, 2**30):
        game = make_game(environment={**SPAN, "DEMO_WORLD_BYTES": f"{size_bytes}"}).start(240)
        path = f"/api/instances/{game.name}"
        panel.adopt(game.name)
        assert panel.run_job(f"{path}/backup")["state"] == "succeeded"
        (backup,) = panel.get(f"{path}/backups")["backups"]
        assert backup["size_bytes"] > size_bytes / 2
        before = hash_world(game)
        live_on(game, 9)
        assert hash_world(game) != before
        with Peaks(game.name) as watched:
            job = panel.run_job(f"{path}/backups/{backup['id']}/restore")
        assert job["state"] == "succeeded", panel.read_log()
        assert hash_world(game) == before
        peaks.append(watched.bytes)
        sizes.append(read_memory(pid_of(panel), "VmHWM"))
    assert peaks[0].keys() == peaks[1].keys() == MODULES.keys()
    for module in MODULES:
        assert peaks[1][module] < 1.1 * peaks[0][module]
    assert sizes[1] < 1.1 * sizes[0]
