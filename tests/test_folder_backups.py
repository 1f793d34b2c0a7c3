"""Facts about backups that are folders: listed, sized, verified, restored, and left as they are."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import docker
import pytest
import requests

from palserver.errors import ArchiveUnsafe, BackupForeign, BackupReadOnly
from palserver.services.backups import files as backup_files
from palserver.services.backups.archives import check_archive
from palserver.services.backups.backups import Backups
from palserver.services.backups.folder_records import list_differences, make_record
from palserver.services.backups.folder_sizes import FolderSizes
from palserver.services.backups.folder_tar import FolderTar
from palserver.store import folder_backups
from palserver.store.backups import BackupFile
from palserver.store.folder_backups import find_folder, read_stamp
from tests.made_backups import GUID, make_files, make_save
from tests.old_house import Images, OldHouse
from tests.old_tree import STAMP, OldTree, look_at
from tests.panel import Panel
from tests.waiting import wait_until


@pytest.fixture
def tree(tmp_path: Path) -> OldTree:
    return OldTree(tmp_path / "ent")


def get_folder(tree: OldTree, name: str = "alpha") -> folder_backups.FolderBackup:
    folder = find_folder(tree.backups, name, f"{name}-{STAMP}")
    assert folder is not None
    return folder


class TestReading:
    """Without a panel."""

    def test_as_an_archive_it_passes_the_same_checks(self, tree):
        """The tar of it is one that our own checks take; the game's nested copies are not in it."""
        files = make_files()
        tree.add_backup("alpha", files={**files, f"Saved/SaveGames/0/{GUID}/backup/world/old/Level.sav": b""})
        folder = get_folder(tree)
        tar = FolderTar(folder.root)
        tar.read_all()
        record = make_record("alpha", folder, tar.files)
        assert {file.path for file in record.files} == files.keys()
        checked = check_archive(cast("IO[bytes]", tar), record)
        assert (checked.world_guid, record.world_guid) == (GUID, GUID)

    @pytest.mark.parametrize("place", ["alpha", "Saved", "alpha/Saved", "."])
    def test_where_the_save_folder_is(self, tree, place):
        """The old scripts have put it in different places over the years."""
        folder = tree.backups / f"alpha-{STAMP}"
        tree.write_files(folder / place, make_files())
        assert get_folder(tree).root == (folder / place)

    def test_what_is_no_save_folder(self, tree):
        """An empty folder, a file, a link, another server's."""
        (tree.backups / f"alpha-{STAMP}").mkdir()
        assert find_folder(tree.backups, "alpha", f"alpha-{STAMP}") is None
        tree.add_backup("beta")
        assert find_folder(tree.backups, "alpha", f"beta-{STAMP}") is None
        (tree.backups / "alpha-20251210-0000").symlink_to(tree.backups / f"beta-{STAMP}")
        assert find_folder(tree.backups, "alpha", "alpha-20251210-0000") is None

    def test_links_and_devices(self, tree, tmp_path):
        """Nothing outside of it is ever read."""
        folder = tree.add_backup("alpha")
        (tmp_path / "secret").write_text("secret")
        (folder / "alpha" / "SaveGames" / "link.sav").symlink_to(tmp_path / "secret")
        with pytest.raises(ArchiveUnsafe):
            FolderTar(get_folder(tree).root).read_all()
        (folder / "alpha" / "SaveGames" / "link.sav").unlink()
        os.mkfifo(folder / "alpha" / "SaveGames" / "pipe")
        with pytest.raises(ArchiveUnsafe):
            FolderTar(get_folder(tree).root).read_all()

    def test_in_pieces_and_again(self, tree):
        """However it is read, it is the same; nothing but its beginning can be gone back to."""
        tree.add_backup("alpha")
        tar = FolderTar(get_folder(tree).root)
        whole = tar.read()
        tar.seek(0)
        assert b"".join(iter(lambda: tar.read(100), b"")) == whole
        with pytest.raises(io.UnsupportedOperation):
            tar.seek(5)

    def test_its_size_is_known_beforehand(self, tree):
        """To the byte, also with names that a plain header has no room for."""
        folder = tree.add_backup(
            "alpha", files={**make_files(), f"Saved/SaveGames/{'친구' * 30}/x": b"12345"}
        )
        tar = FolderTar(get_folder(tree).root, notes=False)
        assert tar.measure() == len(tar.read())
        assert (tar.files, tar.faults) == ([], [])
        (folder / "alpha" / "SaveGames" / "link").symlink_to("/etc/passwd")
        with pytest.raises(ArchiveUnsafe):
            tar.measure()

    def test_saves_that_are_none(self, tree):
        """Each is named."""
        files = {**make_files(), f"Saved/SaveGames/0/{GUID}/Level.sav": b"\0" * 100}
        tree.add_backup("alpha", files=files)
        tar = FolderTar(get_folder(tree).root)
        tar.read_all()
        assert tar.faults == [f"Saved/SaveGames/0/{GUID}/Level.sav is nothing but zeros."]

    def test_differences(self, tree):
        """What has changed, what is gone, what has come."""
        tree.add_backup("alpha")
        files = (BackupFile("Saved/a", 1, "x"), BackupFile("Saved/b", 1, "x"))
        record = make_record("alpha", get_folder(tree), files)
        now = (BackupFile("Saved/b", 1, "y"), BackupFile("Saved/c", 1, "x"))
        assert list_differences(record, now) == [
            "Saved/a is missing.",
            "Saved/b has changed.",
            "Saved/c was not there.",
        ]

    def test_times_in_names(self):
        """With minutes, with seconds, with the day alone; what is none is none."""
        for name, wanted in (
            ("alpha-20251209-1530", "20251209 153000"),
            ("al-pha-20251209-153012", "20251209 153012"),
            ("alpha_20251209", "20251209 000000"),
        ):
            stamp = read_stamp(name)
            assert stamp is not None
            assert f"{stamp.astimezone():%Y%m%d %H%M%S}" == wanted
        assert read_stamp("alpha-20259999-1530") is None
        assert read_stamp("alpha") is None

    def test_a_size_is_measured_once(self, tree, monkeypatch):
        """What lies still is not walked again at each listing."""
        folder = tree.add_backup("alpha")
        monkeypatch.setattr(time, "time", lambda: folder.stat().st_ctime + 3600)
        sizes = FolderSizes()
        size_bytes = sizes.find(folder)
        assert size_bytes == sum(len(content) for content in make_files().values())
        monkeypatch.setattr(os, "scandir", None)
        assert sizes.find(folder) == size_bytes
        assert sizes.find(tree.backups / "missing") is None

    def test_removal_asks(self, tree):
        """Without the word that confirms it nothing is removed; what begins like it stays in any case."""
        tree.add_backup("alpha")
        tree.add_backup("alpha", "20251210-1530")
        backups = Backups(tree.backups)
        with pytest.raises(BackupForeign, match="confirm=1"):
            backups.remove("alpha", f"alpha-{STAMP}")
        backups.remove("alpha", f"alpha-{STAMP}", is_confirmed=True)
        assert [path.name for path in tree.backups.iterdir()] == ["alpha-20251210-1530"]
        backups.stop()

    def test_a_tree_that_is_read_only_for_us(self, tree, monkeypatch):
        """The error says so, and the copy is whole."""
        folder = tree.add_backup("alpha")

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "rename", refuse)
        with pytest.raises(BackupReadOnly):
            backup_files.remove_backup(tree.backups, "alpha", folder.name, True)
        monkeypatch.setattr(os, "scandir", refuse)
        monkeypatch.undo()
        assert folder.is_dir()


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    images = Images(engine)
    images.make(1)
    yield images
    images.remove_all()


