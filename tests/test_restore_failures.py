"""What fails at one step or another: the old world is back, and the server is as it was."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import msgspec
import pytest

from palserver import errors
from palserver.clients.palworld import Info
from palserver.services import lifecycle
from palserver.services.jobs.jobs import Job
from palserver.services.restores.safety_copies import SafetyCopies
from palserver.services.restores.scripts import RestoreScripts
from palserver.store.instances import Instance
from tests.game import LABELS, Game, remove_container
from tests.house import EngineWire
from tests.restored import ID, SPAN, Lived
from tests.rig import LONGEST_SECONDS, Rig
from tests.saved_trees import hash_archive, hash_world, keep_tree, read_day
from tests.waiting import wait_until


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[EngineWire]:
    wire = EngineWire(tmp_path)
    yield wire
    wire.close()


@pytest.fixture
def rig(tmp_path: Path, wire: EngineWire) -> Iterator[Rig]:
    rig = Rig(tmp_path / "base", wire)
    yield rig
    rig.close()


@pytest.fixture
def lived(rig: Rig, make_game: Callable[..., Game]) -> Lived:
    return rig.adopt(make_game(environment=SPAN).start())


def check_old_world(lived: Lived, is_running: bool = True) -> None:
    """As it was when it was stopped, of which there is a copy."""
    if is_running:
        lived.game.wait_until_ready()
    assert lived.game.state == ("running" if is_running else "exited")
    assert hash_world(lived.game) == hash_archive(lived.list_copies()[-1])
    lived.check_whole()


def end_of(job: Job) -> str | None:
    return job.error.key if job.error else None


def test_a_game_that_never_gets_ready(rig, lived):
    """Its settings of then have no REST API: it runs, and answers nobody."""
    path = "Saved/Config/LinuxServer/PalWorldSettings.ini"
    found = lived.tree[path]
    silent = replace(found, content=found.content.replace(b"RESTAPIEnabled=True", b"RESTAPIEnabled=False"))
    assert silent != found
    keep_tree(lived.backups, {**lived.tree, path: silent})
    rig.restores = replace(rig.restores, ready_seconds=6.0)
    job = rig.restore(lived)
    assert (job.state, end_of(job)) == ("failed", "game_not_ready")
    check_old_world(lived)


def test_a_game_that_opens_another_world(rig, lived):
    """What it says is believed, and not that it runs."""
    restores = rig.restores
    rig.restores = replace(restores, games=Liar(restores.games))
    job = rig.restore(lived)
    assert end_of(job) == "other_world"
    check_old_world(lived)


@dataclass
class Liar:
    """A game that names another world than it has open."""

    games: Any

    def info(self, name: str) -> Any:
        return Info("1", "", "", "D" * 32) if self.games.info(name) else None

    def forget_address(self, name: str) -> None:
        self.games.forget_address(name)


@dataclass
class Silent:
    """A game that does not say which world it has open, but for the first times it is asked."""

    games: Any
    times: int

    def info(self, name: str) -> Any:
        info = self.games.info(name)
        self.times -= 1
        return info if self.times >= 0 else msgspec.structs.replace(info, world_guid=None)

    def forget_address(self, name: str) -> None:
        self.games.forget_address(name)


@pytest.mark.parametrize(("times", "end"), [(1, "other_world"), (0, None)])
def test_a_game_that_does_not_say_which_world_it_plays(rig, lived, times, end):
    """That proves nothing where it said so before; one that never does is believed by its settings."""
    rig.restores = replace(rig.restores, games=Silent(rig.restores.games, times))
    assert end_of(rig.restore(lived)) == end
    if end is not None:
        check_old_world(lived)


@dataclass
class Removed:
    """A game whose container somebody removes when it has the restored world open."""

    games: Any
    game: Game
    times = 0

    def info(self, name: str) -> Any:
        info = self.games.info(name)
        self.times += 1
        if self.times > 1:  # the first time was before
            remove_container(self.game.client, name)
            raise errors.InstanceNotRunning()
        return info

    def forget_address(self, name: str) -> None:
        self.games.forget_address(name)


def test_somebody_removes_the_container_meanwhile(rig, lived):
    """The old world is put back without it, for the container that comes in its place."""
    game = lived.game
    rig.restores = replace(rig.restores, games=Removed(rig.restores.games, game))
    assert end_of(rig.restore(lived)) == "game_not_ready"
    game.container = Game(game.client, name=game.name, environment=SPAN).start().container
    check_old_world(lived)


def test_a_game_that_never_exits(rig, lived, monkeypatch):
    """The engine ends it, and the world is restored all the same."""
    monkeypatch.setattr(lifecycle, "EXIT_SECONDS", 1.0)
    lived.game.set_faults(never_exit=True)
    assert rig.restore(lived).state == "succeeded"
    lived.game.wait_until_ready()
    assert hash_world(lived.game) == {name: found.digest for name, found in lived.tree.items()}
    lived.check_whole()


class BrokenCopies(SafetyCopies):
    def make(self, job: Job, instance: Instance, kind: str) -> Any:
        raise errors.SafetyCopyMissing()


def test_no_copy_no_restore(rig, lived):
    """The server is started again, on what it had."""
    copies = rig.restores.copies
    broken = BrokenCopies(copies.scripts, copies.bundled, copies.backup_dir)
    rig.restores = replace(rig.restores, copies=broken)
    job = rig.restore(lived)
    assert end_of(job) == "safety_copy_missing"
    lived.game.wait_until_ready()
    lived.check_whole()


@dataclass(frozen=True)
class Disturbed(RestoreScripts):
    """Something happens before the backup is unpacked, once it has been checked."""

    happen: Callable[[], Any]

    def stage(self, *arguments: Any) -> None:
        self.happen()
        super().stage(*arguments)


def disturb(rig: Rig, happen: Callable[[], Any]) -> None:
    rig.restores = replace(rig.restores, scripts=Disturbed(rig.restores.scripts.scripts, happen))


def test_a_backup_that_breaks_after_it_was_checked(rig, lived):
    """It is hashed once more."""
    path = lived.backups / f"{ID}.tar.gz"
    disturb(rig, lambda: path.write_bytes(path.read_bytes()[:-1]))
    assert end_of(rig.restore(lived)) == "archive_broken"
    check_old_world(lived)


def test_somebody_starts_the_server_meanwhile(rig, lived):
    """No world is exchanged under a game."""
    disturb(rig, lived.game.start)
    assert end_of(rig.restore(lived)) == "instance_running"
    lived.game.wait_until_ready()
    day = read_day(lived.game)
    assert day == 9  # and not the copy's bytes: the game has saved once more
    lived.check_whole()


@pytest.fixture
def small_disk(engine: docker.DockerClient, make_game: Callable[..., Game]) -> Iterator[tuple[Game, Any]]:
    """A server whose world lies on a small disk in memory, and a container that keeps that mounted."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=100m,mode=777"}
    engine.volumes.create(f"{name}-saved", driver="local", driver_opts=options, labels=LABELS)
    disk = {f"{name}-saved": {"bind": "/disk", "mode": "rw"}}
    keeper = engine.containers.create(
        "palserver:local", ["sleep", "1000"], user="0", labels=LABELS, volumes=disk
    )
    keeper.start()
    game = make_game(name=name, environment={**SPAN, "DEMO_WORLD_BYTES": "3000000"}).start()
    yield game, keeper
    keeper.remove(force=True)


