"""Servers that have their world in the same place: two containers with one volume, of which one plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from palserver.clients.engine import Engine
from palserver.errors import PalError, WorldInUse
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance

UP = ("running", "paused", "restarting")


@dataclass(frozen=True)
class Neighbours:
    """`is_busy` tells whether a job runs on the instance of that name, `is_changing` whether it writes."""

    database: Database
    engine: Engine
    is_busy: Callable[[str], bool]
    is_changing: Callable[[str], bool]

    def check(self, instance: Instance) -> None:
        """Raises WorldInUse where another server plays this world, or something is done to it there."""
        other = self.find(instance)
        if other is not None:
            raise WorldInUse(f"The server {other} has the same world, and uses it.")

    def is_alone(self, instance: Instance) -> bool:
        """Whether nobody else can be writing into its world now; who cannot be asked is not known not to."""
        try:
            return self.find(instance, self.is_changing) is None
        except PalError:
            return False

    def find(self, instance: Instance, is_busy: Callable[[str], bool] | None = None) -> str | None:
        """The name of the other one. Only servers count: what else looks into a volume is no game."""
        is_busy = is_busy or self.is_busy
        listed = {each["Names"][0].lstrip("/"): each for each in self.engine.list_containers()}
        own = find_place(listed.get(instance.container), instance.saved_path)
        for other in store.list_instances(self.database.reader):
            container = listed.get(other.container)
            place = find_place(container, other.saved_path)
            if container is None or other.container == instance.container or None in (own, place):
                continue
            is_used = container["State"] in UP or is_busy(other.name)
            if is_used and overlap(str(own), str(place)):
                return other.name
        return None


def find_place(container: dict[str, Any] | None, path: str) -> str | None:
    """Where a path of a container lies, as the engine lists it; None if in the container itself."""
    mounts = container["Mounts"] if container is not None else []
    above = [mount for mount in mounts if f"{path}/".startswith(f"{mount['Destination'].rstrip('/')}/")]
    nearest = max(above, key=lambda mount: len(mount["Destination"]), default=None)
    if nearest is None or nearest["Type"] not in ("bind", "volume"):
        return None
    where = nearest.get("Name") or nearest.get("Source")
    return f"{where}{path[len(nearest['Destination'].rstrip('/')) :]}".rstrip("/")


def overlap(one: str, other: str) -> bool:
    """Whether it is the same place, or one lies in the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
