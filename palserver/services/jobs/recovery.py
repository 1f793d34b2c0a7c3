"""After a crash: what was begun is finished or undone before anybody else may touch the instance."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from palserver import errors
from palserver.clients import shell
from palserver.clients.engine import Engine
from palserver.services.backups.backups import Backups
from palserver.services.containers.creations import Creations
from palserver.services.containers.deletions import Deletions
from palserver.services.containers.updates import Updates
from palserver.services.engine_watch import EngineWatch
from palserver.services.jobs.job import Intent, Job, Result, restore
from palserver.services.jobs.jobs import Jobs
from palserver.services.jobs.outcomes import Outcome, tell
from palserver.services.jobs.patience import is_hopeful, persist
from palserver.services.lifecycle import Lifecycle
from palserver.services.restores.recovery import RestoreRecovery
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance
from palserver.store.jobs import Output

KIND = "recovery"
ACTOR = "PalServer"
# An engine that has just begun to answer may still refuse what it will do a moment later.
REFUSALS = 5
# As long as one of these is intended, a world is half-way between two places, or two states.
HALF_WAY = ("creating", "is_deleting", "is_restoring", "is_updating")


@dataclass(frozen=True)
class Recovery:
    """Goes by what the interrupted jobs have written down as their intents, and by what is to be seen."""

    database: Database
    engine: Engine
    watch: EngineWatch
    jobs: Jobs
    lifecycle: Lifecycle
    backups: Backups
    restores: RestoreRecovery
    updates: Updates
    creations: Creations
    deletions: Deletions

    def start(self) -> None:
        """A job for each instance where one was interrupted; nothing else runs there until it has ended."""
        for row in self.jobs.list_interrupted():
            instance = store.find_instance(self.database.reader, row.instance)
            intent = {"kind": row.kind, **restore(row, Output()).intent}
            if instance is None and not (intent.get("is_deleting") or "creating" in intent):
                self.jobs.interrupt(row)
            else:
                work = partial(self._recover, instance, intent)
                self.jobs.take_over(row, (KIND, ACTOR), intent, work)

    def _recover(self, instance: Instance | None, intent: Intent, job: Job) -> Result:
        job.enter("recovering", is_cancellable=False)
        job.write(f"PalServer was stopped in the middle of this: {intent['kind']}.")
        if "process_group" in intent:
            shell.end_leftover(intent["process_group"])

        def put_right() -> tuple[Outcome, ...]:
            self.watch.wait_until_reachable()
            return self._put_right(job, instance, intent)

        try:
            outcomes = persist(job, put_right, lambda error, tries: _is_worth_it(error, tries, intent))
        except Exception:
            self._give_up(instance)
            raise
        job.write(tell(outcomes))
        found = [{"key": outcome.key, "values": outcome.values} for outcome in outcomes]
        return {"of": intent["kind"], "outcome": tell(outcomes), "outcomes": found}

    def _give_up(self, instance: Instance | None) -> None:
        """The server is somebody's to look at now, with the restart policy that he gave it."""
        if instance is not None:
            with suppress(errors.PalError):
                self.lifecycle.policies.put_back(instance.name)

    def _put_right(self, job: Job, instance: Instance | None, intent: Intent) -> tuple[Outcome, ...]:
        """Returns what was done."""
        if instance is None:
            return (self._put_away(job, intent),)
        self.backups.mend(instance.name)
        self.restores.remove_helpers(intent)
        if intent.get("is_deleting"):
            return (self.deletions.mend(job, instance, intent),)
        if "creating" in intent:
            return (self.creations.mend(job, intent),)
        if intent.get("is_restoring"):
            world = self.restores.mend(job, instance, intent)
            return (world, self._run_as_before(job, instance, intent))
        if intent.get("is_updating"):
            version = self.updates.mend(job, instance, intent)
            return (version, self._run_as_before(job, instance, intent))
        if intent.get("is_stopping"):
            with suppress(errors.ContainerMissing):  # gone, which is more than was wanted
                self.lifecycle.end(job, instance)
        self.lifecycle.policies.put_back(instance.name)
        if intent.get("shall_run"):
            with suppress(errors.PalError, sqlite3.Error):  # no room, which a start does not need
                job.intend(is_stopping=False)  # whoever takes over from here must not stop it again
            self.lifecycle.start(job, instance)
            return (Outcome("started_again"),)
        self.lifecycle.unmake(instance, intent)
        return (self._describe(instance, intent),)

    def _put_away(self, job: Job, intent: Intent) -> Outcome:
        """What is left of a server that has no row: not yet, or not any more."""
        if intent.get("is_deleting"):
            self.restores.remove_helpers(intent)
            return Outcome("deleted")  # all of it: the row goes last
        return self.creations.mend(job, intent)

    def _run_as_before(self, job: Job, instance: Instance, intent: Intent) -> Outcome:
        self.lifecycle.policies.put_back(instance.name)
        if not intent.get("shall_run"):
            return Outcome("stopped_as_before")
        try:
            self.lifecycle.start(job, instance)
        except errors.ContainerMissing:
            return Outcome("container_gone")
        return Outcome("started_again")

    def _describe(self, instance: Instance, intent: Intent) -> Outcome:
        container = self.watch.look(instance.container)
        if container is None:
            return Outcome("container_gone")
        if intent.get("is_stopping"):
            return Outcome("stopped_as_meant")
        return Outcome("runs_on" if container.is_up else "stopped")


def _is_worth_it(error: Exception, tries: int, intent: Intent) -> bool:
    """No world is left half-way; with anything else somebody may want to go on himself."""
    if isinstance(error, errors.EngineUnreachable):
        return True
    if any(intent.get(name) for name in HALF_WAY):
        return is_hopeful(error)
    return isinstance(error, errors.EngineRefused | errors.NoSideContainer) and tries <= REFUSALS
