"""The images that people run Palworld servers from: where each keeps its world, and how it is told things.

All that PalServer knows of one image and not of another stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Writer(msgspec.Struct, frozen=True):
    """How an image makes the settings file anew of its variables at each start, and what keeps it from it:
    a variable with one of some values; None where nothing does."""

    off_variable: str | None = None
    off_values: tuple[str, ...] = ()

    def writes(self, environment: Mapping[str, str]) -> bool:
        value = environment.get(self.off_variable or "", "")
        return value.lower() not in self.off_values


class KnownImage(msgspec.Struct, frozen=True):
    """`repository` is without registry and tag, `reference` is what a new server is made from.

    `variables` are the image's own names for what a form asks; without them the game is told by its
    PalWorldSettings.ini. The game's ports inside are always the usual ones: what differs is where the host
    publishes them, and `ports` are the variables that would move them. `writer` is None for an image that
    leaves that file alone; `arguments` are variables that it hands to the game on its command line, where
    they have the last word, with the options they decide.
    """

    repository: str
    reference: str
    saved_path: str
    data_path: str
    variables: dict[str, str] = {}
    environment: dict[str, str] = {}
    rcon_environment: dict[str, str] = {}
    ports: dict[str, str] = {}
    command: tuple[str, ...] | None = None
    writer: Writer | None = None
    arguments: dict[str, str] = {}
    has_query_port: bool = True
    is_offered: bool = True


THIJSVANLOEF = KnownImage(
    repository="thijsvanloef/palworld-server-docker",
    reference="thijsvanloef/palworld-server-docker:latest",
    saved_path="/palworld/Pal/Saved",
    data_path="/palworld",
    variables={
        "server_name": "SERVER_NAME",
        "server_password": "SERVER_PASSWORD",
        "admin_password": "ADMIN_PASSWORD",
        "max_players": "PLAYERS",
    },
    environment={"REST_API_ENABLED": "true", "REST_API_PORT": "8212"},
    rcon_environment={"RCON_ENABLED": "true", "RCON_PORT": "25575"},
    ports={"PORT": "8211/udp", "QUERY_PORT": "27015/udp", "REST_API_PORT": "8212/tcp"},
    writer=Writer("DISABLE_GENERATE_SETTINGS", ("true", "1", "yes", "on")),
    arguments={"PLAYERS": "ServerPlayerMaxNum"},
)
KNOWN_IMAGES = (
    THIJSVANLOEF,
    KnownImage(
        repository="jammsen/palworld-dedicated-server",
        reference="jammsen/palworld-dedicated-server:latest",
        saved_path="/palworld/Pal/Saved",
        data_path="/palworld",
        variables={
            "server_name": "SERVER_NAME",
            "server_password": "SERVER_PASSWORD",
            "admin_password": "ADMIN_PASSWORD",
            "max_players": "MAX_PLAYERS",
        },
        environment={"RESTAPI_ENABLED": "true", "RESTAPI_PORT": "8212"},
        ports={"RESTAPI_PORT": "8212/tcp"},
        writer=Writer("SERVER_SETTINGS_MODE", ("manual",)),
        has_query_port=False,
    ),
    # Nothing but the game: no settings in variables, and the arguments that its own compose file gives it.
    KnownImage(
        repository="pocketpairjp/palserver",
        reference="ghcr.io/pocketpairjp/palserver:latest",
        saved_path="/pal/Package/Pal/Saved",
        data_path="/pal/Package/Pal/Saved",
        command=("-port=8211", "-useperfthreads", "-NoAsyncLoadingThread", "-UseMultithreadForDS"),
        has_query_port=False,
    ),
    KnownImage(
        repository="palworld_server_steam",
        reference="palworld_server_steam:latest",
        saved_path="/home/steam/palworld/Pal/Saved",
        data_path="/home/steam/palworld/Pal/Saved",
        ports={"PORT": "8211/udp", "QUERY": "27015/udp", "RESTAPI": "8212/tcp"},
    ),
    # Known for its save folder. What its variables are called is not known well enough to make servers of it.
    KnownImage(
        repository="supersunho/palworld-server",
        reference="supersunho/palworld-server:latest",
        saved_path="/home/steam/palworld_server/Pal/Saved",
        data_path="/home/steam/palworld_server",
        writer=Writer(),
        is_offered=False,
    ),
)


def find_known_image(reference: str) -> KnownImage | None:
    """The image of this name, from whichever registry."""
    repository = read_repository(reference)
    return next(
        (
            known
            for known in KNOWN_IMAGES
            if repository == known.repository or repository.endswith("/" + known.repository)
        ),
        None,
    )


def read_repository(reference: str) -> str:
    """`registry:5000/a/b:tag@digest` without tag and digest."""
    reference = reference.partition("@")[0]
    head, colon, tail = reference.rpartition(":")
    return head if colon and "/" not in tail else reference
