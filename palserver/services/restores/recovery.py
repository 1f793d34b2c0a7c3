"""A restore that was interrupted: ended by what is found on the volume, whatever had been begun there."""

from __future__ import annotations

from dataclasses import dataclass

from palserver import errors
from palserver.services.containers.making import Making
from palserver.services.jobs.job import Intent, Job
from palserver.services.jobs.outcomes import Outcome
from palserver.services.lifecycle import Lifecycle
from palserver.services.restores.restores import OUTCOMES
from palserver.services.restores.side_containers import SideContainers
from palserver.services.restores.side_scripts import WORK_PREFIX
from palserver.store.instances import Instance


@dataclass(frozen=True)
class RestoreRecovery:
    """Both work on an intent of `Restores.restore`, and may be interrupted themselves."""

    beside: SideContainers
    lifecycle: Lifecycle
    making: Making

    def remove_helpers(self, intent: Intent) -> None:
        """First of all: nobody else may be at work on the volume. Raises EngineUnreachable."""
        if "helper" in intent:
            self.beside.remove_leftovers(intent["helper"])

    def mend(self, job: Job, instance: Instance, intent: Intent) -> Outcome:
        """The old world or the restored one, whole, and nothing beside it.

        A container that is gone meanwhile is no hindrance where another one can be made for this. Raises
        EngineUnreachable, ContainerMissing, NoSideContainer, and WorldAway where the disk is not there.
        """
        with self.making.stand_in(instance, intent["helper"], intent.get("stand_in")) as seen:
            found = self._end_exchange(job, seen, intent)
        # Nothing of it is left now: whoever takes over from here must not stop the server again.
        job.intend(world=found, is_restoring=False, is_stopping=False)
        self.lifecycle.policies.put_back(instance.name)
        self.lifecycle.unmake(instance, job.intent)
        return OUTCOMES[found]

    def _end_exchange(self, job: Job, instance: Instance, intent: Intent) -> str | None:
        work = f"{instance.saved_path}/{WORK_PREFIX}{intent['helper']}"
        if self.beside.engine.has_path(instance.container, work):
            # Else there is nothing to undo, and the game may go on with the world that it has open.
            self.lifecycle.end(job, instance)
            job.intend(is_committing=False)  # it was not done: the old world is the truth, also the next time
        job.enter("putting_back", is_cancellable=False)
        found = self.beside.tidy(instance, intent["helper"]) or job.intent.get("world")
        if found is None and intent.get("is_committing"):
            found = "new"  # all of it had been done, and nothing was left to find
        worlds = f"{instance.saved_path}/SaveGames"
        if intent.get("had_world") and not self.beside.engine.has_path(instance.container, worlds):
            raise errors.WorldAway()
        return found
