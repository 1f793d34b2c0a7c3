"""An old folder with a panel on it, and containers made from its compose files by compose itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import requests

from tests.game import ADMIN_PASSWORD, LABEL, LABELS, remove_container
from tests.old_tree import OldTree
from tests.panel import Panel, find_free_port
from tests.waiting import wait_until

REPOSITORY = "palworld_server_steam"
SAVED_PATH = "/home/steam/palworld/Pal/Saved"
# What the old image has in it: the game in its place, started without a word, and settings by hand.
IMAGE: dict[str, Any] = {
    "Entrypoint": None,
    "Cmd": ["python3", "-m", "demo"],
    "User": "palserver",
    "Env": [
        f"DEMO_SAVED_PATH={SAVED_PATH}",
        "DEMO_LIVELY=0",
        "DEMO_BOOT_SECONDS=0",
        "AUTO_SAVE_SPAN=3600",  # it saves when it is told to: two looks at its folder see the same
        f"ADMIN_PASSWORD={ADMIN_PASSWORD}",
    ],
    "Labels": LABELS,
}


class Images:
    """Versions of the old image, each of its own id; gone with `remove_all`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client
        self._tags: list[str] = []
        self._prefix = f"v0.{os.getpid()}"

    def version(self, number: int) -> str:
        return f"{self._prefix}.{number}"

    def make(self, number: int, repository: str = REPOSITORY) -> str:
        """Returns its version."""
        version = self.version(number)
        container = self.client.containers.create("palserver:local", labels=LABELS)
        environment = [*IMAGE["Env"], f"VERSION_NUMBER={number}"]
        container.commit(repository, version, conf={**IMAGE, "Env": environment})
        container.remove()
        self._tags.append(f"{repository}:{version}")
        return version

    def save(self, version: str, path: Path, repository: str = REPOSITORY) -> None:
        """As the old panel's build.sh does it: a tar, a manifest beside it, and the link `latest`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in self.client.images.get(f"{repository}:{version}").save(named=True):
                file.write(piece)
        claim = {
            "version": version,
            "built": "Tue Dec  9 06:30:00 UTC 2025",
            "docker_image": f"{repository}:{version}",
        }
        path.with_name("manifest.json").write_text(json.dumps(claim, indent=2))
        link = path.parent.parent / "latest"
        link.unlink(missing_ok=True)
        link.symlink_to(version)

    def forget(self, version: str) -> None:
        """The engine has it no more."""
        self.client.images.remove(f"{REPOSITORY}:{version}", force=True)

    def list_versions(self) -> set[str]:
        tags = (tag for image in self.client.images.list(REPOSITORY) for tag in image.tags)
        return {tag.rpartition(":")[2] for tag in tags if self._prefix in tag}

    def remove_all(self) -> None:
        for tag in self._tags:
            try:
                self.client.images.remove(tag, force=True)
            except docker.errors.ImageNotFound:
                continue


class OldHouse:
    """One instance in an old folder, as it is before anybody has moved in."""

    def __init__(
        self, client: docker.DockerClient, folder: Path, version: str, make_panel: Callable[..., Panel]
    ) -> None:
        self.client = client
        self.tree = OldTree(folder)
        self.name = f"test-{os.urandom(6).hex()}"
        self.network = f"{self.name}-net"
        client.networks.create(self.network, labels=LABELS)
        self.rest_port, self.query_port = find_free_port(), find_free_port()
        self.compose = self.tree.add_instance(
            self.name,
            f"{REPOSITORY}:{version}",
            network=self.network,
            ports=(f"127.0.0.1:{self.rest_port}:8212/tcp", f"127.0.0.1:{self.query_port}:8299/tcp"),
            files={},
        )
        text = self.compose.read_bytes().decode()
        label = f'    labels: ["{LABEL}={LABELS[LABEL]}"]\r\n    restart: always\r\n'
        self.compose.write_bytes(text.replace("    restart: always\r\n", label).encode())
        self.saved = self.tree.server / "instances" / self.name
        self.saved.mkdir(parents=True, exist_ok=True)
        os.chown(self.saved, 1000, 1000)  # the game's user, as PUID says
        self.tree.add_users([("mina", b"old secret", "admin"), ("jun", b"op123!", "op")])
        self.panel = make_panel(folder)
        self.panel.log_path = folder.parent / "panel.log"
        self.panel.environment["LANG"] = "C.UTF-8"

    @property
    def path(self) -> str:
        return f"/api/instances/{self.name}"

    @property
    def container(self) -> Any:
        return self.client.containers.get(self.name)

    def start(self) -> None:
        """Start the panel and sign in as an old user."""
        self.panel.start()
        self.panel.token = self.panel.sign_in("mina", "old secret")
        wait_until(lambda: self.view()["state"] != "unknown", "the engine is reached")

    def view(self) -> Any:
        return self.panel.get(self.path)

    def run_compose(self, *words: str) -> None:
        """As the old panel does it."""
        subprocess.run(["docker-compose", "-f", self.compose, *words], check=True, capture_output=True)

    def take_down(self) -> None:
        """`compose down` of what runs: the engine cannot remove it while the panel reads a file in it."""
        self.run_compose("stop")
        wait_until(lambda: self.view()["state"] == "exited", "the panel asks it nothing more")
        self.run_compose("down")

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            try:
                url = f"http://127.0.0.1:{self.rest_port}/v1/api/info"
                return requests.get(url, auth=("admin", ADMIN_PASSWORD), timeout=2).status_code == 200
            except requests.RequestException:
                return False

        wait_until(answers, f"{self.name} answers")

    def run(self, what: str, body: Any = None) -> Any:
        return self.panel.run_job(f"{self.path}/{what}", body)

    def succeed(self, what: str, body: Any = None) -> Any:
        job = self.run(what, body)
        assert job["state"] == "succeeded", self.read_output(job)
        return job["result"]

    def read_output(self, job: Any) -> str:
        return f"{job['error']}\n" + self.panel.call("GET", f"/api/jobs/{job['id']}/output").text

    def close(self) -> None:
        self.panel.close()
        ours: dict[str, str | list[str] | bool] = {"name": self.name}
        for container in self.client.containers.list(all=True, filters=ours, ignore_removed=True):
            remove_container(self.client, str(container.name))
        for network in self.client.networks.list(names=[self.network]):
            network.remove()
        shutil.rmtree(self.tree.folder, ignore_errors=True)
