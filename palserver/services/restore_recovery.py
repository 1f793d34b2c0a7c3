"""A restore that was interrupted: ended by what is found on the volume, whatever had been begun there."""

from __future__ import annotations

from dataclasses import dataclass

from palserver.services.job import Intent, Job
from palserver.services.lifecycle import Lifecycle
from palserver.services.side_containers import SideContainers
from palserver.store.instances import Instance

SENTENCES = {
    "new": "The restored world is in its place.",
    "old": "The old world is in its place, as it was.",
    None: "No world had been touched.",
}


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
        self.lifecycle.end(job, instance)
        job.enter("putting_back", is_cancellable=False)
        found = self.beside.tidy(instance, intent["helper"]) or job.intent.get("world")
        # Nothing of it is left now: whoever takes over from here must not stop the server again.
        job.intend(world=found, is_restoring=False, is_stopping=False)
        return SENTENCES[found]
