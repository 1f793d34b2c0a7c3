"""Real parts for every test: an engine, game containers, panels in processes of their own."""

from gevent import monkey

monkey.patch_all()

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import hypothesis
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from migrations import migrate
from palserver import create_app
from palserver.background import Background
from palserver.config import read_config
from palserver.services.composition import Services
from palserver.store.database import Database
from tests.browser import Visit, chromium_running, visiting
from tests.game import Game, remove_leftovers
from tests.imitations import Images, Made, made_servers
from tests.looks import DESK, Look
from tests.panel import Panel
from tests.people import enter

# How long an example takes is a fact about the machine, and which examples there are is not left to chance.
hypothesis.settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure is told with what became of the panels, and what they wrote last."""
    report = yield
    if report.failed:
        for panel in Panel.open:
            title = f"the panel of {panel.url} in {panel.folder} {panel.describe()}; its log"
            report.sections.append((title, panel.read_log()[-8000:]))
    return report


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


@pytest.fixture
def adopted(panel: Panel, game: Game) -> Game:
    """A running game that the panel looks after, under its container's name."""
    panel.adopt(game.name)
    return game


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    """Images like those that people have, made when they are asked for."""
    images = Images(engine)
    yield images
    images.remove()


@pytest.fixture
def made(engine: docker.DockerClient, panel: Panel) -> Iterator[Made]:
    """Servers of this test, which the panel does not know any more at the end."""
    with made_servers(engine) as made:
        yield made
        for one in panel.get("/api/instances")["instances"]:
            if one["name"].startswith(made.prefix):
                panel.call("DELETE", f"/api/instances/{one['name']}?container=keep&wait=60")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)
    with chromium_running() as browser:
        yield browser


@pytest.fixture
def look() -> Look:
    """The page is seen in English and at a desk, unless a test asks for it `IN_BOTH_LOOKS`."""
    return DESK


@pytest.fixture
def say(look: Look) -> Callable[..., str]:
    """What the page calls it, in the language that it is seen in."""
    return look.say


@pytest.fixture
def visit(chromium: Browser, look: Look, make_panel: object, make_game: object) -> Iterator[Visit]:
    """Opens an address as a new visitor. What goes wrong in the browser and is not `expected` fails the test.

    The other fixtures are named so that they end later: a page would notice that its panel or game is gone.
    """
    with ExitStack() as visits:
        yield lambda address, **options: visits.enter_context(
            visiting(chromium, address, **look.options | options)
        )


@pytest.fixture
def page(chromium: Browser, look: Look, panel: Panel, make_game: object) -> Iterator[Page]:
    """The list of servers, with the admin signed in; it ends before the games that it shows."""
    with visiting(chromium, panel.url, **look.options) as page:
        enter(page)
        yield page