@pytest.fixture
def house(
    engine: docker.DockerClient, images: Images, make_panel: Callable[..., Panel], tmp_path: Path
) -> Iterator[OldHouse]:
    house = OldHouse(engine, tmp_path / "ent", images.version(1), make_panel)
    house.run_compose("up", "-d")
    house.wait_until_ready()
    house.start()
    wait_until(lambda: house.view()["game"]["status"] == "ready", "the game is found")
    yield house
    house.close()


def list_backups(house: OldHouse) -> dict[str, Any]:
    listed = house.panel.get(f"{house.path}/backups")["backups"]
    return {backup["id"]: backup for backup in listed}


def read_world(house: OldHouse) -> dict[str, bytes]:
    """The files of the worlds as they lie in the instance's folder."""
    worlds = house.saved / "SaveGames"
    return {str(path.relative_to(worlds)): path.read_bytes() for path in worlds.rglob("*.sav")}


def test_their_script_makes_it_ours_restores_it(house):
    """A folder by the old backup.sh is listed, verified, previewed and restored like an archive."""
    result = house.succeed("backup", {"note": "before"})
    (backup_id,) = [path.name for path in house.tree.backups.iterdir() if path.name.startswith(house.name)]
    assert (result["copies"], result["backup"], result["saved"]) == (1, backup_id, True)
    listed = list_backups(house)[backup_id]
    assert (listed["kind"], listed["sha256"], listed["consistent"]) == ("script", None, None)
    assert listed["verified_at"] is not None
    assert listed["actions"] == ["download", "verify", "preview", "restore", "remove"]
    folder = house.tree.backups / backup_id
    assert listed["size_bytes"] == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    download(house, backup_id, folder / house.name)
    before, then = look_at(folder), read_world(house)
    house.succeed("stop")
    (level,) = house.saved.glob("SaveGames/0/*/Level.sav")
    owner = (level.stat().st_uid, level.stat().st_gid)
    level.write_bytes(make_save(b"of another time"))
    preview = house.panel.get(f"{house.path}/backups/{backup_id}/preview")
    assert f"Saved/{level.relative_to(house.saved)}" in preview["changed"]
    assert preview["world_guid"] == level.parent.name
    # A folder of this very minute is not copied into: it could be the one that is to be restored.
    minute = house.tree.backups / f"{house.name}-{datetime.now().astimezone():%Y%m%d-%H%M}"
    (minute / house.name).mkdir(parents=True, exist_ok=True)
    result = house.succeed(f"backups/{backup_id}/restore")
    assert result["world_guid"] == level.parent.name
    assert result["safety_copy"] in list_backups(house)
    assert read_world(house).keys() == then.keys()
    assert (level.stat().st_uid, level.stat().st_gid) == owner
    assert look_at(folder) == before


