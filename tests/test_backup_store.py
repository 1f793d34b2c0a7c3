"""The backup folder: what counts as a backup, what a killed writer leaves, a disk that takes no more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from palserver.scripts import Failed
from palserver.scripts.archive import write_archive
from palserver.scripts.backup import claim_file
from palserver.services.backups.files import list_views, mend_folders
from palserver.services.backups.reasons import (
    BROKEN_SAVE,
    MOVED,
    NOT_AS_WRITTEN,
    NOT_SAVED,
    Reason,
    list_reasons,
    tell_left_out,
)
from palserver.services.backups.save_header import find_fault
from palserver.store import backups as store
from palserver.store.backups import (
    add_backup,
    find_manifest,
    list_manifests,
    mend_folder,
    remove_backup,
    set_manifest,
)
from tests.test_bundled_scripts import make_tar
from tests.test_retention import NOON, make_manifest

MANIFEST = make_manifest(NOON)
ARCHIVE, DESCRIPTION = MANIFEST.archive, f"{MANIFEST.id}.json"
PART, DESCRIPTION_PART = f".{ARCHIVE}.part", f".{DESCRIPTION}.part"


def list_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def add(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / PART).write_bytes(b"archive")
    add_backup(folder, MANIFEST, folder / PART)


def test_a_backup_is_an_archive_and_its_manifest(tmp_path):
    """Neither is one without the other."""
    add(tmp_path)
    assert list_names(tmp_path) == {ARCHIVE, DESCRIPTION}
    assert (tmp_path / DESCRIPTION).stat().st_mode & 0o777 == 0o600
    assert list_manifests(tmp_path) == [MANIFEST] == [find_manifest(tmp_path, MANIFEST.id)]
    (tmp_path / ARCHIVE).rename(tmp_path / "elsewhere")
    assert (list_manifests(tmp_path), find_manifest(tmp_path, MANIFEST.id)) == ([], None)


@pytest.mark.parametrize(
    "description",
    [
        b"",
        b"{}",
        b"\xff",
        msgspec.json.encode(msgspec.structs.replace(MANIFEST, format=2)),
        msgspec.json.encode(msgspec.structs.replace(MANIFEST, archive="../secret")),
        msgspec.json.encode(msgspec.structs.replace(MANIFEST, id="20260101-000000")),
    ],
)
def test_a_manifest_that_is_none(tmp_path, description):
    """It names no backup, and leads nowhere else."""
    (tmp_path / "alpha").mkdir()
    add(tmp_path / "alpha")
    (tmp_path / "alpha" / DESCRIPTION).write_bytes(description)
    assert list_manifests(tmp_path / "alpha") == []
    assert [(view.id, view.kind) for view in list_views(tmp_path, "alpha")] == [(ARCHIVE, "script")]


DEEP = b'{"more":' + b"[" * 100_000


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to(DESCRIPTION),
        lambda path: path.write_bytes(DEEP),
    ],
    ids=["folder", "pipe", "link to itself", "link to another", "deep"],
)
def test_what_bears_the_name_of_a_manifest(tmp_path, put):
    """Whatever it is, it is no backup, and the others are still listed."""
    (tmp_path / "alpha").mkdir()
    add(tmp_path / "alpha")
    put(tmp_path / "alpha" / "20250101-000000.json")
    assert [view.id for view in list_views(tmp_path, "alpha")] == [MANIFEST.id]


def test_an_archive_that_is_a_link_is_none_of_ours(tmp_path):
    """It could lead to any file of the host, and is not handed out."""
    add(tmp_path)
    (tmp_path / ARCHIVE).rename(tmp_path / "elsewhere")
    (tmp_path / ARCHIVE).symlink_to(tmp_path / "elsewhere")
    assert (list_manifests(tmp_path), find_manifest(tmp_path, MANIFEST.id)) == ([], None)


def test_the_backups_of_a_server_whose_name_is_anothers_and_a_date(tmp_path):
    """They are that server's, and no copy of the other's that could be removed there."""
    other = f"alpha-{NOON:%Y%m%d}"
    (tmp_path / other).mkdir()
    add(tmp_path / other)
    assert list_views(tmp_path, "alpha") == []
    assert [view.id for view in list_views(tmp_path, other)] == [MANIFEST.id]
    (tmp_path / "alpha-20250101").mkdir()
    assert [view.id for view in list_views(tmp_path, "alpha")] == ["alpha-20250101"]


def test_what_a_killed_writer_leaves_is_mended(tmp_path):
    """Whatever step it had got to: the whole backup, or nothing; and what is not ours stays."""
    add(tmp_path)
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    steps = [
        ({PART: b"half"}, set()),
        ({PART: b"archive", DESCRIPTION_PART: b"half"}, set()),
        ({ARCHIVE: b"archive", DESCRIPTION_PART: whole[DESCRIPTION]}, set(whole)),
        (whole | {DESCRIPTION_PART: b"half"}, set(whole)),
        ({DESCRIPTION: whole[DESCRIPTION]}, {DESCRIPTION}),
        ({"copy.zip": b"", ".hidden": b"", ".20260101-000000.zip.part": b""}, None),
    ]
    for left, expected in steps:
        for path in tmp_path.iterdir():
            path.unlink()
        for name, content in left.items():
            (tmp_path / name).write_bytes(content)
        mend_folder(tmp_path)
        assert list_names(tmp_path) == (set(left) if expected is None else expected)
    mend_folder(tmp_path / "not there")


def stop_after(steps: int) -> Callable[[Any], Any]:
    """Makes of a function one that is interrupted when so many calls of all of them have been made."""
    left = iter(range(steps))

    def stop(done: Any) -> Any:
        def do(path: Path, *arguments: Any, **options: Any) -> Any:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return done(path, *arguments, **options)

        return do

    return stop


def test_a_writer_that_is_told_to_end(tmp_path, monkeypatch):
    """At each step: the backup is whole, with its manifest, or nothing is left of it."""
    found = []
    for step in range(6):
        folder, stop = tmp_path / f"{step}", stop_after(step)
        folder.mkdir()
        with suppress(KeyboardInterrupt), claim_file(folder) as claim, monkeypatch.context() as patched:
            patched.setattr(Path, "replace", stop(Path.replace))
            patched.setattr(store, "sync_folder", stop(store.sync_folder))
            archive = f"{claim.id}.tar.gz"
            manifest = msgspec.structs.replace(MANIFEST, id=claim.id, archive=archive)
            add_backup(folder, manifest, Path(claim.file.name))
        found.append(list_manifests(folder))
        assert list_names(folder) == ({archive, f"{claim.id}.json"} if found[-1] else set())
    assert [len(each) for each in found] == [0, 1, 1, 1, 1, 1]


def test_a_removal_that_is_interrupted(tmp_path, monkeypatch):
    """At each step: it is whole, or no backup any more, nobody's copy, and gone when that is mended."""
    for step in range(4):
        stop = stop_after(step)
        add(tmp_path / "alpha")
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", stop(Path.replace))
            patched.setattr(Path, "unlink", stop(Path.unlink))
            with suppress(KeyboardInterrupt):
                remove_backup(tmp_path / "alpha", MANIFEST)
        views = list_views(tmp_path, "alpha")
        assert [view.id for view in views] == ([MANIFEST.id] if step == 0 else [])
        mend_folder(tmp_path / "alpha")
        assert list_names(tmp_path / "alpha") == ({ARCHIVE, DESCRIPTION} if step == 0 else set())
        remove_backup(tmp_path / "alpha", MANIFEST)
        remove_backup(tmp_path / "alpha", MANIFEST)


