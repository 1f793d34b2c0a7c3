"""What a container is made from: read from one container, good for making another.

`inspect` mixes the image's own settings into the container's. A spec holds only what differs from them, so
that a newer image brings its own. What has no field here stays in the engine's words (`config`, `host`):
settings we have never heard of are carried along too.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from palserver.services.containers.attachments import (
    Json,
    Mount,
    Network,
    PortBinding,
    read_mounts,
    read_network_mode,
    read_networks,
    read_ports,
    write_mounts,
    write_network,
    write_ports,
)

CONFIG_KEYS = ("Domainname", "MacAddress", "NetworkDisabled", "OpenStdin", "StdinOnce", "Tty")
# These have a field, follow from another setting, or belong to one call of the engine.
HOST_KEYS_ELSEWHERE = frozenset(
    (
        *("Binds", "Memory", "Mounts", "NetworkMode", "PortBindings", "RestartPolicy"),
        *("ConsoleSize", "ContainerIDFile", "Links", "VolumesFrom"),
    )
)
# Not set is null here, so that 0 and false are somebody's decision.
NULLABLE_HOST_KEYS = ("Init", "MemorySwappiness")
# The engine fills these in; only an empty list is somebody's decision.
PATH_LIST_KEYS = ("MaskedPaths", "ReadonlyPaths")


class Spec(msgspec.Struct, frozen=True, omit_defaults=True):
    """None means the image's own; a variable that is None is taken away from the image's.

    `network_mode` is None for a container with networks; it is then made on the first of them.
    """

    image: str
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    user: str | None = None
    working_dir: str | None = None
    stop_signal: str | None = None
    stop_timeout_seconds: int | None = None
    hostname: str | None = None
    environment: dict[str, str | None] = {}
    labels: dict[str, str] = {}
    healthcheck: Json = {}
    exposed_ports: tuple[str, ...] = ()
    ports: tuple[PortBinding, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network_mode: str | None = None
    networks: tuple[Network, ...] = ()
    memory_limit_bytes: int | None = None
    restart_policy: Json = {}
    config: Json = {}
    host: Json = {}


def spec_from_inspection(container: Json, image: Json) -> Spec:
    """Read `inspect`'s answers for a container, running or not, and for the image that it was made from."""
    config, host, own = container["Config"], container["HostConfig"], image.get("Config") or {}
    entrypoint, command = _read_start(config, own)
    ports = read_ports(container)
    return Spec(
        image=config["Image"],
        entrypoint=entrypoint,
        command=command,
        user=_find_other(config, own, "User"),
        working_dir=_find_other(config, own, "WorkingDir"),
        stop_signal=_find_other(config, own, "StopSignal"),
        stop_timeout_seconds=config.get("StopTimeout"),
        hostname=_read_hostname(container),
        environment=_read_environment(config.get("Env") or [], own.get("Env") or []),
        labels=_list_others(config, own, "Labels"),
        healthcheck=_list_others(config, own, "Healthcheck"),
        exposed_ports=_read_exposed_ports(config, own, ports),
        ports=ports,
        mounts=read_mounts(container),
        network_mode=read_network_mode(container),
        networks=read_networks(container),
        memory_limit_bytes=host.get("Memory") or None,
        restart_policy=_read_restart_policy(host.get("RestartPolicy") or {}),
        config={key: config[key] for key in CONFIG_KEYS if config.get(key)},
        host=_read_host(host),
    )


