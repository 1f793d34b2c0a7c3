"""The bundled backup.sh and update.sh, run as the panel runs them, on real containers."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from palserver import errors
from palserver.background import Background
from palserver.clients import shell
from palserver.clients.engine import Engine
from palserver.config import BUNDLED_SCRIPTS, read_config
from palserver.scripts import Failed
from palserver.scripts.archive import write_archive
from palserver.scripts.verify import check_archive
from palserver.services.backups.archives import check_archive as check_restorable
from palserver.services.backups.reasons import NO_WORLD
from palserver.services.images.images import find_repository
from palserver.services.jobs.jobs import Job
from palserver.services.jobs.scripts import Scripts, build_environment
from palserver.store.backups import Manifest, list_manifests
from palserver.store.instances import Instance
from tests.containers import Containers
from tests.game import LABELS
from tests.made_backups import GUID
from tests.made_backups import write_settings as make_settings
from tests.registry import Registry
from tests.waiting import wait_until

SAVED_PATH = "/pal/Saved"
SAVE = "\\005\\0\\0\\0\\005\\0\\0\\0PlZ1"  # the header of a save, as printf takes it
WORLD = f"""
mkdir -p /pal/Saved/SaveGames/0/{GUID}/Players /pal/Saved/SaveGames/0/{GUID}/backup/world/1 /pal/Saved/Config
mkdir -p /pal/Saved/Logs /pal/Saved/.palserver-restore-0123/old/SaveGames; echo line >/pal/Saved/Logs/Pal.log
echo left >/pal/Saved/.palserver-restore-0123/old/SaveGames/Level.sav
cd /pal/Saved/SaveGames/0/{GUID}
printf '{SAVE}level' >Level.sav; printf '{SAVE}first' >Players/1.sav; printf 'old' >backup/world/1/Level.sav
printf 'ini' >../../../Config/설정.ini; chown 1000:1001 Level.sav; chmod 640 Level.sav
"""
HEADER = b"\5\0\0\0\5\0\0\0PlZ1"
WORLD_FILES = {
    f"Saved/SaveGames/0/{GUID}/Level.sav": HEADER + b"level",
    f"Saved/SaveGames/0/{GUID}/Players/1.sav": HEADER + b"first",
    "Saved/Config/설정.ini": b"ini",
}


@pytest.fixture
def containers(engine) -> Iterator[Containers]:
    containers = Containers(engine)
    yield containers
    containers.remove_all()


class Runner:
    """Runs bundled scripts for one container; `lines` is what the last one said."""

    def __init__(self, folder: Path, background: Background, containers: Containers) -> None:
        self.backups = folder / "server" / "backup"
        environ = {"PALSERVER_BASE_DIR": str(folder), **os.environ}
        self.scripts = Scripts(BUNDLED_SCRIPTS, build_environment(read_config(environ), environ), background)
        self.background = background
        self.container_name = containers.name("alpha")
        self.saved_path = SAVED_PATH
        self.job = Job("test", "alpha", "tester", lambda job: None, lambda job: None)

    @property
    def lines(self) -> list[str]:
        return list(self.job.output)

    def run(self, name: str, *words: str) -> None:
        instance = Instance(
            "alpha",
            self.container_name,
            "adopted",
            self.saved_path,
            "{}",
            None,
            None,
            None,
            "2026-01-01T00:00:00Z",
        )
        self.job = Job("test", "alpha", "tester", lambda job: None, lambda job: None)
        self.scripts.run(self.job, name, words, instance)

    def fail(self, name: str, *words: str) -> str:
        """Run a script that must fail; returns its last line."""
        with pytest.raises(errors.ScriptFailed):
            self.run(name, *words)
        return self.lines[-1]

    def cancel_at(self, beginning: str) -> None:
        """Cancel the next script as soon as it has said a line that begins like this."""
        before = self.job

        def wait() -> None:
            wait_until(lambda: self.job is not before, "the script was started")
            wait_until(lambda: any(line.startswith(beginning) for line in self.lines), beginning)
            self.job.cancelled.set()

        self.background.spawn("cancelling", wait)

    def list_backups(self) -> list[Path]:
        """Everything in the instance's backup folder."""
        return sorted((self.backups / "alpha").iterdir()) if self.backups.exists() else []

    def take_backup(self) -> tuple[Path, Manifest]:
        """The one backup there is; there must be nothing else."""
        (manifest,) = list_manifests(self.backups / "alpha")
        path = self.backups / "alpha" / manifest.archive
        assert set(self.list_backups()) == {path, path.with_name(f"{manifest.id}.json")}
        return path, manifest


