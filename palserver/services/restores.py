"""Another world in the place of the live one: all of it, or none of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import gevent

from palserver import errors, names
from palserver.clients.engine import Engine
from palserver.services.games import Games
from palserver.services.jobs import Job, Result
from palserver.services.lifecycle import Lifecycle
from palserver.services.readiness import READY_SECONDS, wait_for_ready
from palserver.services.restore_scripts import Backup, RestoreScripts
from palserver.services.safety_copies import SafetyCopies
from palserver.services.side_containers import Place, SideContainers
from palserver.services.worlds import SETTINGS_FILES, find_world_guid
from palserver.store import backups
from palserver.store.backups import Manifest
from palserver.store.instances import Instance

# What is found to be the truth when a restore did not get to its end.
SENTENCES = {
    "new": "The restored world is in its place.",
    "old": "The old world is in its place, as it was.",
    None: "No world had been touched.",
}
AGAIN_SECONDS = 1.0
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
    games: Games
    backup_dir: Path
    ready_seconds: float = READY_SECONDS

    def get_manifest(self, instance: Instance, backup_id: str) -> Manifest:
        """Raises BackupNotFound."""
        if names.is_match(backups.ID, backup_id):
            manifest = backups.find_manifest(self.backup_dir / instance.name, backup_id)
            if manifest is not None:
                return manifest
        raise errors.BackupNotFound()

    def restore(self, job: Job, instance: Instance, backup_id: str) -> Result:
        """Check while the players play on, stop, keep a copy, exchange the worlds, start again if it ran.

        Whatever fails, the old world is back under its name when this returns, and runs if it did.
        """
        self.get_manifest(instance, backup_id)
        job.intend(helper=job.id)
        job.enter("checking")
        backup = self.scripts.check(job, instance, backup_id)
        check_space(self.beside.look(instance, job.id), backup)
        was_up = self.engine.get_container(instance.container).is_up
        job.intend(shall_run=was_up)
        with self.lifecycle.policy_kept_held(instance):
            try:
                stopped = self.lifecycle.stop(job, instance)
                copy = self._copy_first(job, instance)
                self.put_in(job, instance, backup_id, backup)
                self._prove(job, instance, backup.world_guid, was_up)
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
        place = self.beside.look(instance, work)
        check_space(place, backup)
        job.enter("unpacking", is_cancellable=False)
        job.intend(is_swapping=True)
        self._check_stopped(instance)
        self.scripts.stage(job, instance, backup_id, place.owner, backup.owner)
        job.enter("swapping", is_cancellable=False)
        self._check_stopped(instance)
        self.beside.swap(instance, work, place.owner)
        settings = (
            self.engine.read_file(instance.container, f"{instance.saved_path}/{path}")
            for path in SETTINGS_FILES
        )
        if backup.world_guid not in map(find_world_guid, settings):
            raise errors.OtherWorld()

    def put_back(self, job: Job, instance: Instance) -> None:
        """After a failure, which is what the job ends with: the old world, running if it ran before.

        Waits for the engine as long as it takes. Raises NoSideContainer, and then starts nothing.
        """
        if not (job.intent.get("is_stopping") or job.intent.get("is_restoring")):
            return
        self.insist(job, lambda: self.lifecycle.end(job, instance))
        job.enter("putting_back", is_cancellable=False)
        if job.intent.get("is_restoring"):
            found = self.insist(job, lambda: self.beside.tidy(instance, job.id))
            job.write(f"That did not work. {SENTENCES[found]}")
        if job.intent.get("shall_run"):
            self.start_again(job, instance)

    def put_back_copy(self, job: Job, instance: Instance, backup_id: str) -> None:
        """The world of a backup in the place of that of a stopped server, without a game that proves it."""
        backup = self.scripts.check(job, instance, backup_id)
        self.put_in(job, instance, backup_id, backup)
        self.commit(job, instance)
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

    def _copy_first(self, job: Job, instance: Instance) -> Manifest | None:
        job.enter("copying_first", is_cancellable=False)
        job.intend(is_restoring=True)
        self.beside.tidy(instance, job.id)  # what one that could not be put back has left
        return self.copies.make(job, instance, "pre_restore")

    def _prove(self, job: Job, instance: Instance, world_guid: str, was_up: bool) -> None:
        """The game opens the new world, if it ran before; from the end of this on it is the truth."""
        if was_up:
            self.lifecycle.start(job, instance)
            info = wait_for_ready(job, self.games, instance.name, self.ready_seconds)
            if (info.world_guid or world_guid).upper() != world_guid.upper():
                raise errors.OtherWorld()
        self.commit(job, instance)

    def _check_stopped(self, instance: Instance) -> None:
        if self.engine.get_container(instance.container).is_up:
            raise errors.InstanceRunning()


def check_space(place: Place, backup: Backup) -> None:
    """The old world stays beside the new one until that has proven itself. Raises NotEnoughSpace."""
    if place.free_bytes is not None and place.free_bytes < backup.size_bytes + KEPT_FREE_BYTES:
        raise errors.NotEnoughSpace()
