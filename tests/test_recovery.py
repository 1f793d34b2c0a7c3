"""A panel that is killed in the middle of a job: what the next one finds, finishes or undoes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.game import IMAGE, LABELS, Game, remove_container
from tests.panel import Panel
from tests.waiting import wait_until

MakePanel = Callable[..., Panel]
MakeGame = Callable[..., Game]


@pytest.fixture
def adopted(make_panel: MakePanel, make_game: MakeGame) -> tuple[Panel, Game]:
    """A panel of the test's own and its one server, running."""
    panel, game = make_panel(), make_game().start()
    panel.start()
    panel.adopt(game.name)
    return panel, game


def order(panel: Panel, game: Game, what: str, body: Any = None) -> str:
    """Start a job and return its id."""
    answer = panel.call("POST", f"/api/instances/{game.name}/{what}", body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def show_job(panel: Panel, job_id: str) -> Any:
    return panel.get(f"/api/jobs/{job_id}")["job"]


def wait_for_recovery(panel: Panel, game: Game) -> Any:
    """The recovery's job when nothing runs on the instance any more; None if there was none to do."""
    wait_until(lambda: panel.get(f"/api/instances/{game.name}")["job"] is None, "nothing runs on it", 240)
    newest = panel.get(f"/api/jobs?instance={game.name}&limit=1")["jobs"][0]
    return newest if newest["kind"] == "recovery" else None


def test_a_stop_is_finished(adopted):
    """Once the game was asked to end it is brought to its end, and the job says that it was interrupted."""
    panel, game = adopted
    game.set_faults(never_exit=True)
    stop = order(panel, game, "stop")
    wait_until(lambda: game.restart_policy == "no", "the policy is held")
    panel.kill()
    panel.start()
    busy = panel.call("POST", f"/api/instances/{game.name}/start")
    assert (busy.status_code, busy.json()["key"]) == (409, "instance_busy")
    game.control("POST", "/crash", {"exit_code": 0})
    recovery = wait_for_recovery(panel, game)
    interrupted = show_job(panel, stop)
    assert (interrupted["state"], interrupted["error"]["key"]) == ("interrupted", "interrupted")
    assert (recovery["state"], recovery["result"]["of"]) == ("succeeded", "stop")
    assert recovery["result"]["outcome"] == "The server was stopped, as it was meant to be."
    assert (game.state, game.restart_policy) == ("exited", "unless-stopped")


def test_a_container_that_is_gone_when_the_next_panel_looks(adopted):
    """That is said, and what was held of it is not put upon the one that takes its name."""
    panel, game = adopted
    game.set_faults(never_exit=True)
    order(panel, game, "stop")
    wait_until(lambda: game.restart_policy == "no", "the policy is held")
    panel.kill()
    remove_container(game.client, game.name)
    panel.start()
    recovery = wait_for_recovery(panel, game)
    assert (recovery["state"], recovery["result"]["outcome"]) == (
        "succeeded",
        "The container of this server is gone.",
    )
    options = {"labels": LABELS, "restart_policy": {"Name": "always"}}
    again = game.client.containers.create(IMAGE, ["sleep", "1000"], name=game.name, **options)
    assert panel.run_job(f"/api/instances/{game.name}/stop")["state"] == "succeeded"
    again.reload()
    assert again.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"


def test_a_countdown_is_no_beginning(adopted):
    """Killed while the players were being told, the server runs on."""
    panel, game = adopted
    order(panel, game, "stop", {"wait_seconds": 600})
    panel.kill()
    panel.start()
    recovery = wait_for_recovery(panel, game)
    assert recovery["result"] == {
        "of": "stop",
        "outcome": "The server runs on.",
        "outcomes": [{"key": "runs_on", "values": {}}],
    }
    assert game.state == "running"


def test_a_job_that_was_going_on_at_sigterm_is_put_right_too(adopted):
    """An orderly end of the panel does not wait for a game that never exits."""
    panel, game = adopted
    game.set_faults(never_exit=True)
    order(panel, game, "restart")
    wait_until(lambda: game.restart_policy == "no", "the policy is held")
    assert panel.stop() == 0
    game.set_faults(never_exit=False)
    panel.start()
    recovery = wait_for_recovery(panel, game)
    assert recovery["result"] == {
        "of": "restart",
        "outcome": "The server was started again.",
        "outcomes": [{"key": "started_again", "values": {}}],
    }
    assert (game.state, game.restart_policy) == ("running", "unless-stopped")


@pytest.mark.parametrize("seed", range(8))
def test_a_restart_ends_with_a_running_server(adopted, seed):
    """Whenever the panel is killed, once or twice: the server runs in the end, and under its own policy."""
    panel, game = adopted
    dice = random.Random(seed)
    order(panel, game, "restart")
    for _ in range(dice.choice((1, 2))):
        time.sleep(dice.uniform(0, 2.5))
        panel.kill()
        panel.start()
    wait_for_recovery(panel, game)
    game.wait_until_ready()
    assert (game.state, game.restart_policy) == ("running", "unless-stopped")
    assert panel.get("/api/jobs?state=running")["jobs"] == []


@pytest.fixture
def versions(engine: docker.DockerClient) -> Iterator[str]:
    """An image of two versions."""
    repository = f"test-versions-{random.randrange(10**9)}"
    image = engine.images.get("palserver:local")
    for tag in ("one", "two"):
        image.tag(repository, tag)
    yield repository
    for tag in ("one", "two"):
        engine.images.remove(f"{repository}:{tag}")


@pytest.mark.parametrize("seed", range(8))
def test_an_update_leaves_one_container_of_one_version(make_panel, make_game, engine, versions, seed):
    """Whenever the panel is killed: the old or the new one, running, and nothing aside."""
    panel, game = make_panel(), make_game(image=f"{versions}:one").start()
    panel.start()
    panel.adopt(game.name)
    update = order(panel, game, "update", {"version": "two"})
    time.sleep(random.Random(seed).uniform(0, 5))
    panel.kill()
    panel.start()
    wait_for_recovery(panel, game)
    listed = engine.containers.list(all=True, filters={"name": game.name})
    assert [container.name for container in listed] == [game.name]
    assert listed[0].attrs["Config"]["Image"] in (f"{versions}:one", f"{versions}:two")
    assert listed[0].status == "running"
    assert listed[0].attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    if show_job(panel, update)["state"] == "succeeded":
        assert listed[0].attrs["Config"]["Image"] == f"{versions}:two"


def test_a_killed_backup_leaves_nothing_but_what_it_said(adopted, tmp_path):
    """No half archive, and the output up to then can still be read."""
    panel, game = adopted
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "backup.sh").write_text(
        'mkdir -p "$PALSERVER_BACKUP_DIR/$1"\n'
        'touch "$PALSERVER_BACKUP_DIR/$1/.20260101-120000.tar.gz.part"\n'
        "echo half of it; sleep 1000\n"
    )
    panel.stop()
    panel.environment["PALSERVER_SCRIPTS_DIR"] = str(scripts)
    panel.start()
    backup = order(panel, game, "backup")
    wait_until(lambda: "half of it" in read_output(panel, backup), "it has begun")
    wait_until(lambda: "half of it" in read_stored_output(panel, backup), "it is on the disk")
    panel.kill()
    panel.start()
    recovery = wait_for_recovery(panel, game)
    assert recovery["result"]["of"] == "backup"
    assert "half of it" in read_output(panel, backup)
    assert list((panel.folder / "server" / "backup" / game.name).iterdir()) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_backup_that_is_killed_at_any_moment(make_panel, make_game, seed):
    """What is left afterwards is a whole backup with its manifest, or nothing; the server has not noticed."""
    panel, game = make_panel(), make_game(environment={"DEMO_WORLD_BYTES": "150000000"}).start()
    panel.start()
    panel.adopt(game.name)
    order(panel, game, "backup")
    time.sleep(random.Random(seed).uniform(0, 9))
    panel.kill()
    panel.start()
    wait_for_recovery(panel, game)
    check_backups(panel, game)
    assert game.state == "running"
    assert panel.get("/api/jobs?state=running")["jobs"] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_script_that_is_killed_at_any_moment(adopted, seed):
    """The job fails, what is left is nothing or a whole backup, and the next one succeeds."""
    panel, game = adopted
    job = order(panel, game, "backup")
    group = wait_until(lambda: find_group(game), "the script runs")
    time.sleep(random.Random(seed).uniform(0, 4))
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    ended = panel.wait_for_job(job)
    # Killed in its last moment, when all was done, it has failed and left what it made.
    found = (ended["state"], check_backups(panel, game))
    assert found in (("failed", 0), ("failed", 1), ("succeeded", 1))
    assert panel.run_job(f"/api/instances/{game.name}/backup")["state"] == "succeeded"