@pytest.fixture
def runner(tmp_path, containers) -> Iterator[Runner]:
    background = Background()
    yield Runner(tmp_path, background, containers)
    background.stop()


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_files(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            member.name: content.read()
            for member in archive
            if (content := archive.extractfile(member)) is not None
        }


def make_world(containers: Containers, script: str = WORLD, **options: Any) -> Any:
    """A container that has made its world and ended."""
    container = containers.make("sh", "-ec", script, **options)
    container.start()
    assert container.wait()["StatusCode"] == 0
    return container


def test_a_backup_of_a_stopped_server(runner, containers):
    """Worlds and settings as they are, owners and modes included, and nothing that no restore would take.

    That is: no logs, nothing that a restore has left, none of the game's own copies inside of a world.
    """
    make_world(containers)
    runner.run("backup.sh", "alpha")
    path, manifest = runner.take_backup()
    assert re.fullmatch(r"\d{8}-\d{6}\.tar\.gz", path.name)
    assert {file.stat().st_mode & 0o777 for file in runner.list_backups()} == {0o600}
    assert read_files(path) == WORLD_FILES
    assert (manifest.consistent, manifest.reason) == (True, None)
    assert manifest.verified_at is not None
    assert (manifest.size_bytes, manifest.sha256) == (path.stat().st_size, hash_of(path.read_bytes()))
    assert {file.path: file.sha256 for file in manifest.files} == {
        name: hash_of(content) for name, content in WORLD_FILES.items()
    }
    with tarfile.open(path) as archive:
        assert all(name == "Saved" or name.startswith("Saved/") for name in archive.getnames())
        level = archive.getmember(f"Saved/SaveGames/0/{GUID}/Level.sav")
    assert (level.uid, level.gid, level.mode) == (1000, 1001, 0o640)
    assert runner.lines == [
        f"Reading {SAVED_PATH} of {runner.container_name}.",
        "Reading it back.",
        f"Wrote {path} (3 files, {path.stat().st_size / 1e6:.1f} MB).",
    ]


def test_a_backup_of_a_running_server(runner, containers):
    """It goes on running. Where nobody knows which world is the live one, that is said."""
    container = containers.make("sh", "-ec", f"{WORLD}touch /made; sleep 1000", stop_signal="SIGKILL")
    container.start()
    wait_until(lambda: container.exec_run("test -e /made").exit_code == 0, "the world is there")
    runner.run("backup.sh", "alpha")
    path, manifest = runner.take_backup()
    assert read_files(path) == WORLD_FILES
    assert (manifest.consistent, manifest.reason) == (False, NO_WORLD)
    container.reload()
    assert container.status == "running"


def test_a_save_folder_of_another_name_behind_a_link(runner, containers):
    """The members are called `Saved/…` whatever the folder is called, and a link is followed."""
    make_world(containers, WORLD + "mv /pal/Saved /pal/real; ln -s real /pal/Link")
    runner.saved_path = "/pal/Link"
    runner.run("backup.sh", "alpha")
    path, _ = runner.take_backup()
    assert read_files(path) == WORLD_FILES


GUID_WORLD = f"{WORLD}mkdir ../../../Config/LinuxServer\n" + (
    f"printf '{make_settings(GUID).decode()}' >../../../Config/LinuxServer/GameUserSettings.ini\n"
)


def test_settings_that_an_editor_has_written(runner, containers):
    """The live world is known as it is to a restore: in two bytes a letter, with blanks around the sign."""
    write = "import sys; sys.stdout.buffer.write(sys.argv[1].encode('utf-16'))"
    text = make_settings(GUID).decode().replace("=", " = ")
    world = f"""{GUID_WORLD}
python3 -c "{write}" "{text}" >../../../Config/LinuxServer/GameUserSettings.ini"""
    make_world(containers, world)
    runner.run("backup.sh", "alpha")
    path, manifest = runner.take_backup()
    assert manifest.world_guid == GUID
    with path.open("rb") as file:
        assert check_restorable(file, manifest).world_guid == GUID


