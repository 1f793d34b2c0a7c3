"""The backup folder as the API shows it: ours with their manifests, and what an operator's script left there.

Every function here waits for the disk. Those that take an id raise BackupNotFound, and BackupForeign where it
is a copy that is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from palserver import errors
from palserver.clock import format_time
from palserver.services.retention import choose_removals
from palserver.store import backups as store
from palserver.store.backups import Manifest

FOREIGN_ID = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"  # a file's name; what is called otherwise is not shown

Facts = dict[str, Any]


class BackupView(msgspec.Struct, frozen=True):
    """A backup as the API shows it. `sha256` is that of the file that one downloads.

    `consistent` is false where it may not be of one moment or a save in it is broken, for the `reason` given.
    Of a copy that an operator's own script made (`script`) no more is known than its name, time and size.
    """

    id: str
    created_at: str
    size_bytes: int
    sha256: str | None
    kind: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(store.KINDS)})]
    pinned: bool = False
    consistent: bool | None = None
    reason: str | None = None
    verified_at: str | None = None
    world_guid: str | None = None
    game_version: str | None = None
    image: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Download:
    """A file as it lies on the disk, and the name to save it under."""

    path: Path
    size_bytes: int
    name: str
    etag: str


def list_views(folder: Path, instance: str) -> list[BackupView]:
    """The newest first."""
    manifests = store.list_manifests(folder / instance)
    taken = {manifest.id for manifest in manifests}
    foreign = [path for path in _list_foreign(folder, instance, manifests) if path.name not in taken]
    views = [view(manifest) for manifest in manifests] + [_view_foreign(path) for path in foreign]
    return sorted(views, key=lambda each: (each.created_at, each.id), reverse=True)


def view(manifest: Manifest) -> BackupView:
    return BackupView(**{name: getattr(manifest, name) for name in BackupView.__struct_fields__})


def get_manifest(folder: Path, instance: str, backup_id: str) -> Manifest:
    is_ours = re.fullmatch(store.ID, backup_id)
    manifest = store.find_manifest(folder / instance, backup_id) if is_ours else None
    if manifest is not None:
        return manifest
    _get_foreign(folder, instance, backup_id)
    raise errors.BackupForeign()


def get_download(folder: Path, instance: str, backup_id: str) -> Download:
    """Also of a copy that is not ours, if it is a file."""
    try:
        manifest = get_manifest(folder, instance, backup_id)
    except errors.BackupForeign:
        path = _get_foreign(folder, instance, backup_id)
        if path.is_symlink() or not path.is_file():
            raise errors.BackupForeign("This copy is a folder, which cannot be downloaded.") from None
        status = path.stat()
        return Download(path, status.st_size, path.name, f"{status.st_mtime_ns}-{status.st_size}")
    path = folder / instance / manifest.archive
    name = f"{instance}-{manifest.archive}"
    return Download(path, path.stat().st_size, name, manifest.sha256)


def change_manifest(
    folder: Path, instance: str, backup_id: str, choose: Callable[[Manifest], Facts]
) -> Manifest:
    """Set the fields that `choose` names, as the manifest is now."""
    manifest = get_manifest(folder, instance, backup_id)
    changed = msgspec.structs.replace(manifest, **choose(manifest))
    if changed != manifest:
        store.set_manifest(folder / instance, changed)
    return changed


def remove_backup(folder: Path, instance: str, backup_id: str) -> None:
    """Raises BackupPinned."""
    manifest = get_manifest(folder, instance, backup_id)
    if manifest.pinned:
        raise errors.BackupPinned()
    store.remove_backup(folder / instance, manifest)


def thin_out(folder: Path) -> list[str]:
    """Remove what retention lets go of one instance's folder; returns the ids. Raises OSError."""
    chosen = choose_removals(store.list_manifests(folder))
    for manifest in chosen:
        store.remove_backup(folder, manifest)
    return [manifest.id for manifest in chosen]


def _list_foreign(folder: Path, instance: str, manifests: list[Manifest]) -> list[Path]:
    """What lies in the instance's folder and is not ours, and what beside it is named for it and a date.

    An archive without a manifest is among them: older versions of the bundled script wrote none.
    """
    named_for_it = re.compile(rf"{re.escape(instance)}[-_.]\d{{8}}.*")
    beside = sorted(folder.iterdir()) if folder.is_dir() else []
    named = [path for path in beside if named_for_it.fullmatch(path.name)]
    found = store.list_others(folder / instance, manifests) + named
    return [path for path in found if re.fullmatch(FOREIGN_ID, path.name)]


def _get_foreign(folder: Path, instance: str, backup_id: str) -> Path:
    manifests = store.list_manifests(folder / instance)
    for path in _list_foreign(folder, instance, manifests):
        if path.name == backup_id:
            return path
    raise errors.BackupNotFound()


def _view_foreign(path: Path) -> BackupView:
    status = path.lstat()
    is_folder = path.is_dir() and not path.is_symlink()
    inner = [each.lstat().st_size for each in path.rglob("*") if not each.is_dir()] if is_folder else []
    return BackupView(
        id=path.name,
        created_at=format_time(datetime.fromtimestamp(status.st_mtime, UTC)),
        size_bytes=sum(inner) if is_folder else status.st_size,
        sha256=None,
        kind="script",
    )