def find_group(game: Game) -> int:
    """The process group of the backup's script; 0 if there is none."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes().endswith(f"palserver.scripts.backup\0{game.name}\0".encode()):
                return os.getpgid(int(path.parent.name))
    return 0


def check_backups(panel: Panel, game: Game) -> int:
    """Nothing lies in the folder but backups that are whole; returns how many there are."""
    folder = panel.folder / "server" / "backup" / game.name
    backups = panel.get(f"/api/instances/{game.name}/backups")["backups"]
    expected = {f"{backup['id']}{suffix}" for backup in backups for suffix in (".json", ".tar.gz")}
    assert (set(os.listdir(folder)) if folder.exists() else set()) == expected
    for backup in backups:
        checked = panel.run_job(f"/api/instances/{game.name}/backups/{backup['id']}/verify")
        assert checked["state"] == "succeeded"
    return len(backups)


def read_stored_output(panel: Panel, job_id: str) -> str:
    """What the next panel would find."""
    with closing(sqlite3.connect(panel.folder / "server" / "paladmin.db")) as conn:
        return str(conn.execute("SELECT output FROM jobs WHERE id = ?", (job_id,)).fetchone()[0])


def read_output(panel: Panel, job_id: str) -> str:
    return panel.call("GET", f"/api/jobs/{job_id}/output").text


def test_a_finished_job_can_be_read_after_a_restart(adopted):
    """Its end, its result and its output are still there."""
    panel, game = adopted
    job = panel.run_job(f"/api/instances/{game.name}/stop")
    output = read_output(panel, job["id"])
    assert "The world is saved." in output
    panel.kill()
    panel.start()
    assert show_job(panel, job["id"]) == job
    assert read_output(panel, job["id"]) == output
    with panel.watch(f"/api/jobs/{job['id']}/output") as socket:
        assert "The world is saved." in socket.recv(10)
    assert panel.get(f"/api/jobs?instance={game.name}")["jobs"] == [job]