def creation_from_spec(spec: Spec) -> tuple[Json, tuple[tuple[str, Json], ...]]:
    """The body for `POST /containers/create`, and the networks to connect afterwards: name and endpoint."""
    first, others = spec.networks[:1], spec.networks[1:]
    exposed = {*spec.exposed_ports, *(port.container for port in spec.ports)}
    environment = [name if value is None else f"{name}={value}" for name, value in spec.environment.items()]
    host = {
        **spec.host,
        **write_mounts(spec.mounts),
        "PortBindings": write_ports(spec.ports),
        "NetworkMode": spec.network_mode or first[0].name,
        "RestartPolicy": spec.restart_policy,
        "Memory": spec.memory_limit_bytes or 0,
    }
    body = {
        **spec.config,
        "Image": spec.image,
        # An entrypoint of nothing is written as an empty word: an empty list means the image's.
        "Entrypoint": None if spec.entrypoint is None else list(spec.entrypoint or ("",)),
        "Cmd": None if spec.command is None else list(spec.command),
        "User": spec.user,
        "WorkingDir": spec.working_dir,
        "StopSignal": spec.stop_signal,
        "StopTimeout": spec.stop_timeout_seconds,
        "Hostname": spec.hostname,
        "Env": environment,
        "Labels": spec.labels,
        "Healthcheck": spec.healthcheck or None,
        "ExposedPorts": {port: {} for port in sorted(exposed)},
        "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": {each.name: write_network(each) for each in first}},
    }
    return _without_none(body), tuple((network.name, write_network(network)) for network in others)


def _without_none(body: Json) -> Json:
    return {key: value for key, value in body.items() if value is not None}


def _find_other(config: Json, own: Json, key: str) -> str | None:
    return None if config.get(key) == own.get(key) else config.get(key) or None


def _list_others(config: Json, own: Json, key: str) -> Json:
    of_image = own.get(key) or {}
    return {name: value for name, value in (config.get(key) or {}).items() if of_image.get(name) != value}


def _read_start(config: Json, own: Json) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Entrypoint and command. Having no command where the image has one takes an entrypoint of one's own."""
    entrypoint, command = tuple(config.get("Entrypoint") or ()), tuple(config.get("Cmd") or ())
    own_entrypoint, own_command = tuple(own.get("Entrypoint") or ()), tuple(own.get("Cmd") or ())
    if entrypoint != own_entrypoint or (own_command and not command):
        return entrypoint, command
    return None, None if command == own_command else command


def _read_hostname(container: Json) -> str | None:
    """None if nobody set it: then it is the container's id, or the name of what it shares a network with."""
    hostname = container["Config"].get("Hostname") or ""
    is_shared = read_network_mode(container) not in (None, "none")
    return None if is_shared or container["Id"].startswith(hostname) else hostname


def _read_environment(entries: Iterable[str], own_entries: Iterable[str]) -> dict[str, str | None]:
    own = set(own_entries)
    parts = (entry.partition("=") for entry in entries if entry not in own)
    # Without a `=` it takes the image's variable of that name away.
    return {name: value if equals else None for name, equals, value in parts}


def _read_exposed_ports(config: Json, own: Json, ports: Iterable[PortBinding]) -> tuple[str, ...]:
    known = {*(own.get("ExposedPorts") or {}), *(port.container for port in ports)}
    return tuple(sorted(set(config.get("ExposedPorts") or {}) - known))


def _read_restart_policy(policy: Json) -> Json:
    return {"Name": policy.get("Name") or "no", "MaximumRetryCount": policy.get("MaximumRetryCount") or 0}


def _read_host(host: Json) -> Json:
    rest = {key: value for key, value in host.items() if _is_decision(key, value)}
    if rest.get("MemorySwap") == 2 * host.get("Memory", 0):
        del rest["MemorySwap"]  # what the engine makes of a memory limit alone
    if "SecurityOpt" in rest:
        rest["SecurityOpt"] = list(dict.fromkeys(rest["SecurityOpt"]))  # it adds its own at each creation
    if host.get("Links"):
        # Read as `/other:/this/alias`, written as `other:alias`.
        links = (link.split(":", 1) for link in host["Links"])
        rest["Links"] = [f"{other.lstrip('/')}:{alias.rpartition('/')[2]}" for other, alias in links]
    return rest


def _is_decision(key: str, value: object) -> bool:
    if key in PATH_LIST_KEYS:
        return value == []
    if key in NULLABLE_HOST_KEYS:
        return value is not None
    return bool(value) and key not in HOST_KEYS_ELSEWHERE
