"""What a backup that is a folder holds: read at first sight, written down, held against it from then on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from palserver.clock import format_time
from palserver.services.backups.folder_tar import FolderTar
from palserver.services.backups.worlds import SETTINGS_FILES, find_world_guid
from palserver.services.restores.previews import find_only_world
from palserver.store import folder_backups
from palserver.store.backups import BackupFile, Manifest
from palserver.store.folder_backups import FolderBackup

MAX_SETTINGS_BYTES = 1024 * 1024


def get_record(backups: Path, instance: str, folder: FolderBackup) -> Manifest:
    """The one that there is, else one that is made now: all is read for it. Raises as FolderTar does."""
    record = folder_backups.find_record(backups, instance, folder.id)
    if record is None:
        tar = FolderTar(folder.root)
        tar.read_all()
        record = make_record(instance, folder, tar.files)
        folder_backups.set_record(backups, record)
    return record


def make_record(instance: str, folder: FolderBackup, files: Iterable[BackupFile]) -> Manifest:
    """There is no file whose SHA-256 could be known: each in it has its own."""
    files = tuple(files)
    return Manifest(
        id=folder.id,
        instance=instance,
        archive=f"{folder.id}.tar",
        created_at=find_time(folder.path),
        kind="script",
        size_bytes=sum(file.size_bytes for file in files),
        sha256="",
        consistent=True,
        reason=None,
        world_guid=_find_guid(folder.root) or find_only_world(files),
        game_version=None,
        image=None,
        note=None,
        pinned=False,
        verified_at=None,
        files=files,
    )


def list_differences(record: Manifest, files: Iterable[BackupFile]) -> list[str]:
    """Sentences about what is not as it was at first sight."""
    then, now = ({file.path: file for file in each} for each in (record.files, files))
    missing = [f"{path} is missing." for path in then.keys() - now.keys()]
    added = [f"{path} was not there." for path in now.keys() - then.keys()]
    changed = [f"{path} has changed." for path in then.keys() & now.keys() if then[path] != now[path]]
    return sorted(missing + added + changed)


def find_time(path: Path) -> str:
    """When it was made: as its name says, else as its file system does. Raises OSError."""
    moment = folder_backups.read_stamp(path.name)
    return format_time(moment or datetime.fromtimestamp(path.lstat().st_mtime, UTC))


def _find_guid(root: Path) -> str | None:
    for path in (root / name for name in SETTINGS_FILES):
        if path.is_file() and path.stat().st_size <= MAX_SETTINGS_BYTES:
            guid = find_world_guid(path.read_bytes())
            if guid is not None:
                return guid
    return None
