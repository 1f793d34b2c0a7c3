"""What somebody wants to be different about a server: how its game is reached, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from palserver.errors import Invalid
from palserver.services.containers.creation_checks import (
    Memory,
    Port,
    Variables,
    check_environment,
    list_unreachable,
    tell_clash,
)
from palserver.services.containers.ports import GAME, QUERY, REST, find_port, replace_ports
from palserver.services.containers.specs import Spec
from palserver.services.images.known import find_known_image
from palserver.services.logs.redaction import is_secret
from palserver.store.instances import Instance

PORTS = (GAME, QUERY, REST)
# How the game is reached, which is no part of the container.
ACCESS = ("rest_address", "admin_password")


class Changes(msgspec.Struct, frozen=True):
    """What is to be changed. Fields that are not named stay.

    An empty `rest_address` or `admin_password` goes back to looking. A memory limit of null is none, and a
    variable of null is the image's own again; variables that are not named stay. Ports, memory and variables
    make a new container in the place of the old one. An address that was set by hand goes with the REST port
    where that is the port in it.
    """

    rest_address: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    admin_password: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    game_port: Port | msgspec.UnsetType = msgspec.UNSET
    query_port: Port | msgspec.UnsetType = msgspec.UNSET
    rest_port: Port | msgspec.UnsetType = msgspec.UNSET
    memory_limit_bytes: Memory | msgspec.UnsetType | None = msgspec.UNSET
    environment: Variables | msgspec.UnsetType = msgspec.UNSET


class Change(msgspec.Struct, frozen=True):
    """One field that would be different; `before` and `after` are left out where they are secret."""

    field: str
    before: str | msgspec.UnsetType | None = msgspec.UNSET
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class ChangeList(msgspec.Struct, frozen=True):
    """What would be different, and whether a compose file of the server would not know of it.

    The file is its owner's and stays as it is: his own `update.sh` and compose itself go by it, and a start
    without a container does once it has changed. What was changed here is undone then.
    """

    changes: list[Change]
    compose_file_stays: bool


def list_access_changes(instance: Instance, changes: Changes) -> list[Change]:
    """What would be different about how the game is reached; a password is never shown. Raises Invalid."""
    listed = []
    for name in ACCESS:
        wanted = getattr(changes, name)
        if wanted is msgspec.UNSET:
            continue
        if name == "rest_address":
            wanted = normalise_address(wanted)
        before, after = getattr(instance, name), wanted or None
        if before != after:
            is_secret = name == "admin_password"
            listed.append(Change(name) if is_secret else Change(name, before, after))
    return listed


def list_spec_changes(before: Spec, after: Spec) -> list[Change]:
    """What would be different about the container, field by field."""
    listed = [
        Change(field, _text(find_port(before, field)), _text(find_port(after, field)))
        for field in PORTS
        if find_port(before, field) != find_port(after, field)
    ]
    limits = (before.memory_limit_bytes, after.memory_limit_bytes)
    if limits[0] != limits[1]:
        listed.append(Change("memory_limit_bytes", *map(_text, limits)))
    for variable in sorted({*before.environment, *after.environment}):
        values = before.environment.get(variable), after.environment.get(variable)
        if values[0] != values[1]:
            field = f"environment.{variable}"
            listed.append(Change(field) if is_secret(variable) else Change(field, *values))
    return listed


def change_spec(spec: Spec, changes: Changes) -> Spec:
    """What the container shall be made from. Raises Invalid."""
    ports = {field: port for field in PORTS if (port := getattr(changes, field)) is not msgspec.UNSET}
    variables = {} if changes.environment is msgspec.UNSET else changes.environment
    problems = _check_port_variables(spec, variables) | check_environment(variables)
    if ports and spec.network_mode is not None:
        problems |= dict.fromkeys(ports, "cannot be published: the container has no network of its own")
    if problems:
        raise Invalid(fields=problems)
    # A port that stays is left alone, whatever address it is published on.
    moved = {field: port for field, port in ports.items() if port != find_port(spec, field)}
    spec = replace_ports(spec, moved) if moved else spec
    environment = {
        name: value
        for name, value in (spec.environment | variables).items()
        if name not in variables or value is not None
    }
    spec = msgspec.structs.replace(spec, environment=environment)
    if (
        changes.memory_limit_bytes is not msgspec.UNSET
        and changes.memory_limit_bytes != spec.memory_limit_bytes
    ):
        host = {
            key: value for key, value in spec.host.items() if key != "MemorySwap"
        }  # it goes with the limit
        spec = msgspec.structs.replace(spec, memory_limit_bytes=changes.memory_limit_bytes, host=host)
    return spec


def _check_port_variables(spec: Spec, variables: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with those that differ. On a network that is not its own, any port is reached."""
    if spec.network_mode is not None:
        return {}
    different = {name: value for name, value in variables.items() if value != spec.environment.get(name)}
    published = {port.container for port in spec.ports}
    clashes = list_unreachable(different, find_known_image(spec.image), published)
    return {"environment": tell_clash(clashes)} if clashes else {}


def follow_rest_port(instance: Instance, changes: Changes, before: Spec, after: Spec) -> Changes:
    """With the new address of a game that is reached, as set by hand, by the published port that moves.

    By the container's own name one comes to the port inside, which stays.
    """
    old, new = find_port(before, REST), find_port(after, REST)
    if not instance.rest_address or changes.rest_address is not msgspec.UNSET or new in (None, old):
        return changes
    parts = urlsplit(instance.rest_address)
    if parts.port != old or parts.hostname in (instance.container.lower(), before.hostname):
        return changes
    host = parts.netloc.rpartition(":")[0]
    return msgspec.structs.replace(changes, rest_address=f"{parts.scheme}://{host}:{new}")


def list_moved_ports(before: Spec, after: Spec) -> dict[str, int]:
    """The ports that the new container would publish elsewhere."""
    return {field: port for field, port in list_ports(after).items() if port != find_port(before, field)}


def list_ports(spec: Spec) -> dict[str, int]:
    return {field: port for field in PORTS if (port := find_port(spec, field)) is not None}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def merge_access(instance: Instance, changes: Changes) -> tuple[str | None, str | None]:
    """The address and the password as they shall be. Raises Invalid."""
    address, password = instance.rest_address, instance.admin_password
    if changes.rest_address is not msgspec.UNSET:
        address = normalise_address(changes.rest_address) or None
    if changes.admin_password is not msgspec.UNSET:
        password = changes.admin_password or None
    return address, password


def normalise_address(text: str) -> str:
    """`host:port` or `http://host:port` as the latter; empty stays empty. Raises Invalid."""
    if not text:
        return ""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        is_right = parts.scheme == "http" and parts.hostname and parts.port and parts.path in ("", "/")
    except ValueError:
        is_right = False
    if not is_right or parts.username or parts.query or parts.fragment:
        raise Invalid(fields={"rest_address": "must be like 192.168.0.5:8212"})
    return f"http://{parts.netloc}"
