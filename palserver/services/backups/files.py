"""The backup folder as the API shows it: ours with their manifests, and what an operator's script left there.

Every function here waits for the disk. Those that take an id raise BackupNotFound, and BackupForeign where it
is a copy that is not ours.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from palserver import errors
from palserver.clock import format_time
from palserver.services.backups.folder_records import find_time
from palserver.services.backups.folder_sizes import FolderSizes
from palserver.services.backups.reasons import Reason, list_reasons
from palserver.services.backups.retention import choose_removals
from palserver.store import backups as store
from palserver.store import folder_backups as folders
from palserver.store.backups import Manifest

Facts = dict[str, Any]

ACTIONS = ("download", "manifest", "verify", "preview", "restore", "change", "remove")
# The end of a hidden name that nobody else gives.
REMOVED = ".palserver-removed"
OF_FOLDERS = ("download", "verify", "preview", "restore", "remove")


class BackupView(msgspec.Struct, frozen=True):
    """A backup as the API shows it. `sha256` is that of the file that one downloads.

    `consistent` is false where it may not be of one moment or a save in it is broken, for the `reason` given;
    `reasons` are the same by their keys, to be said in other languages.
    Of a copy that an operator's own script made (`script`) its name, time and size are known, and of a folder
    what was found in it when it was first read. `actions` are what can be done with it at all; to remove what
    is not PalServer's own takes `confirm=1`.
    """

    id: str
    created_at: str
    size_bytes: int | None
    sha256: str | None
    kind: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(store.KINDS)})]
    pinned: bool = False
    consistent: bool | None = None
    reason: str | None = None
    reasons: tuple[Reason, ...] = ()
    verified_at: str | None = None
    world_guid: str | None = None
    game_version: str | None = None
    image: str | None = None
    note: str | None = None
    actions: tuple[Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(ACTIONS)})], ...] = ACTIONS


def list_views(
    folder: Path, instance: str, measure: Callable[[Path], int | None] | None = None
) -> list[BackupView]:
    """The newest first; `measure` tells the size of a folder."""
    manifests = store.list_manifests(folder / instance)
    taken = {manifest.id for manifest in manifests}
    foreign = [path for path in _list_foreign(folder, instance, manifests) if path.name not in taken]
    views = [view(manifest) for manifest in manifests] + [
        _view_foreign(folder, instance, path, measure or FolderSizes().find) for path in foreign
    ]
    return sorted(views, key=lambda each: (each.created_at, each.id), reverse=True)


def view(manifest: Manifest) -> BackupView:
    names = (name for name in BackupView.__struct_fields__ if name not in ("actions", "reasons"))
    facts = {name: getattr(manifest, name) for name in names}
    return BackupView(**facts, reasons=list_reasons(manifest.reason))


def get_manifest(folder: Path, instance: str, backup_id: str) -> Manifest:
    """Ours, or what was found in a folder."""
    is_ours = re.fullmatch(store.ID, backup_id)
    manifest = store.find_manifest(folder / instance, backup_id) if is_ours else None
    if manifest is not None:
        return manifest
    path = get_foreign(folder, instance, backup_id)
    record = folders.find_record(folder, instance, path.name)
    if record is not None:
        return record
    raise errors.BackupForeign()


def get_ours(folder: Path, instance: str, backup_id: str) -> Manifest:
    manifest = get_manifest(folder, instance, backup_id)
    if not manifest.sha256:
        raise errors.BackupForeign()
    return manifest


def check_usable(folder: Path, instance: str, backup_id: str) -> None:
    """Raises BackupUnreadable, too."""
    if re.fullmatch(store.ID, backup_id) and store.find_manifest(folder / instance, backup_id):
        return
    path = get_foreign(folder, instance, backup_id)
    try:
        is_usable = folders.find_folder(folder, instance, path.name) is not None
    except PermissionError as error:
        raise errors.BackupUnreadable() from error
    if not is_usable:
        raise errors.BackupForeign()


def change_manifest(
    folder: Path, instance: str, backup_id: str, choose: Callable[[Manifest], Facts]
) -> Manifest:
    """Set the fields that `choose` names, as the manifest is now."""
    manifest = get_manifest(folder, instance, backup_id)
    changed = msgspec.structs.replace(manifest, **choose(manifest))
    if changed != manifest and changed.sha256:
        store.set_manifest(folder / instance, changed)
    elif changed != manifest:
        folders.set_record(folder, changed)
    return changed


def remove_backup(folder: Path, instance: str, backup_id: str, is_confirmed: bool = False) -> None:
    """What is not ours only if that is confirmed. Raises BackupPinned, BackupReadOnly."""
    try:
        manifest = get_ours(folder, instance, backup_id)
    except errors.BackupForeign:
        path = get_foreign(folder, instance, backup_id)
        if not is_confirmed:
            sentence = "PalServer did not make this copy. Ask with confirm=1 to remove it for good."
            raise errors.BackupForeign(sentence) from None
        _remove_foreign(path)
        folders.remove_record(folder, instance, path.name)
        return
    if manifest.pinned:
        raise errors.BackupPinned()
    store.remove_backup(folder / instance, manifest)


def _remove_foreign(path: Path) -> None:
    """Under a hidden name first: what an interrupted removal leaves is no backup any more."""
    hidden = path.with_name(f".{path.name}{REMOVED}")
    try:
        path.rename(hidden)
        _remove_hidden(hidden)
    except OSError as error:
        raise errors.BackupReadOnly() from error


def _remove_hidden(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def mend_folders(folder: Path, instance: str, before: float) -> None:
    """What a kill has left of this instance's backups: half written ones, and such as were being removed.

    What was written at the time `before` or later is somebody's who is at work. Raises OSError.
    """
    store.mend_folder(folder / instance, before)
    beside = rf"\.({re.escape(instance)}[-_.]\d{{8}}.*){re.escape(REMOVED)}"
    inside = rf"\.({store.ANY_ID}){re.escape(REMOVED)}"
    for place, pattern in ((folder, beside), (folder / instance, inside)):
        for path in list(place.iterdir()) if place.is_dir() else []:
            match = re.fullmatch(pattern, path.name)
            if match is not None:
                _remove_hidden(path)
                folders.remove_record(folder, instance, match[1])


def thin_out(folder: Path, needed: frozenset[str]) -> list[str]:
    """Remove what retention lets go of one instance's folder; returns the ids. Raises OSError."""
    chosen = choose_removals(store.list_manifests(folder), now=datetime.now(UTC), needed=needed)
    for manifest in chosen:
        store.remove_backup(folder, manifest)
    return [manifest.id for manifest in chosen]


