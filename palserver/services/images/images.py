"""The versions of an image: which repository a container is of, and getting another version of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from palserver.clients.engine import Engine
from palserver.errors import ImageMissing, PalError


def find_repository(reference: str, image: dict[str, Any]) -> str:
    """What comes before the tag. Raises ImageMissing for an image that has no name."""
    if image["Id"].removeprefix("sha256:").startswith(reference.removeprefix("sha256:")):
        tagged = [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
        if not tagged:
            raise ImageMissing("The container's image has no name, so that there are no versions of it.")
        reference = tagged[0]
    reference = reference.partition("@")[0]
    head, colon, tail = reference.rpartition(":")
    return head if colon and "/" not in tail else reference


def fetch_image(
    engine: Engine, container: dict[str, Any], version: str, say: Callable[[str], None]
) -> tuple[str, dict[str, Any]]:
    """The name of another version of a container's image, and its `inspect`.

    It is pulled if the image has come from a registry; an image without a digest was made here. Raises
    ImageMissing.
    """
    image = engine.inspect_image(container["Image"])
    name = f"{find_repository(container['Config']['Image'], image)}:{version}"
    if image.get("RepoDigests"):
        say(f"Pulling {name}.")
        try:
            for line in engine.pull(name.rpartition(":")[0], version):
                say(line)
        except PalError:
            say("It cannot be pulled. If there is a local image of that name, that one is taken.")
    return name, engine.inspect_image(name)
