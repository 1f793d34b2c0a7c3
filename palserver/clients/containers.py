"""What the engine says of a container, in our words. Pure functions over `inspect`'s JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

NEVER = "0001-01-01T00:00:00Z"


class Port(msgspec.Struct, frozen=True):
    """A published port: `container` is like `8212/tcp`."""

    container: str
    host_ip: str
    host_port: int


class Stamp(msgspec.Struct, frozen=True):
    """A file in a container without its contents. `mtime` is RFC 3339, in nanoseconds."""

    size: int
    mtime: str


class Container(msgspec.Struct, frozen=True):
    """One look at a container. `exit_code` is None while it runs, times are RFC 3339 or None.

    `last_end` is when its last run ended: before `started_at` while another one is going on.
    """

    id: str
    name: str
    image: str
    image_id: str
    state: str
    exit_code: int | None
    oom_killed: bool
    started_at: str | None
    finished_at: str | None
    ports: tuple[Port, ...]
    addresses: tuple[str, ...]
    is_on_host_network: bool
    environment: dict[str, str]
    mounts: tuple[str, ...]
    labels: dict[str, str]
    restart_policy: dict[str, Any]
    is_tty: bool
    is_removed_at_end: bool = False
    last_end: str | None = None

    @property
    def is_up(self) -> bool:
        """Whether there is a process, paused or not."""
        return self.state in ("running", "paused", "restarting")


def read_stamp(headers: Mapping[str, str]) -> Stamp:
    """Read the answer to `HEAD /containers/<id>/archive`."""
    return msgspec.json.decode(base64.b64decode(headers["X-Docker-Container-Path-Stat"]), type=Stamp)


def read_container(inspection: Mapping[str, Any]) -> Container:
    """Read `GET /containers/<id>/json`."""
    config, state = inspection["Config"], inspection["State"]
    host, network = inspection["HostConfig"], inspection["NetworkSettings"]
    has_ended = state["Status"] in ("exited", "dead")
    return Container(
        id=inspection["Id"],
        name=inspection["Name"].lstrip("/"),
        image=config["Image"],
        image_id=inspection["Image"],
        state=state["Status"],
        exit_code=state["ExitCode"] if has_ended or state["Status"] == "restarting" else None,
        oom_killed=bool(state.get("OOMKilled")),
        started_at=_time_or_none(state["StartedAt"]),
        finished_at=_time_or_none(state["FinishedAt"]) if has_ended else None,
        ports=_read_ports(network.get("Ports") or {}),
        addresses=_read_addresses(network.get("Networks") or {}),
        is_on_host_network=host["NetworkMode"] == "host",
        environment=dict(entry.partition("=")[::2] for entry in config.get("Env") or []),
        mounts=tuple(mount["Destination"] for mount in inspection.get("Mounts") or []),
        labels=config.get("Labels") or {},
        restart_policy=host.get("RestartPolicy") or {"Name": "no"},
        is_tty=bool(config.get("Tty")),
        is_removed_at_end=bool(host.get("AutoRemove")),
        last_end=_time_or_none(state["FinishedAt"]),
    )


def _time_or_none(text: str) -> str | None:
    return None if text == NEVER else text


def _read_ports(ports: Mapping[str, Any]) -> tuple[Port, ...]:
    return tuple(
        Port(container=port, host_ip=binding["HostIp"], host_port=int(binding["HostPort"]))
        for port, bindings in sorted(ports.items())
        for binding in bindings or []
    )


def _read_addresses(networks: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(network["IPAddress"] for network in networks.values() if network.get("IPAddress"))
