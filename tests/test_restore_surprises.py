"""Restores among people who do things by hand: nothing of what they played is lost, and no world is mixed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from palserver import errors
from palserver.services.backups.reasons import SHARED
from palserver.services.containers.adoption import SAVED_PATH_LABEL
from palserver.services.containers.creation import JOB_LABEL
from palserver.services.jobs.job import make_unseen
from palserver.services.jobs.jobs import Job
from palserver.services.lifecycle import AT_ONCE
from palserver.services.restores import side_scripts
from palserver.services.restores.safety_copies import SafetyCopies
from palserver.services.restores.side_containers import SideContainers
from palserver.store import instances as store
from palserver.store import jobs
from palserver.store.jobs import JobRow
from tests.containers import Containers
from tests.game import LABELS, SAVED_PATH, Game, remove_container
from tests.pretend_rows import make_instance
from tests.restored import SPAN, Lived, live_on
from tests.rig import LONGEST_SECONDS, Rig
from tests.saved_trees import find_traces, hash_archive, hash_world
from tests.waiting import wait_until


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "base")
    yield rig
    rig.close()


@pytest.fixture
def lived(rig: Rig, make_game: Callable[..., Game]) -> Lived:
    return rig.adopt(make_game(environment=SPAN).start())


@pytest.fixture
def containers(engine) -> Iterator[Containers]:
    containers = Containers(engine)
    yield containers
    containers.remove_all()


def end_of(job: Any) -> str | None:
    return job.error.key if job.error else None


LEFT = """
cd "$1"
work=.palserver-restore-0123
mkdir -p $work/old/SaveGames/0
cp -a SaveGames/0/* $work/old/SaveGames/0/
for world in SaveGames/0/*; do echo "$world"; done >$work/units
"""


def test_what_was_played_after_a_restore_that_could_not_be_put_back(rig, lived):
    """It is in the safety copy before anything of that restore is ended; then the ordered world is there."""
    script = ["sh", "-ec", LEFT, "sh", SAVED_PATH]
    assert lived.game.container.exec_run(script, user="0").exit_code == 0
    live_on(lived.game, 12)
    lived.game.container.stop()
    played = hash_world(lived.game)
    job = rig.restore(lived)
    assert job.state == "succeeded", list(job.output)
    assert hash_archive(lived.list_copies()[-1]) == played
    assert hash_world(lived.game) == {name: found.digest for name, found in lived.tree.items()}
    lived.check_whole()


@dataclass(frozen=True)
class Raced(SideContainers):
    """Somebody is quick while the worlds are exchanged."""

    happen: Callable[[], Any]

    def swap(self, *arguments: Any) -> None:
        super().swap(*arguments)
        self.happen()


@pytest.mark.parametrize("stays", [True, False])
def test_somebody_starts_the_server_while_the_worlds_are_exchanged(rig, lived, stays):
    """It may have opened half of each, also if it has ended again: the old world is put back."""
    lived.game.container.stop()
    before = hash_world(lived.game)

    def start() -> None:
        if stays:
            lived.game.start()  # and plays: before that, no process of a container hears that it shall end
        else:
            lived.game.container.start()
            lived.game.container.kill()

    rig.restores = replace(rig.restores, beside=Raced(rig.restores.engine, start))
    job = rig.restore(lived)
    assert end_of(job) == "instance_running"
    assert (lived.game.state, hash_world(lived.game)) == ("exited", before)
    lived.check_whole()


def test_another_server_that_plays_the_same_world(rig, lived, make_game):
    """Neither under its game, nor while something is done to the world there, is it exchanged."""
    lived.game.container.stop()
    volumes = {lived.game.volume: {"bind": SAVED_PATH, "mode": "rw"}}
    other = make_game(environment=SPAN, volumes=volumes)
    rig.database.write(store.add_instance, make_instance(other.name))
    other.start()
    before = hash_world(other)
    job = rig.restore(lived)
    assert (end_of(job), lived.list_copies()) == ("world_in_use", [])
    assert (other.state, hash_world(other)) == ("running", before)
    other.container.stop()
    busy = rig.services.jobs.start("test", other.name, "tester", lambda job: job.wait_or_cancel(60))
    assert end_of(rig.restore(lived)) == "world_in_use"
    busy.cancelled.set()
    assert busy.ended.wait(60)
    assert rig.restore(lived).state == "succeeded"
    remove_container(other.client, other.name)


def test_a_backup_beside_a_server_that_plays_the_same_world(rig, lived, make_game):
    """It may have saved meanwhile: that is said, before an update too. To read there harms nobody."""
    lived.game.container.stop()
    volumes = {lived.game.volume: {"bind": SAVED_PATH, "mode": "rw"}}
    other = make_game(environment=SPAN, volumes=volumes)
    rig.database.write(store.add_instance, make_instance(other.name))
    other.start()

    def back_up() -> Any:
        job = rig.services.tasks.back_up(lived.game.name, "tester", None)
        assert job.ended.wait(LONGEST_SECONDS)
        return job.result

    shared = back_up()
    assert shared["consistent"] is False
    manifest = rig.services.backups.get(lived.game.name, shared["backup"])
    assert manifest.reason == SHARED
    job = make_unseen("update", lived.game.name)
    copy = rig.restores.make_copy(job, rig.find(lived), "pre_update")
    assert (copy.consistent, copy.reason) == (False, SHARED)
    other.container.stop()
    reading = rig.services.jobs.start("backup", other.name, "tester", lambda job: job.wait_or_cancel(60))
    assert back_up()["consistent"] is True
    reading.cancelled.set()
    assert reading.ended.wait(60)
    remove_container(other.client, other.name)


def test_a_container_that_would_be_gone_when_stopped(rig, lived, make_game):
    """Nothing that needs it afterwards stops it: no restore, no update, no restart."""
    game = make_game(auto_remove=True, restart_policy=None, environment=SPAN).start()
    lived = rig.adopt(game)
    instance = rig.find(lived)
    assert end_of(rig.restore(lived)) == "world_not_on_volume"
    assert end_of(rig.update(lived, "local")) == "world_not_on_volume"
    job = rig.services.tasks.restart(instance.name, "tester", AT_ONCE)
    assert job.ended.wait(LONGEST_SECONDS)
    assert end_of(job) == "world_not_on_volume"
    assert game.state == "running"
    job = rig.services.tasks.stop(instance.name, "tester", AT_ONCE)
    assert job.ended.wait(LONGEST_SECONDS)
    assert (job.state, job.result["saved"]) == ("succeeded", True)


def test_a_world_that_would_be_gone_with_its_container(rig, make_game):
    """It is not stopped: its volume has no name, and goes with a container that was made with --rm."""
    game = make_game(auto_remove=True, restart_policy=None, environment=SPAN, volumes=[SAVED_PATH]).start()
    lived = rig.adopt(game)
    job = rig.services.tasks.stop(rig.find(lived).name, "tester", AT_ONCE)
    assert job.ended.wait(LONGEST_SECONDS)
    assert (end_of(job), game.state) == ("world_not_on_volume", "running")


class Filled:
    """The disk that the database is on, from some moment on until `free`."""

    def __init__(self, rig: Rig) -> None:
        self._database, self._write = rig.database, rig.database.write
        self.is_full = False
        rig.database.write = self.write  # type: ignore[assignment,method-assign]

    def write(self, *arguments: Any) -> Any:
        if self.is_full:
            raise sqlite3.OperationalError("database or disk is full")
        return self._write(*arguments)


@dataclass(frozen=True)
class FilledCopies(SafetyCopies):
    filled: Any = None

    def make(self, *arguments: Any) -> Any:
        made = super().make(*arguments)
        self.filled.is_full = True
        return made


def find_stored(rig: Rig, job: Job) -> JobRow:
    """What another process would find."""
    row = jobs.find_job(rig.database.reader, job.id)
    assert row is not None
    return row


@pytest.mark.parametrize("is_running", [True, False])
@pytest.mark.parametrize("moment", ["copied", "exchanged"])
def test_a_full_disk_under_the_database(rig, lived, moment, is_running):
    """What needs room there fails; the way back needs none, and the end is written once there is some."""
    filled = Filled(rig)
    copies, restores = rig.restores.copies, rig.restores
    if moment == "copied":
        made = FilledCopies(copies.scripts, copies.bundled, copies.backup_dir, filled)
        rig.restores = replace(restores, copies=made)
    else:
        rig.restores = replace(
            restores, beside=Raced(restores.engine, lambda: setattr(filled, "is_full", True))
        )
    if not is_running:
        lived.game.container.stop()
    job = rig.begin(lived)
    assert job.ended.wait(LONGEST_SECONDS)
    assert job.state == "failed"
    assert find_stored(rig, job).state == "running"
    if is_running:
        lived.game.wait_until_ready()
    assert lived.game.state == ("running" if is_running else "exited")
    assert hash_world(lived.game) == hash_archive(lived.list_copies()[-1])
    assert find_traces(lived.game) == []
    filled.is_full = False
    wait_until(lambda: find_stored(rig, job).state == "failed", "its end is written")
    rig.restores = restores
    assert rig.restore(lived).state == "succeeded"
    lived.check_whole()


def test_an_engine_that_refuses_to_stop_it(rig, lived, monkeypatch):
    """The stop fails, and the server has its restart policy as before."""

    def refuse(*_: Any) -> None:
        raise errors.EngineRefused()

    monkeypatch.setattr(rig.services.engine, "stop", refuse)
    lived.game.set_faults(refuse=True)
    job = rig.services.tasks.stop(rig.find(lived).name, "tester", AT_ONCE)
    assert job.ended.wait(LONGEST_SECONDS)
    assert end_of(job) == "engine_refused"
    assert lived.game.restart_policy == "unless-stopped"
    assert rig.find(lived).held_restart_policy is None


@pytest.mark.parametrize(
    "folder", ["", "SaveGames", "SaveGames/0", f"SaveGames/0/{'A' * 32}", "Config/LinuxServer"]
)
def test_a_disk_that_the_host_has_mounted_in_the_save_folder(containers, folder):
    """A rename across it would be a copy, and half of one if it is interrupted."""
    made = f'mkdir -p SaveGames/0/{"A" * 32} Config/LinuxServer; exec sh -ec "$2" sh "$1"'
    mounts = {containers.make_volume("saved"): {"bind": "/saved"}}
    if folder:
        mounts[containers.make_volume("other")] = {"bind": f"/saved/{folder}"}
    tmpfs = {f"/saved/{folder}": ""} if folder else {}
    command = ("sh", "-ec", f"cd /saved; {made}", "sh", "/saved", side_scripts.LOOK)
    container = containers.make(*command, volumes=dict([*mounts.items()][:1]), tmpfs=tmpfs)
    container.start()
    assert container.wait()["StatusCode"] == 0, container.logs()
    assert container.logs().decode().splitlines()[0] == ("link" if folder else "/saved")


@pytest.mark.parametrize("is_started", [True, False])
def test_a_panel_that_was_killed_when_a_server_had_been_started(rig, make_game, is_started):
    """It is a server then, which people may have found; one that was not started yet is removed."""
    labels = {**LABELS, JOB_LABEL: "0123", SAVED_PATH_LABEL: SAVED_PATH}
    game = make_game(labels=labels, environment=SPAN)
    if is_started:
        game.start()
    job = Job("recovery", game.name, "tester", lambda _: None, lambda _: None)
    said = rig.services.creations.mend(job, {"creating": {"job": "0123", "name": game.name}})
    assert said.sentence.startswith(
        f"{game.name} had been made." if is_started else f"{game.name} had not been made."
    )
    instance = store.find_instance(rig.database.reader, game.name)
    assert (instance.saved_path if instance else None) == (SAVED_PATH if is_started else None)
    listed = [each.name for each in game.client.containers.list(all=True, filters={"name": game.name})]
    assert listed == ([game.name] if is_started else [])
