"""Backup and update: the work of these jobs, most of which a script does in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from palserver import errors
from palserver.clients.engine import Engine
from palserver.services.jobs import Job, Result
from palserver.services.scripts import Scripts
from palserver.services.specs import Spec, spec_from_inspection
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance


@dataclass(frozen=True)
class Maintenance:
    """Each method is the work of a job; so are `stop` and `start`. `save` asks the game of that name."""

    scripts: Scripts
    engine: Engine
    database: Database
    backup_dir: Path
    save: Callable[[str], None]
    stop: Callable[[Job, Instance], Result]
    start: Callable[[Job, Instance], Result]

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

    def update(self, job: Job, instance: Instance, version: str) -> Result:
        """Stop it as usual, run update.sh, note what the container is made from now, start it again.

        What ran before runs afterwards, also when the script has failed. `saved` is None when nothing ran.
        """
        was_up = self._is_up(instance)
        job.intend(shall_run=was_up)
        stopped = self.stop(job, instance) if was_up else {}
        try:
            job.enter("updating", is_cancellable=False)
            job.intend(is_updating=True)
            self.scripts.run(job, "update.sh", (version, instance.name), instance)
            image = self._store_spec(instance)
        except BaseException:
            if was_up:
                self._start_again(job, instance)
            raise
        if was_up:
            self.start(job, instance)
        return {
            "version": version,
            "image": image,
            "saved": stopped.get("saved"),
            "save_error": stopped.get("save_error"),
        }

    def mend_update(self, instance: Instance) -> str:
        """After a script was interrupted: one container of the name, the new one if it had got there.

        Returns the sentence that says which. Raises ContainerMissing if there is neither.
        """
        name = instance.container
        aside = {
            kind: [
                found
                for found in self._list_names()
                if re.fullmatch(rf"{re.escape(name)}-{kind}-\d{{14}}", found)
            ]
            for kind in ("old", "new")
        }
        for leftover in aside["new"]:
            self.engine.remove(leftover)
        is_done = name in self._list_names() and bool(aside["old"])
        if name not in self._list_names() and aside["old"]:
            self.engine.rename(aside["old"].pop(), name)
        for leftover in aside["old"]:
            self.engine.remove(leftover)
        spec = msgspec.json.decode(instance.spec, type=Spec)
        self.engine.set_restart_policy(name, spec.restart_policy)
        image = self._store_spec(instance)
        return f"The update was {'made' if is_done else 'not made'}: the server is of {image}."

    def _list_names(self) -> list[str]:
        return [listed["Names"][0].lstrip("/") for listed in self.engine.list_containers()]

    def _start_again(self, job: Job, instance: Instance) -> None:
        """After a failure, which is what the job ends with, whatever comes of this."""
        try:
            self.start(job, instance)
        except errors.PalError as error:
            job.write(f"The server could not be started again: {error.detail}")

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

    def _store_spec(self, instance: Instance) -> str:
        """Write down what the container is made from, and return its image. Raises ContainerMissing."""
        container = self.engine.inspect(instance.container)
        spec = spec_from_inspection(container, self.engine.inspect_image(container["Image"]))
        self.database.write(store.set_spec, instance.name, msgspec.json.encode(spec).decode())
        return spec.image

    def _list_copies(self, instance: Instance) -> set[Path]:
        """What lies in the backup folder and in the instance's folder there, without the hidden files."""
        own_folders = {self.backup_dir / each.name for each in store.list_instances(self.database.reader)}
        folders = (self.backup_dir, self.backup_dir / instance.name)
        found = {path for folder in folders if folder.is_dir() for path in folder.iterdir()}
        return {path for path in found - own_folders if not path.name.startswith(".")}
