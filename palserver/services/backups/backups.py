"""The backups of the instances: listed, described, pinned, thinned out. What makes them is a job."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from palserver.background import Background
from palserver.clock import utc_now
from palserver.services.backups import downloads, files
from palserver.services.backups.downloads import Download, FolderDownload
from palserver.services.backups.files import BackupView, Facts
from palserver.services.backups.folder_sizes import FolderSizes
from palserver.services.backups.reasons import FOUND
from palserver.store import backups as store
from palserver.store.backups import Manifest
from palserver.store.folder_backups import remove_record
from palserver.threads import Threads

log = logging.getLogger(__name__)

READER_THREADS = 2


class Backups:
    """All that touches the disk is done in threads; changes in one only, so that no two of them cross.

    Methods that take an id raise BackupNotFound, and BackupForeign where it is a copy that is not ours.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sizes = FolderSizes()
        self._writer = Threads(1)
        self.readers = Threads(READER_THREADS)

    def stop(self) -> None:
        self._writer.stop()
        self.readers.stop()

    def list_views(self, instance: str) -> list[BackupView]:
        """The newest first."""
        return self.readers.run(files.list_views, self.folder, instance, self._sizes.find)

    def list_ids(self, instance: str) -> set[str]:
        """Of those that are ours."""
        manifests = self.readers.run(store.list_manifests, self.folder / instance)
        return {manifest.id for manifest in manifests}

    def get(self, instance: str, backup_id: str) -> Manifest:
        return self.readers.run(files.get_manifest, self.folder, instance, backup_id)

    def get_ours(self, instance: str, backup_id: str) -> Manifest:
        """As it is written beside its archive."""
        return self.readers.run(files.get_ours, self.folder, instance, backup_id)

    def check_usable(self, instance: str, backup_id: str) -> None:
        """One that can be verified and restored. Raises BackupUnreadable, too."""
        self.readers.run(files.check_usable, self.folder, instance, backup_id)

    def get_download(self, instance: str, backup_id: str) -> Download | FolderDownload:
        """Also of a copy that is not ours. Raises ArchiveUnsafe, BackupUnreadable."""
        return self.readers.run(downloads.get_download, self.folder, instance, backup_id)

    def change(self, instance: str, backup_id: str, facts: Facts) -> BackupView:
        """Set fields of the manifest."""
        self.readers.run(files.get_ours, self.folder, instance, backup_id)
        return files.view(self._change(instance, backup_id, lambda _: facts))

    def describe(self, instance: str, backup_id: str, facts: Facts, doubts: list[str]) -> Manifest:
        """Set fields; `doubts` are more reasons for which it may not be what it should be."""

        def choose(manifest: Manifest) -> Facts:
            reasons = [*doubts, *([manifest.reason] if manifest.reason else [])]
            return {**facts, "consistent": not reasons, "reason": " ".join(reasons) or None}

        return self._change(instance, backup_id, choose)

    def set_verified(self, instance: str, backup_id: str, fault: str | None = None) -> Manifest:
        """One of which a fault is found is said to have it until another check finds it whole."""

        def choose(manifest: Manifest) -> Facts:
            rest = manifest.reason or ""
            for sentence in FOUND:
                rest = rest.replace(sentence, "").strip()
            reason = " ".join(filter(None, (rest, fault))) or None
            return {
                "verified_at": utc_now() if fault is None else None,
                "consistent": reason is None,
                "reason": reason,
            }

        return self._change(instance, backup_id, choose)

    def forget(self, instance: str, backup_id: str) -> None:
        """What was found in a folder: something else has been put into it."""
        self._writer.run(remove_record, self.folder, instance, backup_id)

    def remove(self, instance: str, backup_id: str, *, is_confirmed: bool = False) -> None:
        """What is not ours only if that is confirmed. Raises BackupPinned, BackupReadOnly."""
        self._writer.run(files.remove_backup, self.folder, instance, backup_id, is_confirmed)

    def thin_out(self, instance: str, needed: frozenset[str]) -> list[str]:
        """Remove what retention lets go, but none of the ids `needed`; returns the ids. Raises OSError."""
        return self._writer.run(files.thin_out, self.folder / instance, needed)

    def mend(self, instance: str) -> None:
        """After a writer was killed, and while no other is at work. Raises OSError."""
        self._writer.run(store.mend_folder, self.folder / instance)

    def start_recovery(
        self, background: Background, list_names: Callable[[], list[str]], is_busy: Callable[[str], bool]
    ) -> None:
        """Tidy up after a panel that was killed. What a job is busy with is that job's."""
        background.spawn("what is left of backups", self._mend_all, time.time(), list_names(), is_busy)

    def _mend_all(self, before: float, names: list[str], is_busy: Callable[[str], bool]) -> None:
        for name in names:
            try:
                self._writer.run(files.mend_folders, self.folder, name, 0.0 if is_busy(name) else before)
            except OSError:
                log.warning("What is left of backups of %s could not be removed", name, exc_info=True)

    def _change(self, instance: str, backup_id: str, choose: Callable[[Manifest], Facts]) -> Manifest:
        return self._writer.run(files.change_manifest, self.folder, instance, backup_id, choose)