def fill(keeper: Any, leave_kilobytes: int) -> None:
    script = f"""
    left=$(df -Pk /disk | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)
    head -c $(( (left - {leave_kilobytes}) * 1024 )) /dev/zero >/disk/fill
    """
    assert keeper.exec_run(["sh", "-ec", script]).exit_code == 0


def test_a_disk_that_is_full(rig, small_disk):
    """Seen before anything is stopped; and where it fills up in the middle, all is put back."""
    game, keeper = small_disk
    lived = rig.adopt(game)
    disturb(rig, lambda: fill(keeper, 1000))
    job = rig.restore(lived)
    assert end_of(job) == "not_enough_space"
    check = hash_world(game)
    assert check == hash_archive(lived.list_copies()[-1])
    lived.check_whole()
    started_at = game.container.attrs["State"]["StartedAt"]
    assert end_of(rig.restore(lived)) == "not_enough_space"
    assert game.state == "running"
    assert game.container.attrs["State"]["StartedAt"] == started_at


@pytest.mark.parametrize("step", ["unpacking", "swapping", "waiting_for_ready", "committing"])
def test_an_engine_that_goes_away(rig, lived, wire, step):
    """Whenever it comes back: the old world or the new one, and the server runs on it."""
    job = rig.begin(lived)
    wait_until(lambda: job.step == step or job.ended.is_set(), step, 120)
    wire.cut()
    wait_until(lambda: not rig.services.watch.is_reachable or job.ended.is_set(), "it is missed", 30)
    wire.is_cut = False
    assert job.ended.wait(LONGEST_SECONDS), (job.step, list(job.output))
    lived.game.wait_until_ready()
    new = {name: found.digest for name, found in lived.tree.items()}
    copies = [hash_archive(path) for path in lived.list_copies()]
    now = hash_world(lived.game)
    assert now == new if job.state == "succeeded" else now in [new, *copies] or not copies
    wait_until(lambda: lived.game.restart_policy == "unless-stopped", "the policy is back")
    lived.check_whole()


