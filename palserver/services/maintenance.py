"""Backup: the work of this job, most of which a script does in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from palserver import errors
from palserver.clients.engine import Engine
from palserver.services.jobs import Job, Result
from palserver.services.scripts import Scripts
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance


@dataclass(frozen=True)
class Maintenance:
    """Each method is the work of a job. `save` asks the game of that name."""

    scripts: Scripts
    engine: Engine
    database: Database
    backup_dir: Path
    save: Callable[[str], None]

    def back_up(self, job: Job, instance: Instance, note: str | None = None) -> Result:
        """Save through the game if it runs, then run backup.sh.

        `saved` is None when there was nobody to ask. `copies` counts what is new in the backup folder.
        """
        saved = self._save(job, instance)
        before = self._list_copies(instance)
        job.enter("backing_up")
        self.scripts.run(job, "backup.sh", (instance.name,), instance)
        copies = self._list_copies(instance) - before
        return {**saved, "copies": len(copies), "note": note}

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

    def _is_up(self, instance: Instance) -> bool:
        """A missing container is no reason to stop here: an operator's own script may know what to do."""
        try:
            return self.engine.get_container(instance.container).is_up
        except errors.ContainerMissing:
            return False

    def _list_copies(self, instance: Instance) -> set[Path]:
        """What lies in the backup folder and in the instance's folder there, without the hidden files."""
        own_folders = {self.backup_dir / each.name for each in store.list_instances(self.database.reader)}
        folders = (self.backup_dir, self.backup_dir / instance.name)
        found = {path for folder in folders if folder.is_dir() for path in folder.iterdir()}
        return {path for path in found - own_folders if not path.name.startswith(".")}
