"""Updates and the way back, on real containers: another version, or everything as it was."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from palserver.config import BUNDLED_SCRIPTS
from palserver.services.restores.scripts import RestoreScripts
from palserver.store.backups import set_manifest
from tests import manifests_script
from tests.game import LABELS, Game
from tests.made_backups import describe, list_entries, make_files, pack
from tests.panel import PROJECT, Panel
from tests.restored import SPAN, cancel_countdown, list_announcements, live_on
from tests.rig import Rig
from tests.saved_trees import find_traces, hash_archive, hash_world, read_day
from tests.script_processes import kill_script
from tests.waiting import wait_until

# A version that overwrites the world, and then runs for ever without answering anybody.
SPOILER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
saved = pathlib.Path('/pal/Package/Pal/Saved')
for path in saved.glob('SaveGames/0/*/Level.sav'):
    path.write_bytes(b'of another kind')
print('no game in here', flush=True)
time.sleep(1000)
"""


@pytest.fixture(scope="module")
def versions(engine: docker.DockerClient) -> Iterator[str]:
    """An image of two versions that are the same game, one that ends at once, and one that spoils worlds."""
    repository = f"test-versions-{random.randrange(10**9)}"
    for tag in ("one", "two"):
        engine.images.get("palserver:local").tag(repository, tag)
    for tag, entrypoint in (("ends", ["false"]), ("spoils", ["python3", "-c", SPOILER])):
        container = engine.containers.create("palserver:local", labels=LABELS)
        container.commit(repository, tag, conf={"Entrypoint": entrypoint, "User": "palserver"})
        container.remove()
    yield repository
    for tag in ("one", "two", "ends", "spoils"):
        engine.images.remove(f"{repository}:{tag}", force=True)


@dataclass
class Updated:
    """A server of version one on day 5, of a panel whose update.sh is an operator's own copy."""

    panel: Panel
    game: Game
    repository: str

    @property
    def path(self) -> str:
        return f"/api/instances/{self.game.name}"

    @property
    def backups(self) -> Path:
        return self.panel.folder / "server" / "backup" / self.game.name

    @property
    def container(self) -> Any:
        """The one that bears the server's name now."""
        return self.game.client.containers.get(self.game.name)

    @property
    def image(self) -> str:
        return str(self.container.attrs["Config"]["Image"])

    def update(self, version: str, **countdown: Any) -> Any:
        job = self.panel.run_job(f"{self.path}/update", {"version": version, **countdown})
        self.game.container = self.container
        return job

    def roll_back(self, **body: Any) -> Any:
        job = self.panel.run_job(f"{self.path}/rollback", body)
        self.game.container = self.container
        return job

    def read_output(self, job: Any) -> str:
        return self.panel.call("GET", f"/api/jobs/{job['id']}/output").text

    def hash_newest_copy(self) -> dict[str, str]:
        return hash_archive(max(self.backups.glob("*.tar.gz")))

    def check(self, tag: str, is_running: bool = True) -> None:
        """One container, of this version, running or not, and nothing aside or beside it."""
        listed = self.game.client.containers.list(all=True, filters={"name": self.game.name})
        assert [container.name for container in listed] == [self.game.name]
        assert self.image == f"{self.repository}:{tag}"
        assert (self.container.status == "running") == is_running
        assert find_traces(self.game) == []
        assert self.game.restart_policy == "unless-stopped"


def write_scripts(folder: Path) -> Path:
    """The bundled update.sh, and a backup.sh that leaves a manifest."""
    folder.mkdir()
    text = (BUNDLED_SCRIPTS / "update.sh").read_text("utf-8").replace("cd ", f"cd {PROJECT}; : ")
    (folder / "update.sh").write_text(text, "utf-8")
    (folder / "backup.sh").write_text(manifests_script.SCRIPT.format(project=PROJECT), "utf-8")
    return folder


