"""What somebody is given who takes a backup away: the file as it lies there, or a folder as a tar.

Every function here waits for the disk, and raises BackupNotFound.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from palserver import errors
from palserver.services.backups.files import check_usable, get_foreign, get_ours
from palserver.services.backups.folder_tar import FolderTar
from palserver.store import folder_backups as folders


@dataclass(frozen=True)
class Download:
    """A file as it lies on the disk, and the name to save it under."""

    path: Path
    size_bytes: int
    name: str
    etag: str


@dataclass(frozen=True)
class FolderDownload:
    """A folder, which becomes a tar on its way; its size beforehand."""

    tar: FolderTar
    size_bytes: int
    name: str


def get_download(folder: Path, instance: str, backup_id: str) -> Download | FolderDownload:
    """Also of a copy that is not ours. Raises ArchiveUnsafe, BackupUnreadable."""
    try:
        manifest = get_ours(folder, instance, backup_id)
    except errors.BackupForeign:
        path = get_foreign(folder, instance, backup_id)
        if path.is_symlink() or not path.is_file():
            return _get_folder(folder, instance, path.name)
        status = path.stat()
        return Download(path, status.st_size, path.name, f"{status.st_mtime_ns}-{status.st_size}")
    path = folder / instance / manifest.archive
    name = f"{instance}-{manifest.archive}"
    return Download(path, path.stat().st_size, name, manifest.sha256)


def _get_folder(folder: Path, instance: str, backup_id: str) -> FolderDownload:
    """Raises BackupForeign where there is no save folder in it, ArchiveUnsafe, BackupUnreadable."""
    check_usable(folder, instance, backup_id)
    found = folders.find_folder(folder, instance, backup_id)
    if found is None:
        raise errors.BackupForeign()
    tar = FolderTar(found.root, notes=False)
    return FolderDownload(tar, tar.measure(), f"{found.id}.tar")
