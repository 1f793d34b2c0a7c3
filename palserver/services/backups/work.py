"""Making and checking backups: the work of these jobs, most of which a script does in its own process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from palserver import errors
from palserver.clients.engine import Engine
from palserver.clients.palworld import Info
from palserver.services.backups.backups import Backups
from palserver.services.backups.reasons import FOUND, NOT_AS_WRITTEN, NOT_SAVED, OTHER_WORLD, SHARED
from palserver.services.jobs.jobs import Job, Result
from palserver.services.jobs.scripts import Scripts
from palserver.services.restores.neighbours import Neighbours
from palserver.store import instances as store
from palserver.store.backups import ID, Manifest
from palserver.store.database import Database
from palserver.store.folder_backups import read_stamp
from palserver.store.instances import Instance
from palserver.store.rollbacks import find_rollback


@dataclass(frozen=True)
class BackupWork:
    """Each method is the work of a job. `scripts` may be an operator's own, `bundled` are always ours.

    `save` and `info` ask the game of an instance's name.
    """

    scripts: Scripts
    bundled: Scripts
    engine: Engine
    database: Database
    backups: Backups
    neighbours: Neighbours
    save: Callable[[str], None]
    info: Callable[[str], Info]

    def back_up(self, job: Job, instance: Instance, note: str | None = None, kind: str = "manual") -> Result:
        """Save through the game if it runs, run backup.sh, and remove what is too old or too much.

        `saved` is None when there was nobody to ask. `copies` counts what is new in the backup folder;
        `backup` is the id of ours among it, or of a folder that can be restored; None for anything else.
        """
        saved = self._save(job, instance)
        info = self._ask(instance) if saved["saved"] else None
        begun_at = datetime.now(UTC).replace(second=0, microsecond=0)
        ids, copies = self.backups.list_ids(instance.name), self._list_copies(instance)
        job.enter("backing_up")
        was_alone = self.neighbours.is_alone(instance)
        self._run(job, instance)
        is_alone = was_alone and self.neighbours.is_alone(instance)
        new_ids = self.backups.list_ids(instance.name) - ids
        new_copies = self._list_copies(instance) - copies
        made, folder = None, None
        if new_ids:
            manifest = self.backups.get(instance.name, max(new_ids))
            facts = {"kind": kind, "note": note, "game_version": info.version if info else None}
            doubts = _list_doubts(saved, info, manifest) + ([] if is_alone else [SHARED])
            made = self.backups.describe(instance.name, manifest.id, facts, doubts)
        else:
            older = _list_since(copies, begun_at)
            folder = self._look_into(job, instance, [*sorted(new_copies), *sorted(older)])
        return {
            **saved,
            "copies": len(new_copies),
            "note": note,
            "backup": made.id if made else folder,
            "consistent": made.consistent if made else None,
            "removed": self._thin_out(job, instance),
        }

    def verify(self, job: Job, instance: Instance, backup_id: str) -> Result:
        """Read it all once more. Raises BackupBroken, and what running a script raises."""
        job.enter("verifying")
        faults = [NOT_AS_WRITTEN]

        def take(line: str) -> None:
            job.write(line)
            if line in FOUND:
                faults.append(line)

        try:
            self.bundled.run(job, "verify.sh", (backup_id, instance.name), instance, take)
        except errors.ScriptFailed as error:
            if error.exit_code != errors.BROKEN_CODE:
                raise
            self.backups.set_verified(instance.name, backup_id, faults[-1])
            raise errors.BackupBroken() from error
        manifest = self.backups.set_verified(instance.name, backup_id)
        return {"backup": backup_id, "verified_at": manifest.verified_at}

    def _look_into(self, job: Job, instance: Instance, copies: Iterable[Path]) -> str | None:
        """Note what the first folder holds while it is new; the copy is there, whatever comes of this."""
        for path in copies:
            try:
                self.backups.forget(instance.name, path.name)
                self.backups.check_usable(instance.name, path.name)
                self.verify(job, instance, path.name)
            except (errors.BackupForeign, errors.BackupNotFound):
                continue
            except errors.Cancelled:
                raise
            except errors.PalError as error:
                job.write(f"{path.name}: {error.detail}")
            return path.name
        return None

    def _run(self, job: Job, instance: Instance) -> None:
        try:
            self.scripts.run(job, "backup.sh", (instance.name,), instance)
        except errors.PalError:
            with suppress(OSError):  # the script's own failure is what counts
                self.backups.mend(instance.name)
            raise

    def _save(self, job: Job, instance: Instance) -> Result:
        """A backup of what was saved last is better than none: a game that does not save is only told of."""
        if not self._is_up(instance):
            return {"saved": None, "save_error": None}
        job.enter("saving")
        try:
            self.save(instance.name)
        except errors.PalError as error:
            job.write(f"The world could not be saved first: {error.detail}")
            return {"saved": False, "save_error": error.key}
        job.write("The world is saved.")
        return {"saved": True, "save_error": None}

    def _ask(self, instance: Instance) -> Info | None:
        """What the game says of itself; None if it says nothing."""
        try:
            return self.info(instance.name)
        except errors.PalError:
            return None

    def _is_up(self, instance: Instance) -> bool:
        """A missing container is no reason to stop here: an operator's own script may know what to do."""
        try:
            return self.engine.get_container(instance.container).is_up
        except errors.ContainerMissing:
            return False

    def _thin_out(self, job: Job, instance: Instance) -> list[str]:
        """Returns the ids of those that were removed. The new backup is there, whatever comes of this."""
        way_back = find_rollback(self.database.reader, instance.name)
        needed = frozenset([way_back.backup] if way_back and way_back.backup else [])
        try:
            removed = self.backups.thin_out(instance.name, needed)
        except OSError as error:
            job.write(f"Old backups could not be removed: {error.strerror}.")
            return []
        for backup_id in removed:
            job.write(f"Removed the backup {backup_id}, which is no longer to be kept.")
        return removed

    def _list_copies(self, instance: Instance) -> set[Path]:
        """What lies in the backup folder and in the instance's there, without hidden files and manifests."""
        folder = self.backups.folder
        own_folders = {folder / each.name for each in store.list_instances(self.database.reader)}
        folders = (folder, folder / instance.name)
        found = {path for each in folders if each.is_dir() for path in each.iterdir()}
        return {path for path in found - own_folders if not re.fullmatch(rf"\..*|{ID}\.json", path.name)}


def _list_since(copies: set[Path], moment: datetime) -> set[Path]:
    """Folders of this very minute, into which a second backup has been copied."""
    stamps = ((path, read_stamp(path.name)) for path in copies if path.is_dir())
    return {path for path, stamp in stamps if stamp is not None and stamp >= moment}


def _list_doubts(saved: Result, info: Info | None, manifest: Manifest) -> list[str]:
    """Why it may not be what it should be, as far as the script could not know."""
    doubts = [NOT_SAVED] if saved["saved"] is False else []
    guids = (info.world_guid if info else None, manifest.world_guid)
    if None not in guids and len({str(guid).upper() for guid in guids}) == 2:
        doubts.append(OTHER_WORLD)
    return doubts