@pytest.fixture
def make_updated(
    make_panel: Callable[..., Panel], make_game: Callable[..., Game], versions: str, tmp_path: Path
) -> Callable[..., Updated]:
    def make(**environment: str) -> Updated:
        scripts = write_scripts(tmp_path / "scripts")
        panel = make_panel(**{"PALSERVER_SCRIPTS_DIR": str(scripts), **environment})
        game = make_game(image=f"{versions}:one", environment=SPAN).start()
        panel.start()
        panel.adopt(game.name)
        live_on(game, 5)
        return Updated(panel, game, versions)

    return make


def test_players_are_warned_of_an_update_and_of_the_way_back(make_updated):
    """When the version is at hand, and of no other. A cancel then leaves everything as it was."""
    updated = make_updated(PALSERVER_SCRIPTS_DIR="")
    panel, game = updated.panel, updated.game
    assert updated.update("nine", wait_seconds=600)["state"] == "failed"
    assert list_announcements(game) == []
    cancel_countdown(panel, game, f"{updated.path}/update", {"version": "two"})
    updated.check("one")
    job = updated.update("two", wait_seconds=2, message="Soon newer")
    assert job["state"] == "succeeded", updated.read_output(job)
    assert "Told the players: Soon newer (2 s)" in updated.read_output(job)
    updated.check("two")
    kept = list(updated.backups.iterdir())
    cancel_countdown(panel, game, f"{updated.path}/rollback", {"world": True})
    assert list(updated.backups.iterdir()) == kept
    updated.check("two")
    job = updated.roll_back(wait_seconds=1)
    assert "Told the players: The server stops soon. (1 s)" in updated.read_output(job)
    updated.check("one")


def test_a_running_server(make_updated):
    """Another version of the image with the same settings and world; the game is ready in the end."""
    updated = make_updated()
    before = updated.container.id
    job = updated.update("two")
    assert job["state"] == "succeeded", updated.read_output(job)
    assert job["result"]["image"] == f"{updated.repository}:two"
    assert (job["result"]["saved"], job["result"]["backup"]) == (
        True,
        max(updated.backups.glob("*.json")).stem,
    )
    updated.check("two")
    assert updated.container.id != before
    assert updated.panel.get(updated.path)["game"]["status"] in ("ready", "starting", "unknown")
    assert hash_world(updated.game) == updated.hash_newest_copy()
    listed = updated.backups.joinpath(f"{job['result']['backup']}.json").read_text("utf-8")
    assert '"pre_update"' in listed


def test_the_bundled_scripts_and_a_stopped_server(make_updated):
    """It stays stopped. The image is looked for first; a copy without a manifest is one, too."""
    updated = make_updated(PALSERVER_SCRIPTS_DIR="")
    assert updated.update("three")["error"]["key"] == "image_missing"
    updated.check("one")
    updated.panel.run_job(f"{updated.path}/stop")
    job = updated.update("two")
    assert job["state"] == "succeeded", updated.read_output(job)
    updated.check("two", is_running=False)


def test_there_and_back_again(make_updated):
    """By hand, without the world and with it; and a rollback of a rollback."""
    updated = make_updated()
    refused = updated.panel.call("POST", f"{updated.path}/rollback")
    assert (refused.status_code, refused.json()["key"]) == (409, "no_rollback")
    assert updated.panel.get(f"{updated.path}/rollback") == {"rollback": None}
    assert updated.update("two")["state"] == "succeeded"
    way = updated.panel.get(f"{updated.path}/rollback")["rollback"]
    newest = max(updated.backups.glob("*.json")).stem
    assert (way["image"], way["backup"]) == (f"{updated.repository}:one", newest)
    then = updated.hash_newest_copy()
    live_on(updated.game, 8)
    job = updated.roll_back()
    assert job["state"] == "succeeded", updated.read_output(job)
    updated.check("one")
    assert read_day(updated.game) == 8
    assert updated.roll_back()["state"] == "succeeded"
    updated.check("two")
    # The last update is that rollback now; the world of before it is of day 8.
    live_on(updated.game, 9)
    job = updated.roll_back(world=True)
    assert job["state"] == "succeeded", updated.read_output(job)
    updated.check("one")
    updated.game.wait_until_ready()
    assert read_day(updated.game) == 8
    assert hash_world(updated.game) != then


