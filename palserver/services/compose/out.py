"""A spec as a compose file, so that a server can leave: it runs the same without PalServer. Pure functions.

What is secret stands in it as `${VARIABLE}`, and what belongs into the `.env` beside it stands at its top.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from palserver.services.compose.host import NANO, list_unwritable, write_host
from palserver.services.compose.secrets import Secrets
from palserver.services.compose.yaml_text import Lines, write_map
from palserver.services.containers.attachments import Mount, Network, PortBinding
from palserver.services.containers.creation import INSTANCE_LABEL, JOB_LABEL
from palserver.services.containers.specs import Spec

OWN_LABELS = (INSTANCE_LABEL, JOB_LABEL)
COMPOSE_LABELS = "com.docker.compose."


def render_compose(name: str, container: str, spec: Spec) -> str:
    """The file's text, for docker-compose 1.29 and for docker compose."""
    secrets = Secrets(spec.environment)
    left = list_unwritable(spec.host)
    document = {
        "services": {name: _write_service(container, spec, secrets)},
        "volumes": {_key(mount.source): _volume(mount) for mount in _named(spec)},
        "networks": {network.name: {"external": True} for network in _own_networks(spec)},
    }
    lines = [
        *_write_head(name, container, list(secrets.variables), left),
        *write_map({k: v for k, v in document.items() if v}, 0),
    ]
    return "".join(f"{line}\n" for line in lines)


def _write_head(name: str, container: str, secrets: list[str], left: list[str]) -> Lines:
    yield f"# {name}, as it runs on this host. To run it without PalServer:"
    yield "#"
    yield f"#   docker stop -t 120 {container}    # or stop it in PalServer, which saves the world first"
    yield f"#   docker rename {container} {container}-before"
    yield "#   docker-compose up --detach"
    yield "#"
    yield "# When it runs, remove the old container: docker rm NAME-before. The world stays on its volume."
    if secrets:
        yield "# What is secret belongs into a file .env beside this one, in the place of the dots:"
        yield "#"
        yield from (f"#   {variable}=..." for variable in secrets)
    if left:
        yield f"# A compose file has no words for: {', '.join(left)}."
    yield ""


def _write_service(container: str, spec: Spec, secrets: Secrets) -> dict[str, Any]:
    """What is secret in a command comes first: it may be known by that in other places."""
    service = {
        "image": spec.image,
        "container_name": container,
        # An entrypoint of nothing is written as an empty word, as the engine wants it.
        "entrypoint": None if spec.entrypoint is None else secrets.write_words(spec.entrypoint or ("",)),
        "command": None if spec.command is None else secrets.write_words(spec.command),
        "user": spec.user,
        "working_dir": spec.working_dir,
        "hostname": spec.hostname,
        "environment": secrets.write_environment(spec.environment),
        "labels": secrets.write_labels(_list_labels(spec.labels)),
        "expose": [port.removesuffix("/tcp") for port in spec.exposed_ports],
        "ports": [_write_port(port) for port in spec.ports],
        "volumes": [_write_mount(mount) for mount in spec.mounts],
        "network_mode": spec.network_mode or _default_bridge(spec),
        "networks": {network.name: _write_network(network) for network in _own_networks(spec)},
        "mem_limit": spec.memory_limit_bytes,
        "restart": _write_restart(spec.restart_policy),
        "stop_signal": spec.stop_signal,
        "stop_grace_period": None if spec.stop_timeout_seconds is None else f"{spec.stop_timeout_seconds}s",
        "healthcheck": _write_healthcheck(spec.healthcheck, secrets),
        "mac_address": spec.config.get("MacAddress"),
        "domainname": spec.config.get("Domainname"),
        "stdin_open": spec.config.get("OpenStdin"),
        "tty": spec.config.get("Tty"),
        **write_host(spec.host),
    }
    is_set = {key: value for key, value in service.items() if value not in (None, {})}
    return {key: value for key, value in is_set.items() if value != [] or key in ("command", "entrypoint")}


def _list_labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        label: value
        for label, value in labels.items()
        if label not in OWN_LABELS and not label.startswith(COMPOSE_LABELS)
    }


def _write_port(port: PortBinding) -> str:
    host = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
    outside = f"{host}:{port.host_port}:" if host else f"{port.host_port}:" if port.host_port else ""
    return f"{outside}{port.container}"


def _named(spec: Spec) -> list[Mount]:
    return [mount for mount in spec.mounts if mount.kind == "volume" and mount.source]


def _key(volume: str) -> str:
    """A volume's name as the file knows it; compose allows fewer characters than the engine does."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", volume)


def _volume(mount: Mount) -> dict[str, Any]:
    """It is there already, and `down --volumes` must not take it away."""
    return {"name": mount.source, "external": True}


def _write_mount(mount: Mount) -> Any:
    if mount.options is None:
        source = mount.source if mount.kind == "bind" else _key(mount.source)
        return ":".join(filter(None, (source, mount.target, mount.mode)))
    written: dict[str, Any] = {"type": mount.kind, "target": mount.target}
    if mount.source:
        written["source"] = mount.source if mount.kind == "bind" else _key(mount.source)
    if mount.options.get("ReadOnly"):
        written["read_only"] = True
    if size := (mount.options.get("TmpfsOptions") or {}).get("SizeBytes"):
        written["tmpfs"] = {"size": size}
    return written


def _own_networks(spec: Spec) -> list[Network]:
    return [] if _default_bridge(spec) else list(spec.networks)


def _default_bridge(spec: Spec) -> str | None:
    """Compose makes a network of its own where none is named: the usual one has to be asked for."""
    return "bridge" if [network.name for network in spec.networks] == ["bridge"] else None


def _write_network(network: Network) -> dict[str, Any]:
    words = {"IPv4Address": "ipv4_address", "IPv6Address": "ipv6_address"}
    addresses = {words[key]: value for key, value in network.addresses.items() if key in words}
    return {**({"aliases": list(network.aliases)} if network.aliases else {}), **addresses}


def _write_restart(policy: Mapping[str, Any]) -> str | None:
    name, count = policy.get("Name"), policy.get("MaximumRetryCount")
    return f"{name}:{count}" if name == "on-failure" and count else name or None


def _write_healthcheck(check: Mapping[str, Any], secrets: Secrets) -> dict[str, Any]:
    times = {"Interval": "interval", "Timeout": "timeout", "StartPeriod": "start_period"}
    written: dict[str, Any] = {
        word: f"{check[key] / NANO:g}s" for key, word in times.items() if check.get(key)
    }
    if check.get("Test"):
        written["test"] = secrets.write_words(check["Test"])
    if check.get("Retries"):
        written["retries"] = check["Retries"]
    return written
