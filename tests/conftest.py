"""Real parts for every test: an engine, game containers, panels in processes of their own."""

from gevent import monkey

monkey.patch_all()

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from flask import Flask

from migrations import migrate
from palserver import create_app
from palserver.background import Background
from palserver.config import read_config
from palserver.services.composition import Services
from palserver.store.database import Database
from tests.game import Game, remove_leftovers
from tests.panel import Panel


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """The engine. What an interrupted run left is removed first; a run that leaves something fails."""
    client = docker.from_env(timeout=150)
    remove_leftovers(client)
    yield client
    left = remove_leftovers(client)
    client.close()
    assert left == [], f"tests left containers behind: {left}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application by itself: built, and nothing started."""
    config = read_config({"PALSERVER_BASE_DIR": str(tmp_path_factory.mktemp("table"))})
    config.db_path.parent.mkdir(parents=True)
    database, background = Database(config.db_path, migrate), Background()
    services = Services(config, database, background)
    yield create_app(config, services)
    background.stop()
    services.stop()
    database.close()


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Panel]:
    """A running panel, shared by the tests of one file."""
    panel = Panel(tmp_path_factory.mktemp("panel"))
    try:
        panel.start()
        yield panel
    finally:
        panel.close()


@pytest.fixture
def make_panel(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Panels for tests that stop, kill or configure them, in the test's own folder."""
    made: list[Panel] = []

    def make(folder: Path | None = None, **environment: str) -> Panel:
        made.append(Panel(folder or tmp_path, **environment))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


@pytest.fixture
def make_game(engine: docker.DockerClient) -> Iterator[Callable[..., Game]]:
    made: list[Game] = []

    def make(**options: object) -> Game:
        made.append(Game(engine, **options))
        return made[-1]

    yield make
    for game in made:
        game.remove()


@pytest.fixture
def game(make_game: Callable[..., Game]) -> Game:
    """One pretend server, running and ready, not adopted yet."""
    return make_game().start()