def download(house: OldHouse, backup_id: str, root: Path) -> None:
    """It is a tar as an archive of ours holds, of the size that was announced."""
    answer = house.panel.call("GET", f"{house.path}/backups/{backup_id}/download")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(answer.content)))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{backup_id}.tar"'
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        files = [member for member in archive if member.isfile()]
        assert files
        for member in files:
            content = archive.extractfile(member)
            assert content is not None
            assert content.read() == (root / member.name.removeprefix("Saved/")).read_bytes()


def test_what_cannot_be_downloaded(house):
    """A link in it is an error before anything is sent; what changes on the way is not taken for whole."""
    folder = house.tree.add_backup(house.name)
    address = f"{house.path}/backups/{folder.name}/download"
    large = folder / house.name / "SaveGames" / "0" / GUID / "large.sav"
    large.write_bytes(bytes(64 * 1024 * 1024))
    with house.panel.call("GET", address, stream=True) as answer:
        assert answer.status_code == 200
        os.truncate(large, 32 * 1024 * 1024)
        with pytest.raises(requests.RequestException):
            for _ in answer.iter_content(1024 * 1024):
                pass
    assert house.panel.call("GET", address).status_code == 200
    (folder / house.name / "link").symlink_to("/etc/passwd")
    answer = house.panel.call("GET", address)
    assert (answer.status_code, answer.json()["key"]) == (409, "archive_unsafe")


def test_a_copy_that_we_may_not_read(house):
    """It is listed, its error says why nothing can be done with it, and the others are as usual."""
    folder = house.tree.add_backup(house.name)
    other = house.tree.add_backup(house.name, "20251210-1530")
    inner = folder / house.name / "SaveGames"
    house.panel.stop()
    # As root, but without root's right to read everything: the folder is another user's alone.
    taken = "-dac_override,-dac_read_search"
    house.panel.command = ("setpriv", f"--bounding-set={taken}", f"--inh-caps={taken}", sys.executable)
    for path, mode in ((folder, 0o755), (folder / house.name, 0o755), (inner, 0o700)):
        os.chown(path, 1000, 1000)
        path.chmod(mode)
    house.start()
    for what in ("verify", "restore"):
        job = house.run(f"backups/{folder.name}/{what}")
        assert job["state"] == "failed", what
        assert "may not read all of this copy" in house.read_output(job), what
    for what in ("preview", "download"):
        answer = house.panel.call("GET", f"{house.path}/backups/{folder.name}/{what}")
        assert (answer.status_code, answer.json()["key"]) == (409, "backup_unreadable"), what
    folder.chmod(0o700)  # not even whether there is a world in it is to be seen
    assert list_backups(house)[folder.name]["actions"] == ["remove"]
    assert list_backups(house)[folder.name]["size_bytes"] is None
    answer = house.panel.call("POST", f"{house.path}/backups/{folder.name}/restore")
    assert (answer.status_code, answer.json()["key"]) == (409, "backup_unreadable")
    assert house.run(f"backups/{other.name}/verify")["state"] == "succeeded"
    assert house.view()["state"] == "running"


