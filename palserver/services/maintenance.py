"""Update: the work of this job, most of which a script does in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

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
    """`update` is the work of a job; so are `stop` and `start`."""

    scripts: Scripts
    engine: Engine
    database: Database
    stop: Callable[[Job, Instance], Result]
    start: Callable[[Job, Instance], Result]

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
