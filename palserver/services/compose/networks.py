"""The networks of a compose file: those that are to be there, and those that compose would make."""

from __future__ import annotations

from typing import Any

from palserver.clients.engine import Engine
from palserver.services.compose import values
from palserver.services.compose.projects import VERSION_LABEL, Project
from palserver.services.compose.variables import ComposeFault
from palserver.services.containers.attachments import Json, Network

BUILT_IN = ("bridge", "host", "none")
KNOWN = {
    "name",
    "external",
    "driver",
    "driver_opts",
    "internal",
    "attachable",
    "enable_ipv6",
    "ipam",
    "labels",
}


def list_missing(engine: Engine, networks: tuple[Network, ...]) -> list[str]:
    names = (network.name for network in networks)
    return [name for name in names if name not in BUILT_IN and not engine.has_network(name)]


def find_own(project: Project, name: str) -> Json | None:
    """The body of a network that the file describes; None for an external one. Raises ComposeFault."""
    for key in {**dict.fromkeys(["default"]), **project.networks}:
        definition = project.networks.get(key, {})
        if project.name_network(key) == name and not project.is_external(definition):
            return _write_body(project, key, name, definition)
    return None


def _write_body(project: Project, key: str, name: str, definition: Json) -> Json:
    if unknown := definition.keys() - KNOWN:
        raise ComposeFault(f"The network {key} uses “{min(unknown)}”, which is not known here.")
    labels = {
        each: value or "" for each, value in values.read_pairs("labels", definition.get("labels")).items()
    }
    body: dict[str, Any] = {
        "Name": name,
        "CheckDuplicate": True,
        "Driver": values.read_text("driver", definition.get("driver") or "bridge"),
        "Options": values.read_pairs("driver_opts", definition.get("driver_opts")),
        "Labels": {
            **labels,
            **VERSION_LABEL,
            "com.docker.compose.project": project.name,
            "com.docker.compose.network": key,
        },
    }
    for word, engine in (
        ("internal", "Internal"),
        ("attachable", "Attachable"),
        ("enable_ipv6", "EnableIPv6"),
    ):
        body[engine] = values.read_flag(word, definition.get(word))
    if definition.get("ipam"):
        body["IPAM"] = _read_ipam(values.read_map("ipam", definition["ipam"]))
    return body


def _read_ipam(ipam: Json) -> Json:
    words = {"subnet": "Subnet", "gateway": "Gateway", "ip_range": "IPRange"}
    pools = []
    for entry in values.read_entries("config", ipam.get("config")):
        pool = values.read_map("config", entry)
        if unknown := pool.keys() - words.keys():
            raise ComposeFault(f"A network's ipam uses “{min(unknown)}”, which is not known here.")
        pools.append({words[key]: values.read_text(key, value) for key, value in pool.items()})
    return {"Driver": values.read_text("driver", ipam.get("driver") or "default"), "Config": pools}
