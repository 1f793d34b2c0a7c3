"""The backup folder: for each instance a folder of archives, each with a manifest of the same name beside it.

A manifest is written last and whole, so that an archive without one is none of ours, or was never finished.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

FORMAT = 1
KINDS = ("manual", "scheduled", "pre_update", "pre_restore", "script")
ID = r"\d{8}-\d{6}"  # the time in UTC at which it was begun
SUFFIX = ".tar.gz"
TEMPORARY = rf"\.({ID})(\.json|\.tar\.gz)\.part"


class BackupFile(msgspec.Struct, frozen=True):
    """A regular file in the archive; `path` begins with `Saved/`."""

    path: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What is known of an archive. `sha256` is that of the archive's file; None is what is not known.

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
    found = (_read(path) for path in sorted(folder.glob("*.json"), reverse=True))
    return [manifest for manifest in found if manifest and (folder / manifest.archive).is_file()]


def find_manifest(folder: Path, backup_id: str) -> Manifest | None:
    """`backup_id` matches ID. Raises OSError."""
    manifest = _read(folder / f"{backup_id}.json")
    return manifest if manifest and (folder / manifest.archive).is_file() else None


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


def mend_folder(folder: Path) -> None:
    """Remove what writers that were killed have left; no other may be at work there. Raises OSError.

    An archive that has its name and lacks only its manifest, which was whole before, gets it.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        found = re.fullmatch(TEMPORARY, path.name)
        if found is None:
            continue
        manifest = folder / f"{found[1]}.json"
        if found[2] == ".json" and (folder / f"{found[1]}{SUFFIX}").exists() and not manifest.exists():
            path.replace(manifest)
        else:
            path.unlink(missing_ok=True)


def remove_backup(folder: Path, manifest: Manifest) -> None:
    """The manifest goes first: what an interrupted removal leaves is no backup any more. Raises OSError."""
    (folder / f"{manifest.id}.json").unlink(missing_ok=True)
    (folder / manifest.archive).unlink(missing_ok=True)


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


def _read(path: Path) -> Manifest | None:
    """None where there is none, or it is not one of ours."""
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    is_ours = (
        manifest.format == FORMAT
        and manifest.id == path.stem
        and Path(manifest.archive).name == manifest.archive
    )
    return manifest if is_ours else None
