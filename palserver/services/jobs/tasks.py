"""Every job a person can start, by its name: who may run it is decided above, how it runs below."""

from __future__ import annotations

from dataclasses import dataclass

from palserver import errors
from palserver.names import VERSION, is_match
from palserver.services.backups.work import BackupWork
from palserver.services.containers.changes import ChangeList, Changes
from palserver.services.containers.cloning import Clone, Cloning
from palserver.services.containers.creations import Creations
from palserver.services.containers.deletions import Data, Deletions
from palserver.services.containers.respecs import Respecs
from palserver.services.containers.updates import Updates
from palserver.services.games.countdown import Countdown
from palserver.services.instances import Instances
from palserver.services.jobs.jobs import Job, Jobs, Result
from palserver.services.lifecycle import Lifecycle
from palserver.services.restores.restores import Restores


@dataclass(frozen=True)
class Tasks:
    """Each method starts a job and returns it. All raise InstanceNotFound and InstanceBusy."""

    instances: Instances
    jobs: Jobs
    lifecycle: Lifecycle
    backup_work: BackupWork
    restores: Restores
    updates: Updates
    creations: Creations
    respecs: Respecs
    cloning: Cloning
    deletions: Deletions

    def start(self, name: str, actor: str) -> Job:
        instance = self.instances.get(name)
        return self.jobs.start("start", name, actor, lambda job: self.lifecycle.start(job, instance))

    def stop(self, name: str, actor: str, countdown: Countdown) -> Job:
        instance = self.instances.get(name)
        return self.jobs.start("stop", name, actor, lambda job: self.lifecycle.stop(job, instance, countdown))

    def restart(self, name: str, actor: str, countdown: Countdown) -> Job:
        instance = self.instances.get(name)
        return self.jobs.start(
            "restart", name, actor, lambda job: self.lifecycle.restart(job, instance, countdown)
        )

    def kill(self, name: str, actor: str) -> Job:
        instance = self.instances.get(name)
        return self.jobs.start("kill", name, actor, lambda job: self.lifecycle.kill(job, instance))

    def back_up(self, name: str, actor: str, note: str | None) -> Job:
        instance = self.instances.get(name)
        return self.jobs.start(
            "backup", name, actor, lambda job: self.backup_work.back_up(job, instance, note), {"note": note}
        )

    def verify(self, name: str, actor: str, backup_id: str) -> Job:
        """Raises BackupNotFound and BackupForeign, too."""
        instance = self.instances.get(name)
        self.backup_work.backups.check_usable(name, backup_id)
        return self.jobs.start(
            "verify",
            name,
            actor,
            lambda job: self.backup_work.verify(job, instance, backup_id),
            {"backup": backup_id},
        )

    def remove_backup(self, name: str, backup_id: str, *, is_confirmed: bool = False) -> None:
        """At once, but never while a job may be reading it. Raises as `Backups.remove` does."""
        running = self.jobs.find_running(name)
        if running is not None:
            raise errors.InstanceBusy(fields={"job": running.id})
        self.backup_work.backups.remove(name, backup_id, is_confirmed=is_confirmed)

    def update(self, name: str, actor: str, version: str, countdown: Countdown) -> Job:
        instance = self.instances.get(name)
        if not is_match(VERSION, version):
            raise errors.Invalid(fields={"version": "must be an image's tag"})
        return self.jobs.start(
            "update",
            name,
            actor,
            lambda job: self.updates.update(job, instance, version, countdown),
            {"version": version},
        )

    def roll_back(self, name: str, actor: str, with_world: bool, countdown: Countdown) -> Job:
        """Raises NoRollback."""
        instance = self.instances.get(name)
        self.updates.get_rollback(instance)
        return self.jobs.start(
            "rollback",
            name,
            actor,
            lambda job: self.updates.rollback(job, instance, with_world, countdown),
            {"world": with_world},
        )

    def restore(self, name: str, actor: str, backup_id: str, countdown: Countdown) -> Job:
        """Raises as `verify`."""
        instance = self.instances.get(name)
        self.backup_work.backups.check_usable(name, backup_id)
        return self.jobs.start(
            "restore",
            name,
            actor,
            lambda job: self.restores.restore(job, instance, backup_id, countdown),
            {"backup": backup_id},
        )

    def change(self, name: str, actor: str, changes: Changes) -> Job:
        """Raises Invalid and PortInUse."""
        instance = self.instances.get(name)
        self.respecs.list_changes(instance, changes)
        return self.jobs.start("change", name, actor, lambda job: self.respecs.change(job, instance, changes))

    def preview_change(self, name: str, changes: Changes) -> ChangeList:
        """Raises Invalid and PortInUse."""
        return self.respecs.preview(self.instances.get(name), changes)

    def clone(self, name: str, actor: str, wanted: Clone) -> Job:
        """Raises Invalid, InstanceExists, WorldExists, PortInUse and CannotClone."""
        instance = self.instances.get(name)
        spec = self.cloning.plan(instance, wanted)

        def work(job: Job) -> Result:
            return self.cloning.clone(job, instance, spec, wanted)

        return self.creations.begin("clone", name, actor, (wanted.name, spec), work)

    def delete(self, name: str, actor: str, data: Data, *, keeps_container: bool) -> Job:
        instance = self.instances.get(name)

        def work(job: Job) -> Result:
            return self.deletions.delete(job, instance, data, keeps_container=keeps_container)

        return self.jobs.start("delete", name, actor, work)
