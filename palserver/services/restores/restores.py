"""Another world in the place of the live one: all of it, or none of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import gevent
import msgspec

from palserver import errors, names
from palserver.clients.engine import Engine
from palserver.services.backups.reasons import SHARED
from palserver.services.backups.worlds import SETTINGS_FILES, find_world_guid
from palserver.services.containers.making import Making
from palserver.services.games.countdown import Countdown
from palserver.services.games.games import Games
from palserver.services.games.readiness import READY_SECONDS, wait_for_ready
from palserver.services.jobs.jobs import Job, Result
from palserver.services.jobs.outcomes import Outcome
from palserver.services.jobs.patience import persist
from palserver.services.lifecycle import AT_ONCE, Lifecycle
from palserver.services.restores.neighbours import Neighbours
from palserver.services.restores.safety_copies import SafetyCopies
from palserver.services.restores.scripts import Backup, RestoreScripts
from palserver.services.restores.side_containers import Place, SideContainers, check_lasting
from palserver.store import backups, folder_backups
from palserver.store.backups import Manifest
from palserver.store.instances import Instance

# What is found to be the truth when a restore did not get to its end.
OUTCOMES = {
    "new": Outcome("world_new"),
    "old": Outcome("world_old"),
    None: Outcome("world_untouched"),
}
AGAIN_SECONDS = 1.0
# Where a restore puts something in the place of something else.
ROOTS = ("SaveGames", "Config")
# The game goes on saving beside what is unpacked.
KEPT_FREE_BYTES = 64 * 1024 * 1024

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Restores:
    """`restore` is the work of a job. What it has begun when the panel dies, `RestoreRecovery` ends."""

    scripts: RestoreScripts
    beside: SideContainers
    copies: SafetyCopies
    engine: Engine
    lifecycle: Lifecycle
    making: Making
    games: Games
    neighbours: Neighbours
    backup_dir: Path
    ready_seconds: float = READY_SECONDS

    def get_manifest(self, instance: Instance, backup_id: str) -> Manifest:
        """Of a folder what was found in it when it was read first. Raises BackupNotFound."""
        if names.is_match(backups.ANY_ID, backup_id):
            manifest = backups.find_manifest(self.backup_dir / instance.name, backup_id)
            manifest = manifest or folder_backups.find_record(self.backup_dir, instance.name, backup_id)
            if manifest is not None:
                return manifest
        raise errors.BackupNotFound()

    def restore(self, job: Job, instance: Instance, backup_id: str, countdown: Countdown = AT_ONCE) -> Result:
        """Check while the players play on, stop, keep a copy, exchange the worlds, start again if it ran.

        A countdown comes between the checks and all that changes anything. A missing container is made, and
        stays stopped. Whatever fails, the old world is back under its name when this returns, and runs if it
        did; a container that was not there is gone again.
        """
        job.intend(helper=job.id)
        job.enter("checking")
        backup = self.scripts.check(job, instance, backup_id)
        try:
            self.lifecycle.have_container(job, instance)
            return self._restore(job, instance, backup_id, backup, countdown)
        except Exception:
            self.insist(job, lambda: self.lifecycle.unmake(instance, job.intent))
            raise

    def _restore(
        self, job: Job, instance: Instance, backup_id: str, backup: Backup, countdown: Countdown
    ) -> Result:
        job.enter("checking")
        check_lasting(self.engine.inspect(instance.container))
        job.intend(stand_in=self.making.describe_stand_in(instance))
        check_space(self.beside.look(instance, job.id), backup)
        self.neighbours.check(instance)
        self.lifecycle.warn(job, instance, countdown)
        was_up = self.engine.get_container(instance.container).is_up
        tells_world = was_up and self._tells_world(instance)
        job.intend(shall_run=was_up)
        with self.lifecycle.policies.kept_held(instance):
            try:
                stopped = self.lifecycle.stop(job, instance)
                copy = self._copy_first(job, instance)
                self.put_in(job, instance, backup_id, backup)
                if was_up:
                    self._prove(job, instance, backup.world_guid, tells_world=tells_world)
                self.commit(job, instance)
            except Exception:
                self.put_back(job, instance)
                raise
            self.insist(job, lambda: self.beside.tidy(instance, job.id))
        job.write(f"The world {backup.world_guid} is in its place.")
        return {
            "backup": backup_id,
            "world_guid": backup.world_guid,
            "safety_copy": copy.id if copy else None,
            **{key: stopped[key] for key in ("was_running", "saved", "save_error")},
        }

    def put_in(self, job: Job, instance: Instance, backup_id: str, backup: Backup) -> None:
        """Unpack it beside the old world and exchange them. The server is stopped, and stays so."""
        work = job.intent["helper"]
        job.enter("unpacking", is_cancellable=False)
        job.intend(is_swapping=True)
        run = self._check_stopped(instance)
        # What one that could not be put back has left. There is a copy of what was played since.
        self.beside.tidy(instance, work)
        place = self.beside.look(instance, work)
        check_space(place, backup)
        self.scripts.stage(job, instance, backup_id, place.owner, backup.owner)
        job.enter("swapping", is_cancellable=False)
        self._check_stopped(instance)
        self.beside.swap(instance, work, place.owner)
        if self._check_stopped(instance) != run:  # it has opened a world that was half exchanged, and ended
            raise errors.InstanceRunning()
        self._check_named(instance, backup.world_guid)

    def put_back(self, job: Job, instance: Instance) -> None:
        """After a failure, which is what the job ends with: the old world, running if it ran before.

        Insists on it as long as it takes: nobody else may start anything upon half a world.
        """
        if not (job.intent.get("is_stopping") or job.intent.get("is_restoring")):
            return
        persist(job, lambda: self._end_if_up(job, instance))
        job.enter("putting_back", is_cancellable=False)
        if job.intent.get("is_restoring"):
            found = persist(job, lambda: self._tidy(job, instance))
            job.write(f"That did not work. {OUTCOMES[found].sentence}")
        if job.intent.get("shall_run"):
            self.start_again(job, instance)

    def _tidy(self, job: Job, instance: Instance) -> str | None:
        """Also where somebody has removed the container meanwhile."""
        with self.making.stand_in(instance, job.id, job.intent.get("stand_in")) as seen:
            return self.beside.tidy(seen, job.id)

    def put_back_copy(self, job: Job, instance: Instance, backup_id: str) -> None:
        """The world of a backup in the place of that of a stopped server, without a game that proves it."""
        backup = self.scripts.check(job, instance, backup_id)
        try:
            self.put_in(job, instance, backup_id, backup)
            self.commit(job, instance)
        except Exception:
            if not self.insist(job, lambda: self._is_up(instance)):
                persist(job, lambda: self.tidy_if_any(job, instance))
            raise
        self.tidy_if_any(job, instance)

    def commit(self, job: Job, instance: Instance) -> None:
        """If a world has been put in, it is the truth from the end of this on.

        An engine that is gone is waited for: it may have done it, and the game plays the new world already.
        """
        if job.intent.get("is_swapping"):
            job.enter("committing", is_cancellable=False)
            job.intend(is_committing=True)
            self.insist(job, lambda: self.beside.commit(instance, job.intent["helper"]))

    def tidy_if_any(self, job: Job, instance: Instance) -> None:
        """Where no world was to be put in, nothing needs to be done for it beside the container."""
        if job.intent.get("is_swapping"):
            self.beside.tidy(instance, job.intent["helper"])

    def has_world(self, instance: Instance) -> bool:
        """Whether there is anything in the save folder that could be lost."""
        return self.engine.has_path(instance.container, f"{instance.saved_path}/SaveGames")

    def start_again(self, job: Job, instance: Instance) -> None:
        """After a failure, which is what the job ends with, whatever comes of this."""
        try:
            self.insist(job, lambda: self.lifecycle.start(job, instance))
        except errors.PalError as error:
            job.write(f"The server could not be started again: {error.detail}")

    def insist(self, job: Job, work: Callable[[], Answer]) -> Answer:
        """Do it as soon as the engine answers: no world is left half-way. It may be done more than once."""
        is_told = False
        while True:
            try:
                return work()
            except errors.EngineUnreachable as error:
                if not is_told:
                    job.write(f"{error.detail} Waiting for it.")
                is_told = True
                gevent.sleep(AGAIN_SECONDS)

    def _check_named(self, instance: Instance, world_guid: str) -> None:
        """The settings name it: a game that makes a world writes that one there. Raises OtherWorld."""
        settings = (
            self.engine.read_file(instance.container, f"{instance.saved_path}/{path}")
            for path in SETTINGS_FILES
        )
        if world_guid.upper() not in {(find_world_guid(each) or "").upper() for each in settings}:
            raise errors.OtherWorld()

    def _tells_world(self, instance: Instance) -> bool:
        """Whether the game is one that says which world it plays; very old ones are said not to."""
        try:
            return self.games.info(instance.name).world_guid is not None
        except errors.PalError:
            return False

    def make_copy(self, job: Job, instance: Instance, kind: str) -> Manifest:
        """As `SafetyCopies.make`; it is marked where another server may have written into it meanwhile."""
        was_alone = self.neighbours.is_alone(instance)
        copy = self.copies.make(job, instance, kind)
        if was_alone and self.neighbours.is_alone(instance):
            return copy
        reason = " ".join(filter(None, (SHARED, copy.reason)))
        marked = msgspec.structs.replace(copy, consistent=False, reason=reason)
        if copy.sha256:  # else it is a folder that is not ours to describe
            backups.set_manifest(self.backup_dir / instance.name, marked)
        return marked

    def _copy_first(self, job: Job, instance: Instance) -> Manifest | None:
        job.enter("copying_first", is_cancellable=False)
        copy = None
        if any(self.engine.has_path(instance.container, f"{instance.saved_path}/{each}") for each in ROOTS):
            copy = self.make_copy(job, instance, "pre_restore")
        else:
            job.write("There is nothing yet that could be copied first.")
        job.intend(is_restoring=True, had_world=self.has_world(instance))
        return copy

    def _prove(self, job: Job, instance: Instance, world_guid: str, *, tells_world: bool) -> None:
        """The game opens the new world: by its own word, and by its settings where it has never given it."""
        self.lifecycle.start(job, instance)
        info = wait_for_ready(job, self.games, instance.name, self.ready_seconds)
        if info.world_guid is None and tells_world:
            raise errors.OtherWorld()
        if (info.world_guid or world_guid).upper() != world_guid.upper():
            raise errors.OtherWorld()
        self._check_named(instance, world_guid)

    def _end_if_up(self, job: Job, instance: Instance) -> None:
        with suppress(errors.ContainerMissing):  # then there is nothing to end
            if job.intent.get("is_stopping") or self._is_up(instance):
                self.lifecycle.end(job, instance)

    def _is_up(self, instance: Instance) -> bool:
        return self.engine.get_container(instance.container).is_up

    def _check_stopped(self, instance: Instance) -> str | None:
        """Returns which run of it was the last. Raises InstanceRunning, WorldInUse."""
        container = self.engine.get_container(instance.container)
        if container.is_up:
            raise errors.InstanceRunning()
        self.neighbours.check(instance)
        return container.started_at


def check_space(place: Place, backup: Backup) -> None:
    """The old world stays beside the new one until that has proven itself. Raises NotEnoughSpace."""
    if place.free_bytes is not None and place.free_bytes < backup.size_bytes + KEPT_FREE_BYTES:
        raise errors.NotEnoughSpace()