def test_the_world_of_the_way_back_is_kept(make_updated):
    """However many copies have been made since, before updates that failed."""
    updated = make_updated(PALSERVER_SCRIPTS_DIR="")
    updated.panel.run_job(f"{updated.path}/stop")
    assert updated.update("two")["state"] == "succeeded"
    way = updated.panel.get(f"{updated.path}/rollback")["rollback"]
    later = [f"29990101-00000{number}" for number in range(4)]
    packed = pack(list_entries(make_files()))
    for backup_id in later:
        archive = f"{backup_id}.tar.gz"
        updated.backups.joinpath(archive).write_bytes(packed)
        facts = {"instance": updated.game.name, "kind": "pre_update"}
        set_manifest(updated.backups, describe(packed, make_files(), id=backup_id, archive=archive, **facts))
    job = updated.panel.run_job(f"{updated.path}/backup")
    assert job["result"]["removed"] == later[:1]
    assert updated.panel.get(f"{updated.path}/rollback")["rollback"] == way
    assert updated.backups.joinpath(f"{way['backup']}.tar.gz").exists()


def test_a_version_that_ends_at_once(make_updated):
    """The old container is back, and runs; the job says so."""
    updated = make_updated()
    before = updated.container.id
    job = updated.update("ends")
    assert job["state"] == "failed"
    assert "The server is as it was before." in updated.read_output(job)
    updated.check("one")
    assert updated.container.id == before
    updated.game.wait_until_ready()
    assert hash_world(updated.game) == updated.hash_newest_copy()


def test_a_compose_file_and_a_script_that_does_all_of_it(make_updated, tmp_path):
    """An operator's own: it removes the container, makes another one, changes its file, and fails then."""
    updated = make_updated()
    compose = updated.panel.folder / "server" / f"docker-compose-{updated.game.name}.yml"
    compose.write_text("image: one\n")
    (tmp_path / "scripts" / "update.sh").write_text(
        f"cd {PROJECT}\n"
        f'echo "image: $1" >{compose}\n'
        'python3 -c "import docker, os, sys; docker.from_env().containers.get(sys.argv[1]).remove(v=False)" '
        '"$PALSERVER_CONTAINER"\nexit 1\n'
    )
    job = updated.update("two")
    assert job["error"]["key"] == "script_failed"
    assert compose.read_text() == "image: one\n"
    updated.check("one")
    updated.game.wait_until_ready()
    assert hash_world(updated.game) == updated.hash_newest_copy()


OWN_COPY = 'mkdir -p "$PALSERVER_BACKUP_DIR/$1"; date >"$PALSERVER_BACKUP_DIR/$1/$(date +%s%N).zip"\n'


@pytest.mark.parametrize("backup_script", [None, OWN_COPY], ids=["ours", "own"])
def test_a_version_that_spoils_the_world(make_game, versions, tmp_path, backup_script):
    """It runs and answers nobody: the old container is back in time, and the world with it.

    Also where an operator's own script leaves a copy of which nobody else knows how to put it back.
    """
    scripts = write_scripts(tmp_path / "scripts")
    if backup_script is not None:
        (scripts / "backup.sh").write_text(backup_script)
    rig = Rig(tmp_path / "base", ready_seconds=15.0, PALSERVER_SCRIPTS_DIR=str(scripts))
    try:
        lived = rig.adopt(make_game(image=f"{versions}:one", environment=SPAN).start())
        job = rig.update(lived, "spoils")
        lived.game.container = lived.game.client.containers.get(lived.game.name)
        assert job.error is not None
        assert job.error.key == "game_not_ready"
        assert "The world was changed meanwhile. It is put back as well." in job.output
        lived.game.wait_until_ready()
        assert hash_world(lived.game) == hash_archive(lived.list_copies()[-1])
        assert lived.game.container.attrs["Config"]["Image"] == f"{versions}:one"
        lived.check_whole()
    finally:
        rig.close()


