"""The backup folder: what counts as a backup, what a killed writer leaves, a disk that takes no more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from palserver.scripts import Failed
from palserver.scripts.archive import write_archive
from palserver.scripts.backup import claim_file
from palserver.services.backup_files import list_views
from palserver.services.save_header import find_fault
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


def test_a_removal_begins_with_the_manifest(tmp_path):
    """So that what is interrupted is no backup any more; and it may be done again."""
    add(tmp_path)
    (tmp_path / DESCRIPTION).unlink()
    remove_backup(tmp_path, MANIFEST)
    remove_backup(tmp_path, MANIFEST)
    assert list_names(tmp_path) == set()


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
    files = {f"Saved/{number}.sav": bytes(300_000) for number in range(4)}
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
    ],
)
def test_the_header_of_a_save(content, fault):
    """Zlib or Oodle, once or twice, in a chunk or not; and the ways in which a file is broken."""
    assert find_fault(content[:24], len(content)) == fault
