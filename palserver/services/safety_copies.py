"""The copy of the present world that is made before anything takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from palserver import errors
from palserver.services.jobs import Job
from palserver.services.scripts import Scripts
from palserver.store import backups
from palserver.store.backups import Manifest
from palserver.store.instances import Instance


@dataclass(frozen=True)
class SafetyCopies:
    """`scripts` are the operator's, or the bundled ones."""

    scripts: Scripts
    bundled: Scripts
    backup_dir: Path

    def make(self, job: Job, instance: Instance, kind: str) -> Manifest | None:
        """Run backup.sh and mark what it has made as of this `kind`.

        Returns None for a copy without a manifest, as an operator's own script makes them: there is one then,
        but only he can put it back. Raises SafetyCopyMissing, and what running a script raises.
        """
        folder = self.backup_dir / instance.name
        before = self._list(folder)
        try:
            self.scripts.run(job, "backup.sh", (instance.name,), instance)
        except errors.ScriptNotFound:  # an operator's folder need not have one
            self.bundled.run(job, "backup.sh", (instance.name,), instance)
        made = self._list(folder) - before
        if not made:
            raise errors.SafetyCopyMissing()
        found = (backups.find_manifest(folder, path.stem) for path in sorted(made) if path.suffix == ".json")
        manifest = next(filter(None, found), None)
        if manifest is None:
            return None
        marked = msgspec.structs.replace(manifest, kind=kind)
        backups.set_manifest(folder, marked)
        return marked

    def _list(self, folder: Path) -> set[Path]:
        folders = (folder, self.backup_dir)
        found = {path for each in folders if each.is_dir() for path in each.iterdir()}
        return {path for path in found if path != folder and not path.name.startswith(".")}
