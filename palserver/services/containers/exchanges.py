"""One container in the place of another, and the way back.

The old one is kept aside until the new one has proven itself: under a name like `<name>-old-<time>`, stopped,
without a restart policy.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from palserver.clients.engine import Engine
from palserver.errors import ContainerMissing, ImageMissing
from palserver.services.containers.specs import Spec, creation_from_spec, spec_from_inspection

NO_RESTART = {"Name": "no", "MaximumRetryCount": 0}
KINDS = ("old", "new")
ASIDE = re.compile(rf"(.+)-(?:{'|'.join(KINDS)})-\d{{14}}")


@dataclass(frozen=True)
class Exchanges:
    """All raise EngineUnreachable, and what the engine refuses."""

    engine: Engine

    def find_spec(self, name: str) -> tuple[Spec, str] | None:
        """What the container is made from, and its image's id; None if there is no such container."""
        try:
            container = self.engine.inspect(name)
        except ContainerMissing:
            return None
        spec = spec_from_inspection(container, self.engine.inspect_image(container["Image"]))
        return spec, str(container["Image"])

    def list_aside(self, name: str, kind: str) -> list[str]:
        """The containers that an exchange has put aside (`old`), or not yet put in place (`new`)."""
        pattern = rf"{re.escape(name)}-{kind}-\d{{14}}"
        listed = (each["Names"][0].lstrip("/") for each in self.engine.list_containers())
        return sorted(found for found in listed if re.fullmatch(pattern, found))

    def replace(self, name: str, spec: Spec) -> None:
        """Put a new container in the place of a stopped one, which is kept aside. Raises ImageMissing."""
        stamp = find_free_stamp(self.engine, name)
        self._make(f"{name}-new-{stamp}", spec)
        self.engine.set_restart_policy(name, NO_RESTART)
        self.engine.rename(name, f"{name}-old-{stamp}")
        self.engine.rename(f"{name}-new-{stamp}", name)

    def put_back(self, name: str, spec: Spec, image_id: str | None, known: Collection[str]) -> None:
        """The container of before, in whatever middle this finds things; it can be begun again.

        One is made anew from `spec` where a script has left none. What is `known` was aside before it began.
        """
        for new in self.list_aside(name, "new"):
            self._remove(new)
        olds = [old for old in self.list_aside(name, "old") if old not in known]
        if olds:
            self._remove(name)
            self.engine.rename(olds[-1], name)
            self.engine.set_restart_policy(name, spec.restart_policy)
            for left in olds[:-1]:
                self._remove(left)
        elif not self._has_spec(name, spec, image_id):
            again = self.with_image(spec, image_id)  # what is there is better than nothing
            self._remove(name)
            self._make(name, again)

    def _has_spec(self, name: str, spec: Spec, image_id: str | None) -> bool:
        """Whether the container is that of before; it may only have been kept from starting by itself."""
        found = self.find_spec(name)
        if found is None or found[1] != image_id:
            return False
        if msgspec.structs.replace(found[0], restart_policy=spec.restart_policy) != spec:
            return False
        if found[0] != spec:
            self.engine.set_restart_policy(name, spec.restart_policy)
        return True

    def remove_aside(self, name: str, known: Collection[str]) -> None:
        """The new container has proven itself."""
        for kind in KINDS:
            for left in self.list_aside(name, kind):
                if left not in known:
                    self._remove(left)

    def with_image(self, spec: Spec, image_id: str | None) -> Spec:
        """The spec with the very image of then, also where its name has moved on. Raises ImageMissing."""
        try:
            found = self.engine.inspect_image(spec.image)["Id"]
        except ImageMissing:
            found = None
        if found is not None and image_id in (None, found):
            return spec
        if image_id is None:
            raise ImageMissing()
        self.engine.inspect_image(image_id)
        return msgspec.structs.replace(spec, image=image_id)

    def _make(self, name: str, spec: Spec) -> None:
        body, networks = creation_from_spec(spec)
        made = self.engine.create(name, body)
        for network, endpoint in networks:
            self.engine.connect(made, network, endpoint)

    def _remove(self, name: str) -> None:
        with suppress(ContainerMissing):
            self.engine.remove(name)


def is_aside(name: str, containers: Collection[str]) -> bool:
    """Whether it is one that an exchange of one of these has put aside, or not yet put in place."""
    match = ASIDE.fullmatch(name)
    return match is not None and match[1] in containers


def find_free_stamp(engine: Engine, name: str) -> str:
    """The present second, or the first one after it of which there is no old container aside."""
    while True:
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        try:
            engine.inspect(f"{name}-old-{stamp}")
        except ContainerMissing:
            return stamp
        time.sleep(0.1)
