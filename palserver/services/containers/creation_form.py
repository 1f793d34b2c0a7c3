"""What a form for a new server needs to know beforehand."""

from __future__ import annotations

import msgspec

from palserver.services.containers.creation import INSTANCE_LABEL
from palserver.services.containers.creations import Creations
from palserver.services.containers.ports import GAME, QUERY, RCON, REST
from palserver.services.images.known import KNOWN_IMAGES, find_known_image


class ImageChoice(msgspec.Struct, frozen=True):
    """A known image, or a version of one that the engine has or that lies in `server/repo`.

    `has_query_port` is whether the game in it is asked on a second port.
    """

    reference: str
    saved_path: str
    has_query_port: bool


class KeptWorld(msgspec.Struct, frozen=True):
    """A volume that no container has; `instance` is the server that it was made for."""

    volume: str
    instance: str


class CreationForm(msgspec.Struct, frozen=True):
    """`ports` are free ones, by their fields."""

    images: list[ImageChoice]
    ports: dict[str, int]
    worlds: list[KeptWorld]


def read_form(creations: Creations) -> CreationForm:
    """Raises EngineUnreachable."""
    used = creations.list_used_volumes()
    volumes = creations.engine.list_volumes(INSTANCE_LABEL)
    kept = [
        KeptWorld(volume["Name"], volume["Labels"][INSTANCE_LABEL])
        for volume in volumes
        if volume["Name"] not in used
    ]
    references = [known.reference for known in KNOWN_IMAGES if known.is_offered]
    return CreationForm(
        images=[_choose(each) for each in dict.fromkeys((*references, *creations.supply.list_at_hand()))],
        ports=creations.choose_ports({}, (GAME, QUERY, REST, RCON)),
        worlds=sorted(kept, key=lambda world: world.instance),
    )


def _choose(reference: str) -> ImageChoice:
    known = find_known_image(reference)
    assert known is not None  # noqa: S101 - the names are made from those of known images
    return ImageChoice(reference, known.saved_path, known.has_query_port)
