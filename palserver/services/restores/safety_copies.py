"""The copy of the present world that is made before anything takes its place."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from palserver import errors
from palserver.services.jobs.jobs import Job
from palserver.services.jobs.scripts import Scripts
from palserver.store import backups, folder_backups
from palserver.store.backups import Manifest
from palserver.store.folder_backups import read_stamp
from palserver.store.instances import Instance


@dataclass(frozen=True)
class SafetyCopies:
    """`scripts` are the operator's, or the bundled ones."""

    scripts: Scripts
    bundled: Scripts
    backup_dir: Path

    def make(self, job: Job, instance: Instance, kind: str) -> Manifest:
        """Run backup.sh and mark what it has made as of this `kind`.

        A folder, as an operator's own script makes them, stays of its own kind. Where it makes something
        else, which only he could put back, the bundled one is run as well. Raises SafetyCopyMissing, and what
        running a script raises.
        """
        # An old script that goes by the minute would copy into a folder of the same minute: the very backup,
        # perhaps, that is to be restored.
        scripts = self.bundled if self._is_minute_taken(instance) else self.scripts
        made = self._run(scripts, job, instance)
        if not made:
            raise errors.SafetyCopyMissing()
        manifest = self._find_ours(instance, made)
        if manifest is None:
            noted = self._note(job, instance, made)
            if noted is not None:
                return noted
            job.write("PalServer could not put that copy back. Another one is made, which it can.")
            manifest = self._find_ours(instance, self._run(self.bundled, job, instance))
        if manifest is None:
            raise errors.SafetyCopyMissing()
        marked = msgspec.structs.replace(manifest, kind=kind)
        backups.set_manifest(self.backup_dir / instance.name, marked)
        return marked

    def _run(self, scripts: Scripts, job: Job, instance: Instance) -> set[Path]:
        """Returns what is new since."""
        folder = self.backup_dir / instance.name
        before = self._list(folder)
        try:
            self._run_any(scripts, job, instance)
        except errors.PalError:
            with suppress(OSError):  # the script's own failure is what counts
                backups.mend_folder(folder)
            raise
        return self._list(folder) - before

    def _run_any(self, scripts: Scripts, job: Job, instance: Instance) -> None:
        try:
            scripts.run(job, "backup.sh", (instance.name,), instance)
        except errors.ScriptNotFound:  # an operator's folder need not have one
            self.bundled.run(job, "backup.sh", (instance.name,), instance)

    def _find_ours(self, instance: Instance, made: set[Path]) -> Manifest | None:
        folder = self.backup_dir / instance.name
        found = (backups.find_manifest(folder, path.stem) for path in sorted(made) if path.suffix == ".json")
        return next(filter(None, found), None)

    def _note(self, job: Job, instance: Instance, made: set[Path]) -> Manifest | None:
        """What a new folder holds, so that it can be put back."""
        for path in sorted(made):
            if folder_backups.find_folder(self.backup_dir, instance.name, path.name) is None:
                continue
            try:
                self.bundled.run(job, "verify.sh", (path.name, instance.name), instance)
            except errors.ScriptFailed as error:
                if error.exit_code != errors.BROKEN_CODE:  # the world is what it is
                    raise
            return folder_backups.find_record(self.backup_dir, instance.name, path.name)
        return None

    def _is_minute_taken(self, instance: Instance) -> bool:
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        beside = self._list(self.backup_dir / instance.name)
        stamps = (read_stamp(path.name) for path in beside if path.is_dir() and instance.name in path.name)
        return any(stamp is not None and stamp >= minute for stamp in stamps)

    def _list(self, folder: Path) -> set[Path]:
        folders = (folder, self.backup_dir)
        found = {path for each in folders if each.is_dir() for path in each.iterdir()}
        return {path for path in found if path != folder and not path.name.startswith(".")}
