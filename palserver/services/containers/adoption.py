"""Taking over containers that run Palworld servers already. Adopting changes nothing in them."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import msgspec

from palserver import errors
from palserver.clients.containers import Container, read_container
from palserver.clients.engine import Engine
from palserver.clock import utc_now
from palserver.names import NAME_RULE, is_instance_name
from palserver.services.containers.exchanges import is_aside
from palserver.services.containers.specs import spec_from_inspection
from palserver.services.engine_watch import EngineWatch
from palserver.services.images.known import KNOWN_IMAGES, find_known_image
from palserver.services.jobs.jobs import Jobs
from palserver.services.restores.side_containers import HELPER_LABEL, STAND_IN_LABEL
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance

log = logging.getLogger(__name__)

SAVED_PATH_LABEL = "palserver.saved-path"
SAVED_SUFFIX = "/Pal/Saved"


class Adoptable(msgspec.Struct, frozen=True):
    """A container to adopt. `suggested_name` is null where its own name cannot be an instance's."""

    container: str
    image: str
    state: str
    suggested_name: str | None


class Adoption:
    def __init__(self, database: Database, engine: Engine, watch: EngineWatch, jobs: Jobs) -> None:
        self._database = database
        self._engine = engine
        self._watch = watch
        self._jobs = jobs

    def list_adoptable(self) -> list[Adoptable]:
        """Raises EngineUnreachable."""
        found = []
        containers = self._engine.list_containers()
        making, managed = self._list_own()
        for listed in containers:
            name = listed["Names"][0].lstrip("/")
            is_own = name in managed or _is_of_job(name, making, managed)
            if not is_own and self._is_palworld(name, listed):
                found.append(Adoptable(name, listed["Image"], listed["State"], _suggest_name(name)))
        return sorted(found, key=lambda adoptable: adoptable.container)

    def adopt(self, container_name: str, name: str | None) -> Instance:
        """Write the container down as an instance. One that a job makes or exchanges is managed already.

        Raises ContainerNotFound, NotAPalworldServer, Invalid (the name), InstanceExists, ContainerManaged,
        EngineUnreachable.
        """
        container, inspection = self._inspect(container_name)
        if _is_of_job(container.name, *self._list_own()):
            raise errors.ContainerManaged()
        saved_path = self._find_saved_path(
            container.name, container.image, container.labels, container.mounts
        )
        if saved_path is None:
            raise errors.NotAPalworldServer()
        instance = Instance(
            name=_check_name(container.name if name is None else name),
            container=container.name,
            source="adopted",
            saved_path=saved_path,
            spec=self._read_spec(inspection),
            rest_address=None,
            admin_password=None,
            held_restart_policy=None,
            created_at=utc_now(),
        )
        self._add(instance)
        self._watch.look(instance.container)
        return instance

    def _inspect(self, name: str) -> tuple[Container, dict[str, Any]]:
        try:
            inspection = self._engine.inspect(name)
        except errors.ContainerMissing as error:
            raise errors.ContainerNotFound() from error
        return read_container(inspection), inspection

    def _read_spec(self, inspection: dict[str, Any]) -> str:
        image = self._engine.inspect_image(inspection["Image"])
        return msgspec.json.encode(spec_from_inspection(inspection, image)).decode()

    def _add(self, instance: Instance) -> None:
        if store.find_instance(self._database.reader, instance.name):
            raise errors.InstanceExists()
        try:
            self._database.write(store.add_instance, instance)
        except sqlite3.IntegrityError as error:
            raise errors.ContainerManaged() from error

    def _list_own(self) -> tuple[set[str], set[str]]:
        """The containers that are being made into servers, and those of servers.

        To be asked in this order, and after a container was seen: then it is in one of them.
        """
        making = {intent["creating"]["name"] for intent in self._jobs.list_intents() if "creating" in intent}
        return making, {instance.container for instance in store.list_instances(self._database.reader)}

    def _is_palworld(self, name: str, listed: dict[str, Any]) -> bool:
        mounts = tuple(mount["Destination"] for mount in listed["Mounts"])
        if {HELPER_LABEL, STAND_IN_LABEL} & (listed["Labels"] or {}).keys():  # ours, and there for a moment
            return False
        try:
            return self._find_saved_path(name, listed["Image"], listed["Labels"] or {}, mounts) is not None
        except errors.EngineRefused:
            log.warning("%s cannot be looked into: it is not offered.", name)
            return False

    def _find_saved_path(
        self, name: str, image: str, labels: dict[str, str], mounts: tuple[str, ...]
    ) -> str | None:
        """By label, by image, by mount, and last by looking into the container, which may be stopped."""
        if labels.get(SAVED_PATH_LABEL, "").startswith("/"):
            return labels[SAVED_PATH_LABEL]
        known = find_known_image(image)
        if known is not None:
            return known.saved_path
        for mount in mounts:
            if mount.rstrip("/").endswith(SAVED_SUFFIX):
                return mount.rstrip("/")
        candidates = {known.saved_path for known in KNOWN_IMAGES} | {
            f"{mount.rstrip('/')}{SAVED_SUFFIX}" for mount in mounts
        }
        return next((path for path in sorted(candidates) if self._engine.has_path(name, path)), None)


def _is_of_job(name: str, making: set[str], managed: set[str]) -> bool:
    """Whether a job makes it, or exchanges it for another: it may be gone in a moment."""
    return name in making or is_aside(name, managed)


def _suggest_name(container_name: str) -> str | None:
    return container_name if is_instance_name(container_name) else None


def _check_name(name: str) -> str:
    if not is_instance_name(name):
        raise errors.Invalid(fields={"name": NAME_RULE})
    return name
