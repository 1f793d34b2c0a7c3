"""A restore that was interrupted: ended by what is found on the volume, whatever had been begun there."""

from __future__ import annotations

from dataclasses import dataclass

from palserver.services.job import Intent, Job
from palserver.services.lifecycle import Lifecycle
from palserver.services.restores import SENTENCES
from palserver.services.side_containers import SideContainers
from palserver.services.side_scripts import WORK_PREFIX
from palserver.store.instances import Instance


@dataclass(frozen=True)
class RestoreRecovery:
    """Both work on an intent of `Restores.restore`, and may be interrupted themselves."""

    beside: SideContainers
    lifecycle: Lifecycle

    def remove_helpers(self, intent: Intent) -> None:
        """First of all: nobody else may be at work on the volume. Raises EngineUnreachable."""
        if "helper" in intent:
            self.beside.remove_leftovers(intent["helper"])

    def mend(self, job: Job, instance: Instance, intent: Intent) -> str:
        """The old world or the restored one, whole, and nothing beside it; returns the sentence for which.

        Raises EngineUnreachable, ContainerMissing, NoSideContainer.
        """
        work = f"{instance.saved_path}/{WORK_PREFIX}{intent['helper']}"
        if self.beside.engine.has_path(instance.container, work):
            # Else there is nothing to undo, and the game may go on with the world that it has open.
            self.lifecycle.end(job, instance)
        job.enter("putting_back", is_cancellable=False)
        found = self.beside.tidy(instance, intent["helper"]) or job.intent.get("world")
        if found is None and intent.get("is_committing"):
            found = "new"  # all of it had been done, and nothing was left to find
        # Nothing of it is left now: whoever takes over from here must not stop the server again.
        job.intend(world=found, is_restoring=False, is_stopping=False)
        return SENTENCES[found]
