"""The backups of the instances: listed, described, pinned, thinned out. What makes them is a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from palserver.clock import utc_now
from palserver.services import backup_files as files
from palserver.services.backup_files import BackupView, Download, Facts
from palserver.store import backups as store
from palserver.store.backups import Manifest
from palserver.threads import Threads

__all__ = ["BackupView", "Backups", "Download"]

READER_THREADS = 2


class Backups:
    """All that touches the disk is done in threads; changes in one only, so that no two of them cross.

    Methods that take an id raise BackupNotFound, and BackupForeign where it is a copy that is not ours.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer = Threads(1)
        self.readers = Threads(READER_THREADS)

    def stop(self) -> None:
        self._writer.stop()
        self.readers.stop()

    def list_views(self, instance: str) -> list[BackupView]:
        """The newest first."""
        return self.readers.run(files.list_views, self.folder, instance)

    def list_ids(self, instance: str) -> set[str]:
        """Of those that are ours."""
        manifests = self.readers.run(store.list_manifests, self.folder / instance)
        return {manifest.id for manifest in manifests}

    def get(self, instance: str, backup_id: str) -> Manifest:
        return self.readers.run(files.get_manifest, self.folder, instance, backup_id)

    def get_download(self, instance: str, backup_id: str) -> Download:
        """Also of a copy that is not ours, if it is a file."""
        return self.readers.run(files.get_download, self.folder, instance, backup_id)

    def change(self, instance: str, backup_id: str, facts: Facts) -> BackupView:
        """Set fields of the manifest."""
        return files.view(self._change(instance, backup_id, lambda _: facts))

    def describe(self, instance: str, backup_id: str, facts: Facts, doubts: list[str]) -> Manifest:
        """Set fields; `doubts` are more reasons for which it may not be what it should be."""

        def choose(manifest: Manifest) -> Facts:
            reasons = [*doubts, *([manifest.reason] if manifest.reason else [])]
            return {**facts, "consistent": not reasons, "reason": " ".join(reasons) or None}

        return self._change(instance, backup_id, choose)

    def set_verified(self, instance: str, backup_id: str, *, is_whole: bool) -> Manifest:
        return self._change(instance, backup_id, lambda _: {"verified_at": utc_now() if is_whole else None})

    def remove(self, instance: str, backup_id: str) -> None:
        """Raises BackupPinned."""
        self._writer.run(files.remove_backup, self.folder, instance, backup_id)

    def thin_out(self, instance: str) -> list[str]:
        """Remove what retention lets go; returns the ids. Raises OSError."""
        return self._writer.run(files.thin_out, self.folder / instance)

    def mend(self, instance: str) -> None:
        """After a writer was killed, and while no other is at work. Raises OSError."""
        self._writer.run(store.mend_folder, self.folder / instance)

    def _change(self, instance: str, backup_id: str, choose: Callable[[Manifest], Facts]) -> Manifest:
        return self._writer.run(files.change_manifest, self.folder, instance, backup_id, choose)
