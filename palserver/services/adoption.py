"""Taking over containers that run Palworld servers already. Adopting changes nothing in them."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from palserver import errors
from palserver.clients.containers import Container, read_container
from palserver.clients.engine import Engine
from palserver.clock import utc_now
from palserver.names import is_instance_name
from palserver.services.engine_watch import EngineWatch
from palserver.services.specs import spec_from_inspection
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance

SAVED_PATH_LABEL = "palserver.saved-path"
# Where each known image keeps its save folder. Repositories are compared without registry and tag.
SAVED_PATHS = {
    "thijsvanloef/palworld-server-docker": "/palworld/Pal/Saved",
    "jammsen/palworld-dedicated-server": "/palworld/Pal/Saved",
    "pocketpairjp/palserver": "/pal/Package/Pal/Saved",
    "supersunho/palworld-server": "/home/steam/palworld_server/Pal/Saved",
    "palworld_server_steam": "/home/steam/palworld/Pal/Saved",
}
SAVED_SUFFIX = "/Pal/Saved"


class Adoptable(msgspec.Struct, frozen=True):
    """A container to adopt. `suggested_name` is null where its own name cannot be an instance's."""

    container: str
    image: str
    state: str
    suggested_name: str | None


class Adoption:
    def __init__(self, database: Database, engine: Engine, watch: EngineWatch) -> None:
        self._database = database
        self._engine = engine
        self._watch = watch

    def list_adoptable(self) -> list[Adoptable]:
        """Raises EngineUnreachable."""
        managed = {instance.container for instance in store.list_instances(self._database.reader)}
        found = []
        for listed in self._engine.list_containers():
            name = listed["Names"][0].lstrip("/")
            if name not in managed and self._is_palworld(name, listed):
                found.append(Adoptable(name, listed["Image"], listed["State"], _suggest_name(name)))
        return sorted(found, key=lambda adoptable: adoptable.container)

    def adopt(self, container_name: str, name: str | None) -> Instance:
        """Write the container down as an instance.

        Raises ContainerNotFound, NotAPalworldServer, Invalid (the name), InstanceExists, ContainerManaged,
        EngineUnreachable.
        """
        container, inspection = self._inspect(container_name)
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

    def _is_palworld(self, name: str, listed: dict[str, Any]) -> bool:
        mounts = tuple(mount["Destination"] for mount in listed["Mounts"])
        return self._find_saved_path(name, listed["Image"], listed["Labels"] or {}, mounts) is not None

    def _find_saved_path(
        self, name: str, image: str, labels: dict[str, str], mounts: tuple[str, ...]
    ) -> str | None:
        """By label, by image, by mount, and last by looking into the container, which may be stopped."""
        if labels.get(SAVED_PATH_LABEL, "").startswith("/"):
            return labels[SAVED_PATH_LABEL]
        repository = _repository(image)
        for known, saved_path in SAVED_PATHS.items():
            if repository == known or repository.endswith("/" + known):
                return saved_path
        for mount in mounts:
            if mount.rstrip("/").endswith(SAVED_SUFFIX):
                return mount.rstrip("/")
        candidates = sorted(set(SAVED_PATHS.values()))
        return next((path for path in candidates if self._engine.has_path(name, path)), None)


def _repository(image: str) -> str:
    """`registry:5000/a/b:tag@digest` without tag and digest."""
    image = image.partition("@")[0]
    head, colon, tail = image.rpartition(":")
    return head if colon and "/" not in tail else image


def _suggest_name(container_name: str) -> str | None:
    return container_name if is_instance_name(container_name) else None


def _check_name(name: str) -> str:
    if not is_instance_name(name):
        why = "must be 2 to 32 letters, digits, - or _, begin with a letter or digit, and not be reserved"
        raise errors.Invalid(fields={"name": why})
    return name
