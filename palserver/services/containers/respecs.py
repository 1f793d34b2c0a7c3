"""Changing what a server is made from, and how its game is reached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import msgspec

from palserver.services.containers.changes import (
    ACCESS,
    Change,
    ChangeList,
    Changes,
    change_spec,
    follow_rest_port,
    list_access_changes,
    list_moved_ports,
    list_ports,
    list_spec_changes,
)
from palserver.services.containers.exchanges import Exchanges
from palserver.services.containers.ports import Ports
from palserver.services.containers.specs import Spec
from palserver.services.containers.updates import Updates
from palserver.services.jobs.jobs import Job, Result
from palserver.store.instances import Instance

COMPOSE_FILE_STAYS = (
    "docker-compose-{name}.yml stays as it is. Change it as well: your own update.sh and docker compose go "
    "by it, and so does a start without a container once the file has changed."
)


@dataclass(frozen=True)
class Respecs:
    """`change` is the work of a job; where the new container does not come up, the old one is back."""

    exchanges: Exchanges
    ports: Ports
    updates: Updates

    def find_spec(self, instance: Instance) -> Spec:
        """What the container is made from, or was when there was one."""
        found = self.exchanges.find_spec(instance.container)
        return found[0] if found else msgspec.json.decode(instance.spec, type=Spec)

    def list_changes(self, instance: Instance, changes: Changes) -> list[Change]:
        """What would be different. Raises Invalid, PortInUse."""
        if not _touches_spec(changes):
            return list_access_changes(instance, changes)
        before = self.find_spec(instance)
        after = change_spec(before, changes)
        self._check_ports(instance, before, after)
        changes = follow_rest_port(instance, changes, before, after)
        return [*list_access_changes(instance, changes), *list_spec_changes(before, after)]

    def preview(self, instance: Instance, changes: Changes) -> ChangeList:
        """As `list_changes`."""
        listed = self.list_changes(instance, changes)
        is_remade = any(change.field not in ACCESS for change in listed)
        return ChangeList(listed, is_remade and self._has_compose_file(instance))

    def change(self, job: Job, instance: Instance, changes: Changes) -> Result:
        """Raises what `list_changes` raises, and what an update raises."""
        listed = self.list_changes(instance, changes)
        result: Result = {"changes": [msgspec.to_builtins(change) for change in listed]}
        if _touches_spec(changes):
            before = self.find_spec(instance)
            after = change_spec(before, changes)
            changes = follow_rest_port(instance, changes, before, after)
            if after != before:
                set_access = partial(self.updates.set_access, job, instance, changes)
                result |= self.updates.remake(job, instance, after, set_access)
                if self._has_compose_file(instance):
                    job.write(COMPOSE_FILE_STAYS.format(name=instance.name))
                return result
        job.enter("changing", is_cancellable=False)
        self.updates.set_access(job, instance, changes)
        return result

    def _has_compose_file(self, instance: Instance) -> bool:
        return self.updates.compose_files.find_path(instance.name) is not None

    def _check_ports(self, instance: Instance, before: Spec, after: Spec) -> None:
        moved = list_moved_ports(before, after)
        if moved:
            self.ports.check(list_ports(after), [])
            self.ports.check(moved, self.ports.list_taken(except_container=instance.container))


def _touches_spec(changes: Changes) -> bool:
    fields = ("game_port", "query_port", "rest_port", "memory_limit_bytes", "environment")
    return any(getattr(changes, field) is not msgspec.UNSET for field in fields)
