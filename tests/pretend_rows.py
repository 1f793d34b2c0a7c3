"""Instances and containers as values, for tests of functions that only read them."""

from __future__ import annotations

from typing import Any

from palserver.clients.containers import Container, Port
from palserver.clock import utc_now
from palserver.store.instances import Instance
from tests.game import SAVED_PATH


def make_instance(container: str = "pal", **changes: Any) -> Instance:
    values: dict[str, Any] = {
        "name": container,
        "container": container,
        "source": "adopted",
        "saved_path": SAVED_PATH,
        "spec": "{}",
        "rest_address": None,
        "admin_password": None,
        "held_restart_policy": None,
        "created_at": utc_now(),
    }
    return Instance(**(values | changes))


def make_container(**changes: Any) -> Container:
    """A running one on the bridge network, with nothing published."""
    values: dict[str, Any] = {
        "id": "c0ffee",
        "name": "pal",
        "image": "palserver:local",
        "image_id": "sha256:0",
        "state": "running",
        "exit_code": None,
        "oom_killed": False,
        "started_at": utc_now(),
        "finished_at": None,
        "ports": (),
        "addresses": ("172.17.0.5",),
        "is_on_host_network": False,
        "environment": {},
        "mounts": (),
        "labels": {},
        "restart_policy": {"Name": "no"},
        "is_tty": False,
    }
    return Container(**(values | changes))


def publish(host_ip: str, host_port: int, container: str = "8212/tcp") -> Port:
    return Port(container=container, host_ip=host_ip, host_port=host_port)
