"""The backup folder: for each instance a folder of archives, each with a manifest of the same name beside it.

A manifest is written last and whole, so that an archive without one is none of ours, or was never finished.
"""

from __future__ import annotations

import math
import os
import re
from contextlib import suppress
from pathlib import Path

import msgspec

FORMAT = 1
KINDS = ("manual", "scheduled", "pre_update", "pre_restore", "script")
ID = r"\d{8}-\d{6}"  # the time in UTC at which it was begun
ANY_ID = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"  # also the name of a copy that is not ours
SUFFIX = ".tar.gz"
TEMPORARY = rf"\.({ID})(\.json|\.tar\.gz)\.part"


class BackupFile(msgspec.Struct, frozen=True):
    """A regular file in the archive; `path` begins with `Saved/`."""

    path: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What is known of an archive. `sha256` is that of the archive's file; None is what is not known.

    Of a backup that is a folder `sha256` is empty: there is no such file.

    `consistent` is false where the world may have changed while it was read, for the `reason` given.
    """

    id: str
    instance: str
    archive: str
    created_at: str
    kind: str
    size_bytes: int
    sha256: str
    consistent: bool
    reason: str | None
    world_guid: str | None
    game_version: str | None
    image: str | None
    note: str | None
    pinned: bool
    verified_at: str | None
    files: tuple[BackupFile, ...]
    format: int = FORMAT


def list_manifests(folder: Path) -> list[Manifest]:
    """Those of one instance's folder whose archive is there, the newest first. Raises OSError."""
    if not folder.is_dir():
        return []
    found = (read_manifest(path) for path in sorted(folder.glob("*.json"), reverse=True))
    return [manifest for manifest in found if manifest and is_plain_file(folder / manifest.archive)]


def holds_backups(folder: Path) -> bool:
    """Whether an instance's backups lie there. False where that cannot be seen."""
    try:
        return any(re.fullmatch(rf"{ID}\.json", path.name) for path in folder.iterdir())
    except OSError:
        return False


def find_manifest(folder: Path, backup_id: str) -> Manifest | None:
    """`backup_id` matches ID. Raises OSError."""
    manifest = read_manifest(folder / f"{backup_id}.json")
    return manifest if manifest and is_plain_file(folder / manifest.archive) else None


def set_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all, for good. Raises OSError."""
    _prepare_manifest(folder, manifest).replace(folder / f"{manifest.id}.json")
    sync_folder(folder)


def add_backup(folder: Path, manifest: Manifest, temporary: Path) -> None:
    """Give the archive that lies whole at `temporary` its name, and then its manifest. Raises OSError."""
    prepared = _prepare_manifest(folder, manifest)
    temporary.replace(folder / manifest.archive)
    sync_folder(folder)
    prepared.replace(folder / f"{manifest.id}.json")
    sync_folder(folder)


def mend_folder(folder: Path, before: float = math.inf) -> None:
    """Remove what writers that were killed have left; no other may be at work there. Raises OSError.

    An archive that has its name and lacks only its manifest, which was whole before, gets it. One that was
    being removed goes, with its manifest. What was written at the time `before` or later is left alone.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        found = re.fullmatch(TEMPORARY, path.name)
        if found is not None and _is_older(path, before):
            _mend(path, found[1], found[2])


def mend_backup(folder: Path, backup_id: str) -> None:
    """As `mend_folder`, of this one only: by its writer, whatever step he had got to. Raises OSError."""
    for suffix in (".json", SUFFIX):
        path = folder / f".{backup_id}{suffix}.part"
        if path.exists():
            _mend(path, backup_id, suffix)


def _mend(path: Path, backup_id: str, suffix: str) -> None:
    manifest = path.with_name(f"{backup_id}.json")
    has_archive = path.with_name(f"{backup_id}{SUFFIX}").exists()
    if suffix == ".json" and has_archive and not manifest.exists():
        path.replace(manifest)
        return
    if suffix == SUFFIX and not has_archive:
        manifest.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.lstat().st_mtime < moment
    except FileNotFoundError:  # whoever has made it is there, and has done with it
        return False


def remove_backup(folder: Path, manifest: Manifest) -> None:
    """The archive loses its name first: what an interrupted removal leaves is no backup, nor anybody else's.

    Raises OSError.
    """
    going = folder / f".{manifest.id}{SUFFIX}.part"
    with suppress(FileNotFoundError):
        (folder / manifest.archive).replace(going)
    (folder / f"{manifest.id}.json").unlink(missing_ok=True)
    going.unlink(missing_ok=True)


def list_others(folder: Path, manifests: list[Manifest]) -> list[Path]:
    """What lies there and is no part of one of these backups, by name. Raises OSError."""
    ours = {manifest.archive for manifest in manifests}
    return [
        path
        for path in (sorted(folder.iterdir()) if folder.is_dir() else [])
        if path.name not in ours and not re.fullmatch(rf"\..*|{ID}\.json", path.name)
    ]


def sync_folder(folder: Path) -> None:
    """Have the names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prepare_manifest(folder: Path, manifest: Manifest) -> Path:
    temporary = folder / f".{manifest.id}.json.part"
    descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    return temporary


def is_plain_file(path: Path) -> bool:
    """We write no links, and one could lead anywhere; who opens a pipe waits for ever. Raises OSError."""
    return not path.is_symlink() and path.is_file()


def read_manifest(path: Path) -> Manifest | None:
    """None where there is none, or it is not one of ours. Raises OSError."""
    if not is_plain_file(path):
        return None
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, PermissionError, RecursionError, msgspec.DecodeError):
        return None
    is_ours = (
        manifest.format == FORMAT
        and manifest.id == path.stem
        and Path(manifest.archive).name == manifest.archive
    )
    return manifest if is_ours else None
