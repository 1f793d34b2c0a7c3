"""What keeps a recovery from its work is waited for: no world is left half-way, and nobody starts upon it."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing

import gevent
import pytest

from palserver import errors
from palserver.clock import utc_now
from palserver.services.jobs import patience
from palserver.services.jobs.job import Job
from palserver.services.jobs.patience import STEP, persist
from tests.game import LABELS, Game, remove_container
from tests.restored import SPAN, Restored
from tests.rig import LONGEST_SECONDS, Rig
from tests.saved_trees import find_traces, hash_archive, hash_world
from tests.test_recovery import order, read_output, show_job, wait_for_recovery
from tests.test_restore_failures import check_old_world, disturb
from tests.waiting import wait_until

# It is waited for so long that a panel can be killed meanwhile.
SLOW = {**SPAN, "DEMO_BOOT_SECONDS": "4"}


@pytest.fixture
def shelf(tmp_path, engine, make_game):
    """A server whose world lies on a disk that can be taken away, and the folder that this is."""
    disk = tmp_path / "disk"
    disk.mkdir()
    disk.chmod(0o777)
    name = f"test-{uuid.uuid4().hex[:12]}"
    options = {"type": "none", "device": str(disk), "o": "bind"}
    engine.volumes.create(f"{name}-saved", driver="local", driver_opts=options, labels=LABELS)
    return make_game(name=name, environment=SLOW).start(), disk


def break_off(panel, game, step):
    """A restore that its panel does not live to end, and the host neither."""
    restored = Restored(panel, game)
    restored.adopt()
    job = order(panel, game, "backups/20260101-120000/restore")
    wait_until(lambda: show_job(panel, job)["step"] == step, step, 120)
    panel.kill()
    if game.state == "running":
        game.container.kill()
    return restored


def check_world(restored):
    """That of before, of which there is a copy, or the restored one; nothing beside it."""
    new = {name: found.digest for name, found in restored.tree.items()}
    assert hash_world(restored.game) in (new, hash_archive(restored.list_copies()[-1]))
    assert find_traces(restored.game) == []


def find_recovery(panel, game):
    return panel.get(f"/api/instances/{game.name}")["job"]


def test_a_disk_that_is_mounted_later(make_panel, shelf):
    """Until it is there the server is busy and cannot be started; then one world is whole."""
    panel, (game, disk) = make_panel(), shelf
    panel.start()
    restored = break_off(panel, game, "waiting_for_ready")
    away = disk.with_name("away")
    disk.rename(away)
    panel.start()
    wait_until(lambda: (find_recovery(panel, game) or {}).get("step") == STEP, "it waits", 120)
    job = find_recovery(panel, game)
    assert "tried again until it works" in read_output(panel, job["id"])
    refused = panel.call("POST", f"/api/instances/{game.name}/start")
    assert (refused.status_code, refused.json()["key"]) == (409, "instance_busy")
    cancelled = panel.call("POST", f"/api/jobs/{job['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["key"]) == (409, "not_cancellable")
    away.rename(disk)
    recovery = wait_for_recovery(panel, game)
    assert (recovery["state"], recovery["id"]) == ("succeeded", job["id"])
    game.wait_until_ready()
    check_world(restored)


def test_a_disk_whose_place_is_empty(make_panel, shelf):
    """As it looks where something is mounted later: that is no world that had not been touched."""
    panel, (game, disk) = make_panel(), shelf
    panel.start()
    restored = break_off(panel, game, "waiting_for_ready")
    away = disk.with_name("away")
    disk.rename(away)
    disk.mkdir()
    panel.start()
    wait_until(lambda: (find_recovery(panel, game) or {}).get("step") == STEP, "it waits", 120)
    assert "Is its disk mounted?" in read_output(panel, find_recovery(panel, game)["id"])
    disk.rename(disk.with_name("empty"))
    away.rename(disk)
    assert wait_for_recovery(panel, game)["state"] == "succeeded"
    game.wait_until_ready()
    check_world(restored)


def test_a_failure_is_told_once_and_tried_again(monkeypatch):
    """With longer and longer waits, until it works; the step is then that of before."""
    waits: list[float] = []
    monkeypatch.setattr(gevent, "sleep", waits.append)
    job = Job("recovery", "one", "PalServer", lambda job: None, lambda job: None)
    job.enter("recovering", is_cancellable=False)

    def work():
        if len(waits) < 8:
            raise (errors.NoSideContainer(), OSError(28, "No space left"))[len(waits) > 5]
        return "done"

    assert persist(job, work) == "done"
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert (len(job.output), job.step, job.is_cancellable) == (2, "recovering", False)


def test_a_copy_that_is_broken_is_not_waited_for(monkeypatch):
    """It never gets whole."""
    monkeypatch.setattr(patience, "FIRST_WAIT_SECONDS", 600.0)
    job = Job("recovery", "one", "PalServer", lambda job: None, lambda job: None)

    def refuse():
        raise errors.ArchiveBroken()

    with pytest.raises(errors.ArchiveBroken):
        persist(job, refuse)


def test_what_was_inherited_is_not_written_again():
    """The way back needs no room on a full disk."""

    def refuse(job):
        raise errors.DatabaseFull()

    job = Job("recovery", "one", "PalServer", lambda job: None, refuse)
    job.inherit({"is_restoring": True, "is_stopping": True})
    job.intend(is_stopping=True)
    with pytest.raises(errors.DatabaseFull):
        job.intend(is_stopping=False)


def write(panel, statement, *values):
    """While the panel is gone."""
    with closing(sqlite3.connect(panel.folder / "server" / "paladmin.db")) as conn, conn:
        conn.execute(statement, values)


def test_a_container_that_is_gone_is_no_hindrance(make_panel, make_game):
    """Where it can be made anew, its volumes are reached by another one, which is gone afterwards."""
    panel, game = make_panel(), make_game(environment=SLOW).start()
    panel.start()
    restored = break_off(panel, game, "waiting_for_ready")
    write(panel, "UPDATE instances SET source = 'created'")
    remove_container(game.client, game.name)
    panel.start()
    recovery = wait_for_recovery(panel, game)
    keys = [outcome["key"] for outcome in recovery["result"]["outcomes"]]
    assert keys in (["world_old", "started_again"], ["world_new", "started_again"])
    game.container = game.client.containers.get(game.name)
    game.wait_until_ready()
    check_world(restored)


def test_a_container_that_nobody_can_make_anew(make_panel, make_game):
    """Its volumes are reached all the same: the world is whole for the one that its owner makes."""
    panel, game = make_panel(), make_game(environment=SLOW).start()
    panel.start()
    restored = break_off(panel, game, "waiting_for_ready")
    remove_container(game.client, game.name)
    panel.start()
    recovery = wait_for_recovery(panel, game)
    keys = [outcome["key"] for outcome in recovery["result"]["outcomes"]]
    assert keys in (["world_old", "container_gone"], ["world_new", "container_gone"])
    assert panel.get(f"/api/instances/{game.name}")["state"] == "missing"
    game.container = Game(game.client, name=game.name, environment=SLOW).start().container
    check_world(restored)


def test_a_deletion_that_was_all_but_told(make_panel):
    """Killed when the server's row was gone and the end of the job was not written: it was deleted."""
    panel = make_panel()
    panel.start()
    panel.kill()
    row = ("a" * 32, "delete", "gone", "running", "admin", utc_now(), '{"is_deleting": true, "helper": "a"}')
    statement = """
        INSERT INTO jobs (id, kind, instance, state, actor, created_at, intent) VALUES (?, ?, ?, ?, ?, ?, ?)
    """
    write(panel, statement, *row)
    panel.start()
    job = wait_until(lambda: panel.get("/api/jobs?limit=1")["jobs"][0]["result"], "it is told")
    assert (job["of"], [each["key"] for each in job["outcomes"]]) == ("delete", ["deleted"])