def test_what_the_engine_still_made_for_a_script_that_was_killed(make_game, versions, tmp_path):
    """It is there only after the way back has begun, and nothing is left of it either."""
    rig = Rig(tmp_path / "base")
    try:
        lived = rig.adopt(make_game(image=f"{versions}:one", environment=SPAN).start())
        name, client = lived.game.name, lived.game.client

        class Late(RestoreScripts):
            def is_touched(self, *arguments: Any) -> bool:
                client.containers.create(f"{versions}:one", name=f"{name}-new-20260101000000", labels=LABELS)
                return super().is_touched(*arguments)

        scripts = Late(rig.restores.scripts.scripts)
        rig.updates = replace(rig.updates, restores=replace(rig.restores, scripts=scripts))
        assert rig.update(lived, "ends").state == "failed"
        listed = client.containers.list(all=True, filters={"name": name})
        assert [container.name for container in listed] == [name]
        lived.check_whole()
    finally:
        rig.close()


TRIES = 6


@pytest.mark.parametrize("seed", [0, 1])
def test_a_panel_that_is_killed(make_updated, seed):
    """At any moment: one container, of the one version or the other, running, and the world of before."""
    updated = make_updated()
    dice = random.Random(seed)
    versions = ["one", "two"]
    for number in range(TRIES):
        target = versions[(number + 1) % 2]
        before = updated.image.rpartition(":")[2]
        if target == before:
            target = versions[number % 2]
        answer = updated.panel.call("POST", f"{updated.path}/update", {"version": target})
        assert answer.status_code == 202, answer.text
        time.sleep(dice.uniform(0, 7))
        updated.panel.kill()
        updated.panel.start()
        wait_until(lambda: updated.panel.get(updated.path)["job"] is None, "nothing runs on it", 240)
        updated.game.container = updated.container
        updated.game.wait_until_ready()
        now = updated.image.rpartition(":")[2]
        assert now in (before, target), (seed, number)
        updated.check(now)
        newest = updated.panel.get(f"/api/jobs?instance={updated.game.name}&limit=1")["jobs"][0]
        if newest["kind"] == "recovery" and "was not made" in newest["result"]["outcome"]:
            assert now == before
        assert read_day(updated.game) == 5
    assert updated.panel.get("/api/jobs?state=running")["jobs"] == []


@pytest.mark.parametrize("seed", [2, 3])
def test_a_panel_that_is_killed_on_the_way_back_with_the_world(make_updated, seed):
    """At any moment: the old version on the old world or the new one on the new world, running."""
    updated = make_updated()
    dice = random.Random(seed)
    day = 5
    for number in range(3):
        old = updated.image.rpartition(":")[2]
        new = "two" if old == "one" else "one"
        job = updated.update(new)
        assert job["state"] == "succeeded", updated.read_output(job)
        live_on(updated.game, day + 3)
        answer = updated.panel.call("POST", f"{updated.path}/rollback", {"world": True})
        assert answer.status_code == 202, answer.text
        time.sleep(dice.uniform(0, 9))
        updated.panel.kill()
        updated.panel.start()
        wait_until(lambda: updated.panel.get(updated.path)["job"] is None, "nothing runs on it", 240)
        updated.game.container = updated.container
        updated.game.wait_until_ready()
        now = updated.image.rpartition(":")[2]
        assert (now, read_day(updated.game)) in ((old, day), (new, day + 3)), (seed, number)
        updated.check(now)
        day = read_day(updated.game)
    assert updated.panel.get("/api/jobs?state=running")["jobs"] == []


@pytest.mark.parametrize("seed", [4, 5])
def test_a_script_of_an_update_that_is_killed(make_updated, seed):
    """The panel lives on: one container that runs, of the old version where the job has failed."""
    updated = make_updated()
    dice = random.Random(seed)
    for _ in range(4):
        old = updated.image.rpartition(":")[2]
        new = "two" if old == "one" else "one"
        order = updated.panel.call("POST", f"{updated.path}/update", {"version": new})
        assert order.status_code == 202, order.text
        is_hit = kill_script(updated.game.name, "update", dice, 3.0)
        job = updated.panel.wait_for_job(order.json()["job"]["id"])
        updated.game.container = updated.container
        updated.game.wait_until_ready()
        assert is_hit or job["state"] == "succeeded", updated.read_output(job)
        updated.check(new if job["state"] == "succeeded" else old)
        assert read_day(updated.game) == 5