@pytest.mark.parametrize("name", ["A.sav", "Z.sav", "같은　이름.sav", "-a b.sav"])
@pytest.mark.parametrize("target", ["Level.sav", "backup/world/1/Level.sav"])
def test_hard_links_are_files(runner, containers, name, target):
    """Whichever of the names comes first, also where the other one is in the game's own copies."""
    save = f"printf '{SAVE}level' >backup/world/1/Level.sav"
    make_world(containers, GUID_WORLD + f"{save}; ln -- {target} './{name}'")
    runner.run("backup.sh", "alpha")
    path, manifest = runner.take_backup()
    assert (manifest.consistent, manifest.reason) == (True, None)
    folder = f"Saved/SaveGames/0/{GUID}"
    assert {read_files(path)[f"{folder}/{each}"] for each in (name, "Level.sav")} == {HEADER + b"level"}
    with path.open("rb") as file:
        assert check_restorable(file, manifest).world_guid == GUID


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ("ln -s Level.sav other.sav", "other.sav'"),
        ("mkfifo pipe", "pipe'"),
        ("touch \"$(printf 'bad\\377name')\"", "bad\\udcffname'"),
        ("touch \"$(printf 'two\\nlines')\"", "two\\nlines'"),
        ("touch \"$(printf '\\033[2J')\"", "\\x1b[2J'"),
    ],
    ids=["a link", "a pipe", "another encoding", "two lines", "a terminal's order"],
)
def test_what_a_restore_would_refuse_is_left_out(runner, containers, more, shown):
    """The backup is told to lack it, and can be restored; elsewhere than in a world nobody misses it."""
    make_world(containers, f"{GUID_WORLD}{more}")
    runner.run("backup.sh", "alpha")
    path, manifest = runner.take_backup()
    assert manifest.consistent is False
    assert f"{shown}." in str(manifest.reason)
    with path.open("rb") as file:
        assert check_restorable(file, manifest).world_guid == GUID


def test_a_link_that_no_restore_would_touch(runner, containers):
    """Nothing is missing then."""
    make_world(containers, f"{GUID_WORLD}cd /pal/Saved; ln -s /dev/null Logs/x")
    runner.run("backup.sh", "alpha")
    path, manifest = runner.take_backup()
    assert (manifest.consistent, manifest.reason) == (True, None)
    with path.open("rb") as file:
        assert check_restorable(file, manifest).world_guid == GUID


def test_backups_in_the_same_second(runner, containers):
    """None takes the name of another."""
    make_world(containers)
    for _ in range(3):
        runner.run("backup.sh", "alpha")
    manifests = list_manifests(runner.backups / "alpha")
    assert len(manifests) == 3
    for manifest in manifests:
        assert read_files(runner.backups / "alpha" / manifest.archive) == WORLD_FILES


def test_an_ended_backup_leaves_nothing(runner, containers):
    """SIGTERM in the middle: no half archive, no temporary file."""
    make_world(containers, WORLD + "head -c 300000000 /dev/urandom >Huge.sav")
    runner.cancel_at("Reading")
    with pytest.raises(errors.Cancelled):
        runner.run("backup.sh", "alpha")
    assert runner.list_backups() == []


@pytest.mark.parametrize(
    ("world", "sentence"),
    [
        ("true", f"There is no {SAVED_PATH} in "),
        ("mkdir -p /pal/Saved/SaveGames/0", "The save folder is empty."),
        ("mkdir -p /pal; touch /pal/Saved", "The Docker Engine refused."),
    ],
    ids=["no folder", "no file", "no folder but a file"],
)
def test_what_cannot_be_backed_up(runner, containers, world, sentence):
    """It ends with one sentence, and with nothing in the backup folder."""
    make_world(containers, world)
    assert runner.fail("backup.sh", "alpha").startswith(sentence)
    assert runner.list_backups() == []


def test_no_container_and_no_folder(runner, containers):
    """Neither gives more than a sentence."""
    assert runner.fail("backup.sh", "alpha") == errors.ContainerMissing.sentence
    make_world(containers)
    (runner.backups / "alpha").rmdir()
    (runner.backups / "alpha").write_text("in the way")
    assert runner.fail("backup.sh", "alpha") == f"{runner.backups / 'alpha'}: File exists."


@pytest.mark.parametrize("words", [("../x",), ("alpha", "beta"), (), ("a\n",)])
def test_a_script_checks_its_words_itself(words, tmp_path):
    """People run them by hand, too."""
    script = [BUNDLED_SCRIPTS / "backup.sh", *words]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    ended = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert (ended.returncode, ended.stdout) == (1, "Usage: backup.sh INSTANCE\n")
    assert list(tmp_path.iterdir()) == []