def _list_foreign(folder: Path, instance: str, manifests: list[Manifest]) -> list[Path]:
    """What lies in the instance's folder and is not ours, and what beside it is named for it and a date.

    An archive without a manifest is among them: older versions of the bundled script wrote none. The folder
    of another instance, whose name is this one's and a date, is not.
    """
    named_for_it = re.compile(rf"{re.escape(instance)}[-_.]\d{{8}}.*")
    beside = sorted(folder.iterdir()) if folder.is_dir() else []
    named = [path for path in beside if named_for_it.fullmatch(path.name) and not store.holds_backups(path)]
    found = store.list_others(folder / instance, manifests) + named
    return [path for path in found if re.fullmatch(store.ANY_ID, path.name)]


def get_foreign(folder: Path, instance: str, backup_id: str) -> Path:
    manifests = store.list_manifests(folder / instance)
    for path in _list_foreign(folder, instance, manifests):
        if path.name == backup_id:
            return path
    raise errors.BackupNotFound()


def _view_foreign(
    folder: Path, instance: str, path: Path, measure: Callable[[Path], int | None]
) -> BackupView:
    if path.is_symlink() or not path.is_dir():
        status = path.lstat()
        made_at = format_time(datetime.fromtimestamp(status.st_mtime, UTC))
        actions = ("remove",) if path.is_symlink() else ("download", "remove")
        return BackupView(path.name, made_at, status.st_size, None, "script", actions=actions)
    record = folders.find_record(folder, instance, path.name)
    reason = record.reason if record else None
    return BackupView(
        id=path.name,
        created_at=find_time(path),
        size_bytes=measure(path),
        sha256=None,
        kind="script",
        consistent=False if reason else None,
        reason=reason,
        reasons=list_reasons(reason),
        verified_at=record.verified_at if record else None,
        world_guid=record.world_guid if record else None,
        actions=OF_FOLDERS if _is_usable(folder, instance, path.name) else ("remove",),
    )


def _is_usable(folder: Path, instance: str, name: str) -> bool:
    try:
        return folders.find_folder(folder, instance, name) is not None
    except PermissionError:
        return False