def test_what_a_kill_has_left_is_removed_at_the_next_start(tmp_path):
    """Half a pin, half a removal; nobody else's hidden files, nor what is being written."""
    folder, old = tmp_path / "alpha", (1.0, 1.0)
    gone = [folder / DESCRIPTION_PART, folder / ".copy.palserver-removed"]
    gone += [tmp_path / ".alpha-20250101.palserver-removed"]
    kept = [folder / ".copy.removed", tmp_path / ".beta-20250101.palserver-removed"]
    kept += [folder / ".20270101-000000.tar.gz.part"]
    add(folder)
    for path in (*gone, *kept):
        path.mkdir() if "removed" in path.name else path.write_bytes(b"half")
    os.utime(folder / DESCRIPTION_PART, old)
    mend_folders(tmp_path, "alpha", 2.0)
    assert [path.exists() for path in gone] == [False] * 3
    assert [path.exists() for path in kept] == [True] * 3
    assert [view.id for view in list_views(tmp_path, "alpha")] == [MANIFEST.id]


def test_a_manifest_is_replaced_whole(tmp_path):
    """And its archive is not touched."""
    add(tmp_path)
    changed = msgspec.structs.replace(MANIFEST, pinned=True)
    set_manifest(tmp_path, changed)
    assert list_manifests(tmp_path) == [changed]
    assert (tmp_path / ARCHIVE).read_bytes() == b"archive"


