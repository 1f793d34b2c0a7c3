"""What a compose file ties a container to: ports, folders and volumes, networks. All raise ComposeFault."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from palserver.services.compose import values
from palserver.services.compose.projects import Project
from palserver.services.compose.variables import ComposeFault
from palserver.services.containers.attachments import Json, Mount, Network


def read_exposed(service: Json) -> Iterator[str]:
    for port in values.read_list("expose", service.get("expose")):
        yield port if "/" in port else f"{port}/tcp"


def read_mounts(project: Project, service: Json) -> Iterator[Mount]:
    for entry in values.read_entries("volumes", service.get("volumes")):
        if isinstance(entry, dict):
            yield _read_long_mount(project, values.read_map("volumes", entry))
            continue
        source, *rest = values.read_text("volumes", entry).split(":", 2)
        if not rest:
            yield Mount("volume", "", normpath(source))
            continue
        mode = "".join(rest[1:])
        yield _place(project, source, rest[0], "" if mode == "rw" else mode)


def _read_long_mount(project: Project, entry: Json) -> Mount:
    if unknown := entry.keys() - {"type", "source", "target", "read_only", "bind", "volume", "consistency"}:
        raise ComposeFault(f"A volume has “{min(unknown)}”, which is not known here.")
    if entry.get("type") not in ("bind", "volume") or entry.get("volume"):
        raise ComposeFault(f"A volume of the type “{entry.get('type')}” is not known here.")
    mode = "ro" if values.read_flag("read_only", entry.get("read_only")) else ""
    target = values.read_text("target", entry.get("target"))
    source = values.read_text("source", entry.get("source") or "")
    return _place(project, source, target, mode) if source else Mount("volume", "", normpath(target), mode)


def _place(project: Project, source: str, target: str, mode: str) -> Mount:
    """A folder of the host, relative to the file, or a volume by its name."""
    if source.startswith("~"):
        raise ComposeFault(f"“{source}” is somebody's home. Write the whole path.")
    if source.startswith(("/", ".")):
        return Mount("bind", normpath(project.path.absolute().parent / source), normpath(target), mode)
    return Mount("volume", project.name_volume(source), normpath(target), mode)


def read_mode(mode: str) -> str:
    if mode.startswith("service:"):
        raise ComposeFault("It shares the network of another service, which is not known here.")
    return mode


def only_bridge(mode: str) -> tuple[Network, ...]:
    return (Network("bridge"),) if mode == "bridge" else ()


def read_networks(project: Project, name: str, service: Json) -> tuple[Network, ...]:
    """The first is the one that the container is made on."""
    entries = service.get("networks") or ["default"]
    chosen = entries if isinstance(entries, dict) else dict.fromkeys(values.read_list("networks", entries))
    found = []
    for key, options in chosen.items():
        if key != "default" and key not in project.networks:
            raise ComposeFault(f"The network {key} is not among the file's networks.")
        found.append(_read_network(project, name, key, values.read_map(key, options)))
    return tuple(network for _, network in sorted(found, key=lambda pair: (-pair[0], pair[1].name)))


def _read_network(project: Project, name: str, key: str, options: Json) -> tuple[float, Network]:
    if unknown := options.keys() - {"aliases", "ipv4_address", "ipv6_address", "priority"}:
        raise ComposeFault(f"A network has “{min(unknown)}”, which is not known here.")
    aliases = {name, *values.read_list("aliases", options.get("aliases"))}
    addresses = {
        engine: values.read_text(word, options[word])
        for word, engine in (("ipv4_address", "IPv4Address"), ("ipv6_address", "IPv6Address"))
        if options.get(word)
    }
    priority = values.read_number("priority", options.get("priority") or "0")
    return priority, Network(project.name_network(key), tuple(sorted(aliases)), addresses)