def go_away(rig: Rig, wire: EngineWire, job: Job, is_there: Callable[[], bool]) -> None:
    """The engine, from a moment of the job on, until somebody has missed it; the job ends then."""
    wait_until(lambda: is_there() or job.ended.is_set(), "the moment", 120)
    wire.cut()
    wait_until(lambda: not rig.services.watch.is_reachable or job.ended.is_set(), "it is missed", 30)
    wire.is_cut = False
    assert job.ended.wait(LONGEST_SECONDS), (job.step, list(job.output))


@pytest.mark.parametrize("moment", ["Waiting until", "Reading /"])
def test_an_engine_that_goes_away_in_a_backup(rig, wire, make_game, moment):
    """The backup fails in words, nothing of it is left, the game plays on; the next one succeeds."""
    lived = rig.adopt(make_game(environment=SPAN | {"DEMO_WORLD_BYTES": "40000000"}).start())
    job = rig.services.tasks.back_up(lived.game.name, "tester", None)
    wait_until(lambda: any(line.startswith(moment) for line in job.output), moment, 60)
    wire.cut()
    assert job.ended.wait(LONGEST_SECONDS), (job.step, list(job.output))
    wire.is_cut = False
    assert (job.state, end_of(job)) == ("failed", "script_failed")
    assert job.output[-1] == errors.EngineUnreachable.sentence
    assert lived.list_copies() == []
    assert [path for path in lived.backups.iterdir() if path.name.startswith(".")] == []
    assert lived.game.state == "running"
    wait_until(lambda: rig.services.watch.is_reachable, "the engine is back")
    again = rig.services.tasks.back_up(lived.game.name, "tester", None)
    assert again.ended.wait(LONGEST_SECONDS)
    assert (again.state, again.result["consistent"]) == ("succeeded", True)


@pytest.fixture
def versions(engine: docker.DockerClient) -> Iterator[str]:
    """An image of two versions that are the same game."""
    repository = f"test-versions-{uuid.uuid4().hex[:12]}"
    for tag in ("one", "two"):
        engine.images.get("palserver:local").tag(repository, tag)
    yield repository
    for tag in ("one", "two"):
        engine.images.remove(f"{repository}:{tag}", force=True)


@pytest.mark.parametrize("step", ["copying_first", "updating", "waiting_for_ready"])
def test_an_engine_that_goes_away_in_an_update(rig, wire, make_game, versions, step):
    """Whenever it comes back: one container, of the old version or the new one, on the world of before."""
    lived = rig.adopt(make_game(image=f"{versions}:one", environment=SPAN).start())
    job = rig.begin_update(lived, "two")
    go_away(rig, wire, job, lambda: job.step == step)
    client, name = lived.game.client, lived.game.name
    (container,) = client.containers.list(all=True, filters={"name": name})
    assert container.name == name
    is_new = job.state == "succeeded"
    assert container.attrs["Config"]["Image"] == f"{versions}:{'two' if is_new else 'one'}"
    lived.game.container = container
    lived.game.wait_until_ready()
    copies = [hash_archive(path) for path in lived.list_copies()]
    assert not copies or hash_world(lived.game) == copies[-1]
    wait_until(lambda: lived.game.restart_policy == "unless-stopped", "the policy is back")
    lived.check_whole()