def test_other_files_are_listed_as_what_they_are(tmp_path):
    """Of a script's copies those of this server, by their folder or by their names, and no hidden ones."""
    alpha = tmp_path / "alpha"
    alpha.mkdir()
    add(alpha)
    for name in ("copy.zip", ".hidden", "with space", DESCRIPTION.replace("2026", "2025")):
        (alpha / name).touch()
    for name in ("alpha-20260101-1200", "alpha-2-20260101-1200", "alphabet-20260101", "alpha-notes", "other"):
        (tmp_path / name).mkdir()
    assert {view.id for view in list_views(tmp_path, "alpha")} == {
        MANIFEST.id,
        "copy.zip",
        "alpha-20260101-1200",
    }
    assert list_views(tmp_path / "not there", "alpha") == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kept_free_bytes", [0, 1024 * 1024])
def test_a_full_disk(small_disk, kept_free_bytes):
    """Whether there was no room to begin with or it ran out: a sentence, and nothing is left."""
    files = {f"Saved/SaveGames/{number}.sav": bytes(300_000) for number in range(4)}
    with pytest.raises((Failed, OSError), match=r"too full|No space"), claim_file(small_disk) as claim:
        write_archive(iter([make_tar(files)]), claim.file, kept_free_bytes)
    assert list_names(small_disk) == set()


def test_a_disk_that_cannot_be_written(small_disk):
    """The reason is the system's own."""
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(OSError, match="Read-only file system"), claim_file(small_disk):
        pass


SAVE = b"\x05\0\0\0\x05\0\0\0PlZ1hello"
ONCE_MORE = b"\0\0\0\0\0\0\0\0CNK1" + SAVE


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (SAVE, None),
        (SAVE.replace(b"PlZ1", b"PlM1"), None),
        (ONCE_MORE, None),
        (SAVE[:-2].replace(b"PlZ1", b"PlZ2"), None),
        (SAVE + b"more", None),
        (SAVE[:-1], "is shorter than its header says"),
        (ONCE_MORE[:-1], "is shorter than its header says"),
        (SAVE[:12].replace(b"PlZ1", b"PlZ2"), "is shorter than its header says"),
        (SAVE[:11], "ends before its header does"),
        (ONCE_MORE[:20], "ends before its header does"),
        (b"", "is empty"),
        (bytes(1000), "is nothing but zeros"),
        (SAVE.replace(b"PlZ1", b"PlZ0"), "does not begin like a save"),
        (b"GVAS" + SAVE, "does not begin like a save"),
        (bytes(4) + SAVE[4:], "is empty by its own header"),
        (SAVE[:4] + bytes(4) + SAVE[8:], "is empty by its own header"),
    ],
)
def test_the_header_of_a_save(content, fault):
    """Zlib or Oodle, once or twice, in a chunk or not; and the ways in which a file is broken."""
    assert find_fault(content[:24], len(content)) == fault
    path = "Saved/SaveGames/0/A. B is/Level.sav"
    told = [] if fault is None else [Reason(BROKEN_SAVE, {"file": path})]
    assert list(list_reasons(fault and f"{path} {fault}.")) == told


def test_the_reasons_of_a_manifest_have_keys():
    """Each sentence has one, wherever it stands; what nobody knows keeps its words."""
    faults = [f"Saved/{name}.sav is empty." for name in ("one", "two")]
    text = " ".join([NOT_SAVED, MOVED, *faults, "Something else.", NOT_AS_WRITTEN])
    assert list_reasons(text) == (
        Reason("not_saved"),
        Reason("moved"),
        Reason("not_as_written"),
        Reason("broken_save", {"file": "Saved/one.sav"}),
        Reason("broken_save", {"file": "Saved/two.sav"}),
        Reason("other", {"sentence": "Something else."}),
    )
    missed = tell_left_out(["Saved/SaveGames/0/A/a link", "Saved/SaveGames/0/A/two\nlines"])
    assert list_reasons(f"{MOVED} {missed}") == (
        Reason("left_out", {"files": r"'Saved/SaveGames/0/A/a link', 'Saved/SaveGames/0/A/two\nlines'"}),
        Reason("moved"),
    )
    assert list_reasons(None) == ()