def make_tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_an_archive_that_ends_too_early_is_no_backup(tmp_path):
    """Wherever it is cut, either every file is whole or the backup fails."""
    files = {f"Saved/SaveGames/{number}.sav": bytes(700 * number) for number in range(1, 4)}
    packed = make_tar(files)
    whole = len(packed.rstrip(b"\0"))
    for end in range(0, len(packed), 100):
        with (tmp_path / "cut.tar.gz").open("wb") as file:
            try:
                written = write_archive(iter([packed[:end]]), file)
            except (tarfile.TarError, Failed):
                continue
        assert end >= whole
        assert (len(written.files), read_files(tmp_path / "cut.tar.gz")) == (3, files)


def test_the_disk_is_not_filled(tmp_path):
    """Before each file there must be room for it, and some more for the game."""
    with (tmp_path / "x.tar.gz").open("wb") as file, pytest.raises(Failed, match="The disk is too full"):
        write_archive(iter([make_tar({"Saved/SaveGames/1.sav": b"1"})]), file, kept_free_bytes=10**18)


def test_memory_does_not_grow_with_the_world(tmp_path):
    """A file of 200 MB passes through in pieces, in both directions."""
    member = tarfile.TarInfo("Saved/SaveGames/Level.sav")
    member.size = 200 * 1024 * 1024
    piece = bytes(256 * 1024)
    pieces = [member.tobuf(), *([piece] * 800), bytes(10240)]
    tracemalloc.start()
    with (tmp_path / "x.tar.gz").open("wb") as file:
        written = write_archive(iter(pieces), file)
    with (tmp_path / "x.tar.gz").open("rb") as file:
        found = check_archive(file, written.sha256, written.files)
    assert (found.damages, found.faults) == ([], ["Saved/SaveGames/Level.sav is nothing but zeros."])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 8 * 1024 * 1024


@pytest.fixture
def client() -> Iterator[Engine]:
    client = Engine(os.environ)
    yield client
    client.close()


@pytest.fixture
def make_server(containers: Containers) -> Callable[..., Any]:
    """A running container of version 1 of an image of which version 2 is there, with a world on a volume."""
    one = containers.make_image("1", Env=["BUILD=1"])
    containers.make_image("2", Env=["BUILD=2"])
    volume = containers.make_volume("saved")

    def make_server(image: str = one, **options: Any) -> Any:
        server = containers.make(
            image=image,
            volumes=[f"{volume}:/pal/Saved"],
            restart_policy={"Name": "unless-stopped"},
            stop_signal="SIGKILL",
            environment={"OWN": "한국어"},
            **options,
        )
        server.start()
        server.exec_run("sh -c 'echo day 7 >/pal/Saved/Level.sav'")
        return server

    return make_server


