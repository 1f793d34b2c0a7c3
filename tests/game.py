"""Pretend Palworld servers in real containers, driven through the control port of `demo/`."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path
from typing import Any

import docker
import requests
from docker.models.containers import Container

from palserver.services.restores.side_containers import HELPER_LABEL
from tests.waiting import wait_until

IMAGE = "palserver:local"
LABEL = "palserver.test"
LABELS = {LABEL: str(os.getpid())}  # whose it is, so that two runs at once leave each other's alone
SAVED_PATH = "/pal/Package/Pal/Saved"
ADMIN_PASSWORD = "game-secret"
CONTROL_PORT = 8299


class Game:
    """One container; `remove` takes it away together with its volume."""

    def __init__(self, client: docker.DockerClient, **options: Any) -> None:
        self.client = client
        self.name: str = options.pop("name", f"test-{uuid.uuid4().hex[:12]}")
        self.volume = f"{self.name}-saved"
        environment = {
            "ADMIN_PASSWORD": ADMIN_PASSWORD,
            "DEMO_LIVELY": "0",
            "DEMO_BOOT_SECONDS": "0",
            **options.pop("environment", {}),
        }
        defaults: dict[str, Any] = {
            "command": ["python3", "-m", "demo"],
            "labels": LABELS,
            "ports": {"8212/tcp": ("127.0.0.1", 0), f"{CONTROL_PORT}/tcp": ("127.0.0.1", 0)},
            "volumes": {self.volume: {"bind": SAVED_PATH, "mode": "rw"}},
            "restart_policy": {"Name": "unless-stopped"},
        }
        client.volumes.create(self.volume, labels=LABELS)
        self.container: Container = client.containers.create(
            options.pop("image", IMAGE), name=self.name, environment=environment, **(defaults | options)
        )

    def start(self) -> Game:
        """Start it from outside the panel and wait until its REST API answers."""
        self.container.start()
        self.wait_until_ready()
        return self

    def start_hidden(self) -> Game:
        """Start one whose REST port is not published; only its control port is asked."""
        self.container.start()
        wait_until(self._is_controlled, f"{self.name} runs")
        return self

    def _is_controlled(self) -> bool:
        try:
            self.control("GET", "/faults")
        except (requests.RequestException, KeyError, TypeError):
            return False
        return True

    def wait_until_ready(self) -> None:
        wait_until(self._answers, f"{self.name} answers", 60)  # some take their time to boot

    def _answers(self) -> bool:
        try:
            self.control("GET", "/faults")
            answer = requests.get(f"{self.rest_url}/info", auth=("admin", ADMIN_PASSWORD), timeout=2)
        except (requests.RequestException, KeyError, TypeError):
            return False
        return answer.status_code in (200, 401)

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self._host_port(8212)}/v1/api"

    def _host_port(self, port: int) -> int:
        self.container.reload()
        bindings = self.container.ports[f"{port}/tcp"]
        if not bindings:
            raise KeyError(port)
        return int(bindings[0]["HostPort"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self._host_port(CONTROL_PORT)}{path}"
        answer = requests.request(method, url, json=body, timeout=5)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def set_faults(self, **faults: Any) -> None:
        self.control("POST", "/faults", faults)

    def say(self, line: str, stream: str = "stdout", repeat: int = 1) -> None:
        self.control("POST", "/say", {"line": line, "stream": stream, "repeat": repeat})

    def join(self, name: str, **more: Any) -> Any:
        return self.control("POST", "/players", {"name": name, **more})

    def list_calls(self) -> list[dict[str, Any]]:
        answer = self.control("GET", "/calls")
        return list(answer["calls"] if isinstance(answer, dict) else answer)

    @property
    def state(self) -> str:
        self.container.reload()
        return str(self.container.status)

    @property
    def restart_policy(self) -> str:
        self.container.reload()
        return str(self.container.attrs["HostConfig"]["RestartPolicy"]["Name"])

    def remove(self) -> None:
        remove_container(self.client, self.name)
        remove_helpers(self.client)
        self.client.volumes.get(self.volume).remove(force=True)


def remove_container(client: docker.DockerClient, name: str) -> None:
    try:
        client.containers.get(name).remove(force=True, v=True)
    except docker.errors.NotFound:
        return


def remove_leftovers(client: docker.DockerClient) -> list[str]:
    """What this run and those that have ended left; returns the names of the containers among it."""
    containers = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    left = [container for container in containers if _is_left(container.labels[LABEL])]
    for container in left:
        container.remove(force=True, v=True)
    remove_helpers(client)
    for volume in client.volumes.list(filters={"label": LABEL}):
        if _is_left(volume.attrs["Labels"][LABEL]):
            volume.remove(force=True)
    return [str(container.name) for container in left]


def list_helpers(client: docker.DockerClient) -> dict[str, str]:
    """The containers that panels have beside others: the id of each, and the name of the one beside it."""
    helpers = {}
    for listed in client.api.containers(all=True, filters={"label": HELPER_LABEL}):
        with contextlib.suppress(docker.errors.NotFound):  # it has ended meanwhile
            beside = client.api.inspect_container(listed["Id"])["HostConfig"]["VolumesFrom"] or [""]
            helpers[listed["Id"]] = str(beside[0])
    return helpers


def remove_helpers(client: docker.DockerClient) -> None:
    """Those beside a container that is gone: nobody waits for what they do."""
    helpers = list_helpers(client)
    names = {name.lstrip("/") for each in client.api.containers(all=True) for name in each["Names"]}
    for helper, beside in helpers.items():
        if beside not in names:
            with contextlib.suppress(docker.errors.NotFound):
                client.api.remove_container(helper, force=True, v=True)


def _is_left(owner: str) -> bool:
    return owner == str(os.getpid()) or not Path("/proc", owner).exists()
