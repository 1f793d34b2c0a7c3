"""The demo's two pretend servers: a container each, with a world of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from docker import DockerClient

from demo.ports import LOOPBACK, find_free_port

IMAGE = "palserver:local"
LABEL = "palserver.demo"
SAVED_PATH = "/pal/Package/Pal/Saved"
REST_PORT = "8212/tcp"
STOP_SECONDS = 120
MEMORY_LIMIT_BYTES = 512 << 20


@dataclass(frozen=True)
class Game:
    """What makes one pretend server different from the other."""

    name: str
    server_name: str
    seed: int
    max_players: int


GAMES = (
    Game("demo-meadow", "Windswept Meadow", seed=7, max_players=16),
    Game("demo-volcano", "Volcano of the Pals", seed=42, max_players=32),
)


@contextmanager
def games_running(engine: DockerClient) -> Iterator[None]:
    """Have the pretend servers for as long as the block lasts.

    Raises docker.errors.ImageNotFound when the image has not been built.
    """
    remove_games(engine)
    try:
        for game in GAMES:
            start_game(engine, game)
        yield
    finally:
        remove_games(engine)


def start_game(engine: DockerClient, game: Game) -> None:
    """Create and start one, with an empty world."""
    volume = engine.volumes.create(f"{game.name}-saved", labels={LABEL: "1"})
    config = describe_container(game, volume.name)
    container = engine.api.create_container_from_config(config, game.name)  # type: ignore[no-untyped-call] # stubs
    engine.api.start(container)


def describe_container(game: Game, volume: str) -> dict[str, Any]:
    """What the engine is asked for, in its own words; the SDK's have none for the stop timeout."""
    return {
        "Image": IMAGE,
        "Cmd": ["python3", "-m", "demo"],
        "Labels": {LABEL: "1"},
        "Env": [
            f"ADMIN_PASSWORD={secrets.token_hex(8)}",
            f"SERVER_NAME={game.server_name}",
            f"PLAYERS={game.max_players}",
            f"DEMO_SEED={game.seed}",
            "DEMO_LIVELY=1",
        ],
        "ExposedPorts": {REST_PORT: {}},
        "Healthcheck": {"Test": ["NONE"]},  # the image's own asks for a panel
        "StopTimeout": STOP_SECONDS,
        "HostConfig": {
            "Binds": [f"{volume}:{SAVED_PATH}"],
            # A port that the engine chose would be another one after each restart.
            "PortBindings": {REST_PORT: [{"HostIp": LOOPBACK, "HostPort": str(find_free_port())}]},
            "RestartPolicy": {"Name": "unless-stopped"},
            "Memory": MEMORY_LIMIT_BYTES,
        },
    }


def remove_games(engine: DockerClient) -> None:
    """Remove the containers and worlds of this demo, or what one that was killed left behind."""
    ours: dict[str, str | list[str] | bool] = {"label": f"{LABEL}=1"}
    for container in engine.containers.list(all=True, filters=ours):
        container.remove(force=True)
    for volume in engine.volumes.list(filters=ours):
        volume.remove()