def test_what_a_recovery_has_started_it_does_not_stop_again(tmp_path, make_game, monkeypatch):
    """Where it has to begin anew, because the engine was gone just then, or the panel."""
    rig = Rig(tmp_path / "base")
    starts: list[object] = []
    try:
        lived, lifecycle = rig.adopt(make_game(environment=SPAN).start()), rig.services.lifecycle
        lived.game.container.stop()
        start = lifecycle.start

        def start_and_lose_the_engine(*arguments):
            starts.append(start(*arguments))
            lived.game.wait_until_ready()
            if len(starts) == 1:
                raise errors.EngineUnreachable()

        monkeypatch.setattr(lifecycle, "start", start_and_lose_the_engine)
        job = Job("recovery", lived.game.name, "PalServer", lambda job: None, lambda job: None)
        intent = {"kind": "restart", "is_stopping": True, "shall_run": True}
        job.inherit(intent)
        rig.services.recovery._recover(rig.find(lived), intent, job)
        assert starts == [{"was_running": False}, {"was_running": True}]
    finally:
        rig.close()


def test_a_disk_that_goes_away_in_the_middle(tmp_path, shelf):
    """The way back waits for it as well, and nobody starts upon what is left; it is still a failure then."""
    game, disk = shelf
    rig = Rig(tmp_path / "base")
    try:
        lived, away = rig.adopt(game), disk.with_name("away")
        disturb(rig, lambda: disk.rename(away))
        job = rig.begin(lived)
        wait_until(lambda: job.step == STEP or job.ended.is_set(), "it waits", 120)
        assert rig.services.jobs.find_running(game.name) is job
        away.rename(disk)
        assert job.ended.wait(LONGEST_SECONDS)
        assert job.state == "failed"
        check_old_world(lived)
    finally:
        rig.close()
