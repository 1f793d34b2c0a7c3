"""What ties a container to its host: ports, mounts, networks. Read from `inspect`, written for `create`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import normpath
from typing import Any

import msgspec

Json = dict[str, Any]

ENDPOINT_KEYS = ("DriverOpts", "GwPriority", "Links")


class PortBinding(msgspec.Struct, frozen=True):
    """`container` is like `8211/udp`; `host_port` is a number, a range, or empty for the engine's choice."""

    container: str
    host_ip: str
    host_port: str


class Mount(msgspec.Struct, frozen=True, omit_defaults=True):
    """`source` is a folder of the host or a volume's name, that of an anonymous volume too.

    `mode` is the third part of a `-v`. A `--mount` has `options` instead, in the engine's words.
    """

    kind: str
    source: str
    target: str
    mode: str = ""
    options: Json | None = None


class Network(msgspec.Struct, frozen=True, omit_defaults=True):
    """`addresses` are those asked for, `options` what else was; both in the engine's words."""

    name: str
    aliases: tuple[str, ...] = ()
    addresses: Json = {}
    options: Json = {}


def read_ports(container: Json) -> tuple[PortBinding, ...]:
    bindings = container["HostConfig"].get("PortBindings") or {}
    return tuple(
        PortBinding(port, binding.get("HostIp") or "", binding.get("HostPort") or "")
        for port in sorted(bindings)
        for binding in bindings[port] or []
    )


def write_ports(ports: Iterable[PortBinding]) -> Json:
    """As `HostConfig.PortBindings`."""
    bindings: Json = {}
    for port in ports:
        binding = {"HostIp": port.host_ip, "HostPort": port.host_port}
        bindings.setdefault(port.container, []).append(binding)
    return bindings


def read_mounts(container: Json) -> tuple[Mount, ...]:
    return tuple(sorted(_list_mounts(container), key=lambda mount: mount.target))


def _list_mounts(container: Json) -> Iterator[Mount]:
    """What was asked for; then what came by itself: the volumes of the image, those of another container."""
    there = {mount["Destination"]: mount for mount in container.get("Mounts") or []}
    for bind in container["HostConfig"].get("Binds") or []:
        source, *rest = bind.split(":", 2)
        if rest:  # else a nameless volume, which is among what is there
            target, mode = normpath(rest[0]), "".join(rest[1:])
            there.pop(target, None)
            kind = "bind" if source.startswith("/") else "volume"
            yield Mount(kind, source, target, "" if mode == "rw" else mode)
    for mount in container["HostConfig"].get("Mounts") or []:
        target = normpath(mount["Target"])
        found = there.pop(target, {})
        options = {key: mount[key] for key in mount if key not in ("Type", "Source", "Target")}
        yield Mount(mount["Type"], mount.get("Source") or found.get("Name") or "", target, options=options)
    for target, found in there.items():
        yield Mount(found["Type"], found.get("Name") or found["Source"], target, "" if found["RW"] else "ro")


def write_mounts(mounts: Iterable[Mount]) -> Json:
    """As `HostConfig.Binds` and `HostConfig.Mounts`, each where it was asked for."""
    binds, structured = [], []
    for mount in mounts:
        if mount.options is None:
            binds.append(":".join(filter(None, (mount.source, mount.target, mount.mode))))
        else:
            structured.append(
                {"Type": mount.kind, "Source": mount.source, "Target": mount.target, **mount.options}
            )
    return {"Binds": binds, "Mounts": structured}


def read_network_mode(container: Json) -> str | None:
    """`host`, `none`, `container:…`; None for a container with networks of its own."""
    mode = container["HostConfig"].get("NetworkMode") or ""
    if mode in ("host", "none") or mode.startswith("container:"):
        return str(mode)
    return None if container["NetworkSettings"].get("Networks") else "none"


def read_networks(container: Json) -> tuple[Network, ...]:
    """The first is the one that the container was made on."""
    if read_network_mode(container) is not None:
        return ()
    attached = container["NetworkSettings"]["Networks"]
    mode = container["HostConfig"].get("NetworkMode")
    made_on = "bridge" if mode in (None, "", "default") else mode
    names = sorted(attached, key=lambda name: (made_on not in (name, attached[name].get("NetworkID")), name))
    return tuple(_read_network(name, attached[name], container["Id"]) for name in names)


def _read_network(name: str, endpoint: Json, container_id: str) -> Network:
    # The engine adds the container's short id to its aliases; the next container has another id.
    aliases = [alias for alias in endpoint.get("Aliases") or [] if not container_id.startswith(alias)]
    addresses = {key: value for key, value in (endpoint.get("IPAMConfig") or {}).items() if value}
    options = {key: endpoint[key] for key in ENDPOINT_KEYS if endpoint.get(key)}
    return Network(name, tuple(sorted(set(aliases))), addresses, options)


def write_network(network: Network) -> Json:
    """As an endpoint's settings."""
    endpoint: Json = dict(network.options)
    if network.aliases:
        endpoint["Aliases"] = list(network.aliases)
    if network.addresses:
        endpoint["IPAMConfig"] = network.addresses
    return endpoint
