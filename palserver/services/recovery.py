"""After a crash: what was begun is finished or undone before anybody else may touch the instance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import gevent

from palserver import errors
from palserver.clients import shell
from palserver.clients.engine import Engine
from palserver.services.backups import Backups
from palserver.services.engine_watch import EngineWatch
from palserver.services.job import Intent, Job, Result, restore
from palserver.services.jobs import Jobs
from palserver.services.lifecycle import Lifecycle
from palserver.services.restore_recovery import RestoreRecovery
from palserver.services.updates import Updates
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance
from palserver.store.jobs import Output

KIND = "recovery"
ACTOR = "PalServer"
AGAIN_SECONDS = 1.0
# An engine that has just begun to answer may still refuse what it will do a moment later.
REFUSALS = 5


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

    def start(self) -> None:
        """A job for each instance where one was interrupted; nothing else runs there until it has ended."""
        for row in self.jobs.list_interrupted():
            instance = store.find_instance(self.database.reader, row.instance)
            if instance is None:
                self.jobs.interrupt(row)
            else:
                intent = {"kind": row.kind, **restore(row, Output()).intent}
                work = partial(self._recover, instance, intent)
                self.jobs.take_over(row, (KIND, ACTOR), intent, work)

    def _recover(self, instance: Instance, intent: Intent, job: Job) -> Result:
        job.enter("recovering", is_cancellable=False)
        job.write(f"PalServer was stopped in the middle of this: {intent['kind']}.")
        if "process_group" in intent:
            shell.end_leftover(intent["process_group"])
        refusals = 0
        while True:
            self._wait_for_engine()
            try:
                outcome = self._put_right(job, instance, intent)
            except errors.EngineUnreachable:
                gevent.sleep(AGAIN_SECONDS)
            except (errors.EngineRefused, errors.NoSideContainer):
                refusals += 1
                if refusals > REFUSALS:
                    raise
                gevent.sleep(AGAIN_SECONDS)
            else:
                job.write(outcome)
                return {"of": intent["kind"], "outcome": outcome}

    def _wait_for_engine(self) -> None:
        changes = self.watch.engine_changes.subscribe()
        try:
            while not self.watch.is_reachable:
                changes.take()
        finally:
            changes.close()

    def _put_right(self, job: Job, instance: Instance, intent: Intent) -> str:
        """Returns the sentence that says what was done."""
        self.backups.mend(instance.name)
        self.restores.remove_helpers(intent)
        if intent.get("is_restoring"):
            world = self.restores.mend(job, instance, intent)
            return self._run_as_before(job, instance, intent, f"{world} The server")
        if intent.get("is_updating"):
            version = self.updates.mend(job, instance, intent)
            return self._run_as_before(job, instance, intent, f"{version} It")
        if intent.get("is_stopping"):
            self.lifecycle.end(job, instance)
        self.lifecycle.put_policy_back(instance.name)
        if intent.get("shall_run"):
            self.lifecycle.start(job, instance)
            return "The server was started again."
        return self._describe(instance, intent)

    def _run_as_before(self, job: Job, instance: Instance, intent: Intent, told: str) -> str:
        """Returns `told`, which ends with a subject, and what it is now."""
        self.lifecycle.put_policy_back(instance.name)
        if not intent.get("shall_run"):
            return f"{told} is stopped, as it was."
        self.lifecycle.start(job, instance)
        return f"{told} was started again."

    def _describe(self, instance: Instance, intent: Intent) -> str:
        container = self.watch.look(instance.container)
        if container is None:
            return "The container of this server is gone."
        if intent.get("is_stopping"):
            return "The server was stopped, as it was meant to be."
        return "The server runs on." if container.is_up else "The server is stopped."
