"""A panel that is killed in the middle of a restore: the world is the old or the new one, byte for byte."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import requests

from tests.game import Game, list_helpers
from tests.panel import Panel
from tests.restored import SPAN, Restored
from tests.saved_trees import Found, hash_archive, hash_world, keep_tree, rename_world
from tests.waiting import wait_until

IDS = ("20260101-120000", "20260101-130000")
TRIES = 7
# Where it is killed; what comes afterwards is where the worlds are exchanged, and so likelier.
STEPS = ("checking", "copying_first", "unpacking", "swapping", "swapping", "waiting_for_ready", "committing")


def hash_tree(tree: dict[str, Found]) -> dict[str, str]:
    return {name: found.digest for name, found in tree.items()}


class Killed:
    """Two backups that are restored in turn, by panels that do not live to see it."""

    def __init__(self, panel: Panel, game: Game, seed: int) -> None:
        self.restored = Restored(panel, game)
        self.restored.adopt()
        self.panel, self.game = panel, game
        self.dice = random.Random(seed)
        tree = self.restored.tree
        # The second one has another GUID, no bans, and a file more.
        other = rename_world(tree, self.restored.guid)
        extra = {f"Saved/SaveGames/0/{'A1B2C3D4' * 4}/GlobalPalStorage.sav": next(iter(find_saves(tree)))}
        self.trees = [tree, other | extra]
        for backup_id, each in zip(IDS, self.trees, strict=True):
            keep_tree(self.restored.backups, each, backup_id)

    def kill_one(self, number: int) -> Any:
        """Order a restore, kill the panel at one of its steps; returns the newest job when all have ended."""
        panel = self.panel
        path = f"{self.restored.path}/backups/{IDS[number % 2]}/restore"
        order = panel.call("POST", path)
        assert order.status_code == 202, order.text
        self._wait_for_step(order.json()["job"]["id"], self.dice.choice(STEPS))
        time.sleep(self.dice.uniform(0, 0.8))
        panel.kill()
        panel.start()
        if number % 3 == 2:
            time.sleep(self.dice.uniform(0, 2))
            panel.kill()
            panel.start()
        instance = self.restored.path
        wait_until(lambda: panel.get(instance)["job"] is None, "nothing runs on it", 240)
        return panel.get(f"/api/jobs?instance={self.game.name}&limit=1")["jobs"][0]

    def _wait_for_step(self, job_id: str, step: str) -> None:
        def is_there() -> bool:
            job = self.panel.get(f"/api/jobs/{job_id}")["job"]
            return job["finished_at"] is not None or job["step"] == step

        wait_until(is_there, step, 120)


def find_saves(tree: dict[str, Found]) -> list[Found]:
    return [replace(found) for name, found in tree.items() if name.endswith("LevelMeta.sav")]


@pytest.fixture
def make_killed(make_panel: Callable[..., Panel], make_game: Callable[..., Game]) -> Callable[[int], Killed]:
    def make(seed: int) -> Killed:
        panel, game = make_panel(), make_game(environment=SPAN).start()
        panel.start()
        return Killed(panel, game, seed)

    return make


def test_a_countdown_is_no_beginning(make_killed):
    """Killed while the players were being told, the server runs on with its world, and it is said so."""
    killed = make_killed(4)
    panel, restored, before = killed.panel, killed.restored, hash_world(killed.game)
    answer = panel.call("POST", f"{restored.path}/backups/{IDS[0]}/restore", {"wait_seconds": 600})
    address = f"/api/jobs/{answer.json()['job']['id']}"
    wait_until(lambda: panel.get(address)["job"]["step"] == "counting_down", "players are being told")
    runs = killed.game.container.attrs["State"]
    panel.kill()
    panel.start()
    wait_until(lambda: panel.get(restored.path)["job"] is None, "nothing runs on it", 240)
    recovery = panel.get(f"/api/jobs?instance={killed.game.name}&limit=1")["jobs"][0]
    assert (recovery["kind"], recovery["result"]["outcome"]) == ("recovery", "The server runs on.")
    killed.game.container.reload()
    assert killed.game.container.attrs["State"] == runs
    assert hash_world(killed.game) == before
    restored.check_whole()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_stopped_server(make_killed, seed):
    """The world before or the one that was ordered, exactly; nothing beside it; and still stopped."""
    killed = make_killed(seed)
    killed.panel.run_job(f"{killed.restored.path}/stop")
    before = hash_world(killed.game)
    for number in range(TRIES):
        recovery = killed.kill_one(number)
        now, new = hash_world(killed.game), hash_tree(killed.trees[number % 2])
        assert now in (before, new), (seed, number)
        if recovery["kind"] == "recovery":
            said = recovery["result"]["outcome"]
            assert ("restored world" in said) <= (now == new)
            assert ("old world" in said) <= (now == before)
            assert ("No world" in said) <= (now == before)
        killed.restored.check_whole()
        assert killed.game.state == "exited"
        before = now
    assert killed.panel.get("/api/jobs?state=running")["jobs"] == []


@pytest.mark.parametrize("seed", [2, 3])
def test_a_running_server(make_killed, seed):
    """As it was when it had been stopped, of which there is a copy, or the one that was ordered."""
    killed = make_killed(seed)
    for number in range(TRIES):
        copies = killed.restored.list_copies()
        killed.kill_one(number)
        killed.game.wait_until_ready()
        now, new = hash_world(killed.game), hash_tree(killed.trees[number % 2])
        made = [path for path in killed.restored.list_copies() if path not in copies]
        assert now == new or not made or now == hash_archive(made[-1]), (seed, number)
        killed.restored.check_whole()
        assert killed.game.state == "running"
    assert killed.panel.get("/api/jobs?state=running")["jobs"] == []


def test_a_preview(make_killed):
    """Killed while a container of it is beside the server: the next start takes that away."""
    killed = make_killed(4)
    panel, game, path = killed.panel, killed.game, f"{killed.restored.path}/backups/{IDS[0]}/preview"

    def is_beside() -> bool:
        return game.name in list_helpers(game.client).values()

    def kill_one() -> bool:
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(panel.call, "GET", path)
            wait_until(lambda: is_beside() or asked.done(), "a container of the preview")
            panel.kill()
            with suppress(requests.ConnectionError):
                asked.result()
        is_left = is_beside()
        panel.start()
        return is_left

    while not kill_one():
        continue  # it was over just then
    wait_until(lambda: not is_beside(), "nothing of it is left")
    killed.restored.check_whole()