def test_an_update_of_a_running_server(runner, containers, client, make_server):
    """A container of the new image runs under the old name with the old settings and the old world."""
    old = make_server()
    runner.run("update.sh", "2", "alpha")
    new = client.inspect(old.name)
    assert new["Id"] != old.id
    assert new["State"]["Status"] == "running"
    assert new["Config"]["Image"] == f"{containers.name('image')}:2"
    assert {"BUILD=2", "OWN=한국어"} <= set(new["Config"]["Env"])
    assert new["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert client.read_file(old.name, "/pal/Saved/Level.sav") == b"day 7\n"
    check_aside(containers, client, old)
    assert runner.lines[-1] == f"{old.name} is now {containers.name('image')}:2."


def check_aside(containers: Containers, client: Engine, old: Any) -> None:
    """The old container is kept, stopped and for good, so that it can be put back."""
    name, aside = containers.list_names()
    assert (name, re.fullmatch(rf"{name}-old-\d{{14}}", aside) is not None) == (old.name, True)
    kept = client.inspect(aside)
    assert kept["Id"] == old.id
    assert kept["State"]["Status"] == "exited"
    assert kept["HostConfig"]["RestartPolicy"]["Name"] == "no"


def test_an_update_of_a_stopped_server(runner, containers, client, make_server):
    """It stays stopped."""
    old = make_server()
    old.stop()
    runner.run("update.sh", "2", "alpha")
    assert client.inspect(old.name)["State"]["Status"] == "created"
    assert client.inspect(old.name)["Config"]["Image"].endswith(":2")
    check_aside(containers, client, old)


def test_an_update_of_a_paused_server(runner, client, make_server):
    """It can be stopped, and runs afterwards."""
    old = make_server()
    old.pause()
    runner.run("update.sh", "2", "alpha")
    assert client.inspect(old.name)["State"]["Status"] == "running"


def check_untouched(containers: Containers, client: Engine, old: Any) -> None:
    """The same container under its name with its policy, running; and no other one."""
    now = client.inspect(old.name)
    assert now["Id"] == old.id
    assert now["State"]["Status"] == "running"
    assert now["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert containers.list_names() == [old.name]
    assert client.read_file(old.name, "/pal/Saved/Level.sav") == b"day 7\n"


def test_a_version_that_does_not_stay_up(runner, containers, client, make_server):
    """The old container is put back and runs again."""
    containers.make_image("broken", Entrypoint=["false"])
    old = make_server()
    assert runner.fail("update.sh", "broken", "alpha").startswith("The new container does not stay up")
    assert "That did not work. The old container is as it was." in runner.lines
    check_untouched(containers, client, old)


def test_a_version_that_cannot_be_started(runner, containers, client, make_server):
    """What the engine refuses at the start is undone, too."""
    containers.make_image("broken", Entrypoint=["/no/such/file"])
    old = make_server()
    runner.fail("update.sh", "broken", "alpha")
    assert "That did not work. The old container is as it was." in runner.lines
    check_untouched(containers, client, old)


def test_an_update_that_is_ended_half_way(runner, containers, client, make_server, monkeypatch):
    """SIGTERM while the new container starts: the old one is put back first, if it is given the time."""
    monkeypatch.setattr(shell, "ENDINGS", ((signal.SIGTERM, 60.0),))
    old = make_server()
    runner.cancel_at("Starting")
    with pytest.raises(errors.Cancelled):
        runner.run("update.sh", "2", "alpha")
    check_untouched(containers, client, old)


def test_a_version_that_there_is_not(runner, containers, client, make_server):
    """Nothing is stopped for it."""
    old = make_server()
    started_at = client.inspect(old.name)["State"]["StartedAt"]
    assert runner.fail("update.sh", "3", "alpha") == errors.ImageMissing.sentence
    check_untouched(containers, client, old)
    assert client.inspect(old.name)["State"]["StartedAt"] == started_at


def test_the_version_that_runs_already(runner, containers, client, make_server):
    """Nothing is stopped for it either."""
    old = make_server()
    runner.run("update.sh", "1", "alpha")
    assert runner.lines == [f"It runs {containers.name('image')}:1 already."]
    check_untouched(containers, client, old)


def test_a_container_that_would_vanish_when_stopped(runner, containers, make_server):
    """With --rm, there would be nothing to go back to."""
    old = make_server(image=containers.name("image") + ":1")
    old.remove(force=True)
    gone = containers.make(image=containers.name("image") + ":1", auto_remove=True)
    gone.start()
    assert runner.fail("update.sh", "2", "alpha").startswith("The container was made with --rm")
    assert containers.list_names() == [gone.name]


def test_a_registry_is_asked_for_what_came_from_one(runner, containers, client):
    """A version is pulled; when the registry is gone, the local image of that name will do."""
    registry = Registry()
    try:
        one, two, three = (containers.keep_image(registry.add(tag, LABELS)) for tag in ("1", "2", "3"))
        for name in (one, three):
            containers.client.images.pull(name)
        containers.client.containers.create(one, name=runner.container_name)
        runner.run("update.sh", "2", "alpha")
        assert f"Pulling {two}." in runner.lines
        assert client.inspect(runner.container_name)["Config"]["Labels"]["tag"] == "2"
        assert runner.fail("update.sh", "4", "alpha") == errors.ImageMissing.sentence
    finally:
        registry.close()
    runner.run("update.sh", "3", "alpha")
    assert any(line.startswith("It cannot be pulled.") for line in runner.lines)
    assert client.inspect(runner.container_name)["Config"]["Labels"]["tag"] == "3"


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("palworld", "palworld"),
        ("palworld:1.0", "palworld"),
        ("me/palworld:1", "me/palworld"),
        ("registry:5000/me/palworld", "registry:5000/me/palworld"),
        ("registry:5000/me/palworld:1", "registry:5000/me/palworld"),
        ("me/palworld:1@sha256:abc", "me/palworld"),
        ("sha256:0123456789ab", "tagged"),
        ("0123456789ab", "tagged"),
    ],
)
def test_the_repository_of_an_image(reference, repository):
    """What is left without the tag; for a container made by an image's id, the image's first name."""
    image = {"Id": "sha256:0123456789abcdef", "RepoTags": ["tagged:9"], "RepoDigests": []}
    assert find_repository(reference, image) == repository


def test_an_image_without_a_name():
    """There can be no versions of it."""
    with pytest.raises(errors.ImageMissing):
        find_repository("sha256:0123", {"Id": "sha256:0123", "RepoTags": [], "RepoDigests": []})
