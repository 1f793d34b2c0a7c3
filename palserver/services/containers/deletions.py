"""Taking a server away, with its world or without; or only forgetting it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from palserver import errors
from palserver.clients.engine import Engine
from palserver.services.compose.files import ComposeFiles
from palserver.services.containers.belongings import Belongings, list_mounts, read_belongings
from palserver.services.containers.making import Making
from palserver.services.containers.specs import Spec
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.games import Games
from palserver.services.jobs.job import Intent
from palserver.services.jobs.jobs import Job, Result
from palserver.services.jobs.outcomes import Outcome
from palserver.services.logs.logs import Logs
from palserver.services.restores.restores import Restores
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance
from palserver.threads import Threads

Data = Literal["keep", "delete"]


class Deleting(msgspec.Struct, frozen=True):
    """What is to go, decided before the server is stopped and written down as an intent."""

    belongings: Belongings
    deletes_data: bool


@dataclass(frozen=True)
class Deletions:
    """`delete` is the work of a job, which `mend` ends after a crash. `tell_removed` tells who watches."""

    database: Database
    engine: Engine
    watch: EngineWatch
    games: Games
    logs: Logs
    restores: Restores
    compose_files: ComposeFiles
    instances_dir: Path
    making: Making
    readers: Threads
    tell_removed: Callable[[str], None]

    def delete(self, job: Job, instance: Instance, data: Data, *, keeps_container: bool) -> Result:
        """Save, stop, remove the container, and the world only with `data` `delete`. Backups always stay.

        With `keeps_container` nothing is touched but our own knowledge of it. Raises WorldNotOnVolume where
        the world would go with the container although it is to be kept.
        """
        job.enter("checking")
        if keeps_container:
            self._forget(instance)
            job.write(f"{instance.name} is not looked after any more. Its container is as it was.")
            path = self.compose_files.find_path(instance.name)
            if path is not None:
                job.write(f"{path.name} is still there: with the next start it is a server here again.")
            return {"world": None, "deleted": False, "saved": None, "save_error": None}
        deleting = Deleting(self._find_belongings(instance), data == "delete")
        self._check_kept(instance, deleting)
        stopped = self._stop(job, instance, deleting)
        job.intend(is_deleting=True, helper=job.id, deleting=msgspec.to_builtins(deleting))
        is_deleted = self.restores.insist(job, lambda: self._finish(job, instance, deleting))
        return {
            "world": deleting.belongings.world,
            "deleted": is_deleted,
            "saved": stopped.get("saved"),
            "save_error": stopped.get("save_error"),
        }

    def mend(self, job: Job, instance: Instance, intent: Intent) -> Outcome:
        """Go on: the server is stopped, and some of it may be gone."""
        self._finish(job, instance, msgspec.convert(intent["deleting"], type=Deleting))
        return Outcome("deleted")

    def _find_belongings(self, instance: Instance) -> Belongings:
        try:
            container = self.engine.inspect(instance.container)
        except errors.ContainerMissing:
            container = {}
        others = {
            mount.get("Name") or mount.get("Source") or ""
            for each in self.engine.list_containers()
            for mount in each["Mounts"]
            if each["Id"] != container.get("Id")
        }
        spec = msgspec.json.decode(instance.spec, type=Spec)
        mounts = container.get("Mounts") or [] if container else list_mounts(spec)
        own_folder = self.instances_dir / instance.name
        found = read_belongings(mounts, instance.saved_path, own_folder, others)
        if found.world is None and not container and own_folder.is_dir():
            return Belongings(world=str(own_folder))  # as the old panel laid it out; its file does not say so
        return found

    def _check_kept(self, instance: Instance, deleting: Deleting) -> None:
        is_lost = not deleting.deletes_data and deleting.belongings.world is None
        if is_lost and self.restores.has_world(instance):
            raise errors.WorldNotOnVolume()

    def _is_own(self, belongings: Belongings) -> bool:
        return belongings.world in (*belongings.volumes, belongings.folder)

    def _stop(self, job: Job, instance: Instance, deleting: Deleting) -> Result:
        """A container that is missing is no reason to keep what is left of it."""
        try:
            return self.restores.lifecycle.stop(job, instance, keeps_world=not deleting.deletes_data)
        except errors.ContainerMissing:
            return {}

    def _finish(self, job: Job, instance: Instance, deleting: Deleting) -> bool:
        """It can be begun again at any point; the row goes last, so that somebody knows of what is left.

        Returns whether the world is gone.
        """
        job.enter("deleting", is_cancellable=False)
        own = deleting.belongings if deleting.deletes_data else Belongings()
        kept = set() if own.folder is None or self._empty(job, instance, own) else {own.folder}
        with suppress(errors.ContainerMissing):
            self.engine.remove(instance.container)
        kept |= {volume for volume in own.volumes if not self._remove_volume(job, volume)}
        self.compose_files.put_away(instance.name)
        world = deleting.belongings.world
        is_gone = deleting.deletes_data and self._is_own(deleting.belongings) and world not in kept
        self._tell(job, deleting, is_gone=is_gone)
        self._forget(instance)
        return is_gone

    def _empty(self, job: Job, instance: Instance, own: Belongings) -> bool:
        """Beside a container, whoever its files belong to; without one, what we may remove ourselves."""
        folder, work = Path(str(own.folder)), str(job.intent["helper"])
        if not folder.exists():  # gone the last time
            return True
        try:
            with self.making.stand_in(instance, work) as seen:
                self._check_mounted(seen, own)
                self.restores.beside.empty(seen, work, str(own.target))
        except errors.ContainerMissing:  # none can be made: its image is gone, too, or its file is another
            # No link in it is followed, and none leads to it: `read_belongings` has seen to that.
            self.readers.run(shutil.rmtree, folder, ignore_errors=True)
        with suppress(OSError):  # an empty folder that is not ours to remove harms nobody
            folder.rmdir()
        is_gone = not folder.exists() or self.readers.run(_is_empty, folder)
        if not is_gone:
            job.write(
                f"Not all of {folder} could be deleted: its image is gone, and some files are not ours."
            )
        return is_gone

    def _check_mounted(self, instance: Instance, own: Belongings) -> None:
        """What is to be emptied there is the folder that was decided on. Raises ContainerMissing."""
        mounts = self.engine.inspect(instance.container).get("Mounts") or []
        mounted = {mount["Destination"]: mount.get("Source") or "" for mount in mounts}
        if Path(mounted.get(str(own.target), "")) != Path(str(own.folder)):
            raise errors.ContainerMissing()

    def _remove_volume(self, job: Job, volume: str) -> bool:
        try:
            self.engine.remove_volume(volume)
        except errors.EngineRefused:
            job.write(f"The volume {volume} is kept: another container has it by now.")
            return False
        return True

    def _tell(self, job: Job, deleting: Deleting, *, is_gone: bool) -> None:
        world = deleting.belongings.world
        if world is None:
            job.write("There was no volume or folder with a world.")
        elif is_gone:
            job.write(f"The world in {world} is deleted.")
        elif not deleting.deletes_data:
            job.write(f"The world is kept in {world}.")
        elif self._is_own(deleting.belongings):
            job.write(f"What is left of the world is in {world}.")
        else:
            job.write(f"The world in {world} is kept: nothing says that it belongs to this server alone.")

    def _forget(self, instance: Instance) -> None:
        self.database.write(store.remove_instance, instance.name)
        self.watch.forget(instance.container)
        self.games.forget_address(instance.name)
        self.logs.forget(instance.name)
        self.tell_removed(instance.name)


def _is_empty(folder: Path) -> bool:
    with suppress(PermissionError), os.scandir(folder) as entries:
        return next(entries, None) is None
    return False
