"""Plain containers, images, volumes and networks on the real engine, gone after the test that made them."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

import docker
from docker.models.containers import Container

from tests.game import LABEL, LABELS, remove_container

PLAIN_IMAGE = "python:3.11-slim"


class Containers:
    """Everything made here bears the tests' label and a name that begins with `prefix`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client
        self.prefix = f"test-{uuid.uuid4().hex[:12]}"
        self._images: list[str] = []

    def name(self, what: str) -> str:
        return f"{self.prefix}-{what}"

    def make(self, *command: str, **options: Any) -> Container:
        """Create a container; `sleep` for ever if there is no other command."""
        options = {"image": PLAIN_IMAGE, "name": self.name("alpha"), **options}
        options["labels"] = {**LABELS, **options.get("labels", {})}
        return self.client.containers.create(command=list(command or ("sleep", "1000")), **options)

    def make_volume(self, what: str) -> str:
        self.client.volumes.create(self.name(what), labels=LABELS)
        return self.name(what)

    def make_network(self, what: str, subnet: str) -> str:
        pool = docker.types.IPAMPool(subnet=subnet)
        ipam = docker.types.IPAMConfig(pool_configs=[pool])
        self.client.networks.create(self.name(what), ipam=ipam, labels=LABELS)
        return self.name(what)

    def make_image(self, tag: str, **settings: Any) -> str:
        """The plain image with other settings, in the engine's words; returns its name."""
        repository = self.name("image")
        container = self.make(name=self.name("commit"))
        container.commit(repository, tag, conf=settings)
        container.remove()
        return self.keep_image(f"{repository}:{tag}")

    def keep_image(self, name: str) -> str:
        """Have this image removed at the end."""
        self._images.append(name)
        return name

    def list_names(self) -> list[str]:
        """The containers there are."""
        listed = self.client.containers.list(all=True, filters={"name": self.prefix}, ignore_removed=True)
        return sorted(str(container.name) for container in listed)

    def remove_all(self) -> None:
        for name in self.list_names():
            remove_container(self.client, name)
        for volume in self.client.volumes.list(filters={"label": LABEL}):
            if str(volume.name).startswith(self.prefix):
                volume.remove(force=True)
        for network in self.client.networks.list(filters={"label": LABEL}):
            if str(network.name).startswith(self.prefix):
                network.remove()
        for image in self._images:
            with contextlib.suppress(docker.errors.ImageNotFound):
                self.client.images.remove(image, force=True)