def test_folders_of_before_we_came(house):
    """They are there, with the time in their names; once verified, a change in one is noticed and named."""
    folder = house.tree.add_backup(house.name)
    listed = list_backups(house)[folder.name]
    stamp = read_stamp(folder.name)
    assert stamp is not None
    assert (listed["created_at"], listed["verified_at"]) == (f"{stamp:%Y-%m-%dT%H:%M:%S}.000Z", None)
    before = look_at(folder)
    assert house.run(f"backups/{folder.name}/verify")["state"] == "succeeded"
    assert list_backups(house)[folder.name]["world_guid"] == GUID
    assert look_at(folder) == before
    assert house.succeed(f"backups/{folder.name}/verify")["verified_at"]
    level = folder / house.name / "SaveGames" / "0" / GUID / "Level.sav"
    level.write_bytes(make_save(b"day 8"))
    job = house.run(f"backups/{folder.name}/verify")
    assert job["error"]["key"] == "backup_broken"
    assert "Level.sav has changed." in house.read_output(job)
    assert list_backups(house)[folder.name]["verified_at"] is None
    assert [reason["key"] for reason in list_backups(house)[folder.name]["reasons"]] == ["not_as_written"]
    job = house.run(f"backups/{folder.name}/restore")
    assert job["error"]["key"] in ("archive_broken", "archive_differs")
    assert house.view()["state"] == "running"


def test_a_folder_with_a_broken_save(house):
    """It is not called verified, and is not restored."""
    files = {**make_files(), f"Saved/SaveGames/0/{GUID}/Level.sav": b""}
    folder = house.tree.add_backup(house.name, files=files)
    job = house.run(f"backups/{folder.name}/verify")
    assert (job["error"]["key"], list_backups(house)[folder.name]["verified_at"]) == ("backup_broken", None)
    assert house.run(f"backups/{folder.name}/restore")["error"]["key"] == "save_broken"
    assert house.view()["state"] == "running"


def test_what_cannot_be_done_with_one(house):
    """Nothing can be noted beside it, it is removed only on confirmation, and never by retention."""
    folder = house.tree.add_backup(house.name)
    empty = house.tree.backups / f"{house.name}-20251208-0000"
    empty.mkdir()
    assert list_backups(house)[empty.name]["actions"] == ["remove"]
    address = f"{house.path}/backups/{folder.name}"
    for method, path, body in (
        ("PATCH", address, {"pinned": True}),
        ("GET", f"{address}/manifest", None),
        ("DELETE", address, None),
        ("POST", f"{house.path}/backups/{empty.name}/verify", None),
        ("POST", f"{house.path}/backups/{empty.name}/restore", None),
    ):
        answer = house.panel.call(method, path, body)
        assert (answer.status_code, answer.json()["key"]) == (409, "backup_foreign"), path
    assert house.panel.call("DELETE", f"{address}?confirm=1").status_code == 204
    assert not folder.exists()
    assert folder.name not in list_backups(house)


def test_a_minute_that_ends_before_the_script_looks_at_the_clock(house):
    """The folder that it makes then is the backup, not the one of the minute in which that was ordered."""
    first = house.succeed("backup", {})["backup"]
    script = house.tree.folder / "cmm" / "controllers" / "backup.sh"
    script.write_text(script.read_text().replace("$(date ", "$(date -d '1 minute' "))
    second = house.succeed("backup", {})
    assert (second["copies"], second["backup"] > first) == (1, True)
    assert list_backups(house)[second["backup"]]["verified_at"] is not None


def test_two_in_one_minute(house):
    """The old script copies the second into the folder of the first: it is noted anew, and stays verified."""
    house.succeed("backup", {})
    (folder,) = [path for path in house.tree.backups.iterdir() if path.name.startswith(house.name)]
    (folder / house.name / "SaveGames" / "late.txt").write_text("copied later")
    house.succeed("backup", {})
    newest = max(list_backups(house).values(), key=lambda each: each["created_at"])
    assert newest["verified_at"] is not None
    assert house.run(f"backups/{newest['id']}/verify")["state"] == "succeeded"
