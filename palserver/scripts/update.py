"""`update.sh VERSION INSTANCE`: the container made anew from another version of its image, or kept.

The old container is left aside, under another name and without a restart policy: whoever has called this
removes it, or puts it back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from palserver import names
from palserver.clients.engine import Engine
from palserver.errors import ContainerMissing, PalError
from palserver.scripts import CALL_SECONDS, Failed, read_variable, read_words, run, say
from palserver.services.containers.exchanges import NO_RESTART, find_free_stamp
from palserver.services.containers.specs import Spec, creation_from_spec, spec_from_inspection
from palserver.services.images.images import fetch_image

STOP_GRACE_SECONDS = 120
SETTLE_SECONDS = 3.0
LOOK_SECONDS = 0.25


def main(words: Sequence[str]) -> None:
    version, _ = read_words(words, "update.sh VERSION INSTANCE", names.VERSION, names.INSTANCE)
    engine = Engine(os.environ, CALL_SECONDS)
    container = engine.inspect(read_variable("PALSERVER_CONTAINER"))
    if container["HostConfig"].get("AutoRemove"):
        raise Failed("The container was made with --rm: it would be gone as soon as it is stopped.")
    image = engine.inspect_image(container["Image"])
    name, new_image = fetch_image(engine, container, version, say)
    spec = spec_from_inspection(container, image)
    wanted = msgspec.structs.replace(spec, image=name)
    if wanted == spec and new_image["Id"] == container["Image"]:
        say(f"It runs {wanted.image} already.")
        return
    _exchange_for(engine, container, spec.restart_policy).run(wanted)
    say(f"{container['Name'].lstrip('/')} is now {wanted.image}.")


@dataclass(frozen=True)
class _Exchange:
    """One container in the place of another; on any failure the old one is put back as it was."""

    engine: Engine
    name: str
    old_id: str
    old_state: str
    old_policy: dict[str, Any]
    stamp: str

    @property
    def was_running(self) -> bool:
        return self.old_state in ("running", "paused", "restarting")

    @property
    def old_name(self) -> str:
        return f"{self.name}-old-{self.stamp}"

    @property
    def new_name(self) -> str:
        """For the while until the old container has made room; nobody else's container has this name."""
        return f"{self.name}-new-{self.stamp}"

    def run(self, spec: Spec) -> None:
        new = self.new_name
        try:
            new = self._make(spec)
            self._put_old_aside()
            self.engine.rename(new, self.name)
            if self.was_running:
                self._start(new)
        except BaseException:
            self._put_old_back(new)
            raise
        say(f"The old one is kept as {self.old_name}, to be removed when the new one has proven itself.")

    def _make(self, spec: Spec) -> str:
        """While the old one still runs: what the engine refuses, it refuses before anything is touched."""
        say(f"Making a container from {spec.image}.")
        body, networks = creation_from_spec(spec)
        new = self.engine.create(self.new_name, body)
        for network, endpoint in networks:
            self.engine.connect(new, network, endpoint)
        return new

    def _put_old_aside(self) -> None:
        if self.old_state == "paused":
            self.engine.unpause(self.old_id)
        if self.was_running:
            say(f"Stopping the old one, with up to {STOP_GRACE_SECONDS} s of grace.")
            self.engine.stop(self.old_id, STOP_GRACE_SECONDS)
        self.engine.set_restart_policy(self.old_id, NO_RESTART)
        self.engine.rename(self.old_id, self.old_name)

    def _start(self, new: str) -> None:
        say("Starting the new one.")
        self.engine.start(new)
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            container = self.engine.get_container(new)
            if container.state != "running":
                raise Failed(f"The new container does not stay up: it is {container.state}.")
            time.sleep(LOOK_SECONDS)

    def _put_old_back(self, new: str) -> None:
        try:
            with suppress(ContainerMissing):
                self.engine.remove(new)
            if self.engine.get_container(self.old_id).name != self.name:
                self.engine.rename(self.old_id, self.name)
            self.engine.set_restart_policy(self.old_id, self.old_policy)
            if self.was_running:
                self.engine.start(self.old_id)
        except PalError as error:
            where = f"Look for {self.name} and {self.old_name}."
            raise Failed(f"The old container could not be put back: {error.detail} {where}") from error
        say("That did not work. The old container is as it was.")


def _exchange_for(engine: Engine, container: dict[str, Any], policy: dict[str, Any]) -> _Exchange:
    name = container["Name"].lstrip("/")
    return _Exchange(
        engine=engine,
        name=name,
        old_id=container["Id"],
        old_state=container["State"]["Status"],
        old_policy=policy,
        stamp=find_free_stamp(engine, name),
    )


if __name__ == "__main__":
    run(main)
