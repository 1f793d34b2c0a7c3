"""Every job a person can start, by its name: who may run it is decided above, how it runs below."""

from __future__ import annotations

from dataclasses import dataclass

from palserver import errors
from palserver.names import VERSION, is_match
from palserver.services.backup_work import BackupWork
from palserver.services.changes import Change, Changes, list_changes, merge_access
from palserver.services.countdown import Countdown
from palserver.services.games import Games
from palserver.services.instances import Instances
from palserver.services.jobs import Job, Jobs, Result
from palserver.services.lifecycle import Lifecycle
from palserver.services.restores import Restores
from palserver.services.updates import Updates
from palserver.store import instances as store
from palserver.store.database import Database


@dataclass(frozen=True)
class Tasks:
    """Each method starts a job and returns it. All raise InstanceNotFound and InstanceBusy."""

    database: Database
    instances: Instances
    games: Games
    jobs: Jobs
    lifecycle: Lifecycle
    backup_work: BackupWork
    restores: Restores
    updates: Updates

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
            "backup", name, actor, lambda job: self.backup_work.back_up(job, instance, note)
        )

    def verify(self, name: str, actor: str, backup_id: str) -> Job:
        """Raises BackupNotFound and BackupForeign, too."""
        instance = self.instances.get(name)
        self.backup_work.backups.get(name, backup_id)
        return self.jobs.start(
            "verify", name, actor, lambda job: self.backup_work.verify(job, instance, backup_id)
        )

    def remove_backup(self, name: str, backup_id: str) -> None:
        """At once, but never while a job may be reading it. Raises as `verify`, and BackupPinned."""
        running = self.jobs.find_running(name)
        if running is not None:
            raise errors.InstanceBusy(fields={"job": running.id})
        self.backup_work.backups.remove(name, backup_id)

    def update(self, name: str, actor: str, version: str) -> Job:
        instance = self.instances.get(name)
        if not is_match(VERSION, version):
            raise errors.Invalid(fields={"version": "must be an image's tag"})
        return self.jobs.start("update", name, actor, lambda job: self.updates.update(job, instance, version))

    def roll_back(self, name: str, actor: str, with_world: bool) -> Job:
        """Raises NoRollback."""
        instance = self.instances.get(name)
        self.updates.get_rollback(instance)
        return self.jobs.start(
            "rollback", name, actor, lambda job: self.updates.rollback(job, instance, with_world)
        )

    def restore(self, name: str, actor: str, backup_id: str) -> Job:
        """Raises BackupNotFound."""
        instance = self.instances.get(name)
        self.restores.get_manifest(instance, backup_id)
        return self.jobs.start(
            "restore", name, actor, lambda job: self.restores.restore(job, instance, backup_id)
        )

    def change(self, name: str, actor: str, changes: Changes) -> Job:
        instance = self.instances.get(name)
        access = merge_access(instance, changes)

        def work(job: Job) -> Result:
            job.enter("changing", is_cancellable=False)
            self.database.write(store.set_rest_access, name, *access)
            self.games.forget_address(name)
            return {"changes": list_changes(instance, changes)}

        return self.jobs.start("change", name, actor, work)

    def list_changes(self, name: str, changes: Changes) -> list[Change]:
        return list_changes(self.instances.get(name), changes)
