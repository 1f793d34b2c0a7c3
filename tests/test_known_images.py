"""Each known image as its owner runs it: adopted, its settings written, and held against the game's."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import docker
import pytest

from palserver.services.games.addresses import SETTINGS_PATH
from tests.game import ADMIN_PASSWORD, CONTROL_PORT, Game
from tests.imitations import IMITATIONS, Images
from tests.panel import Panel
from tests.test_game_access import put_file
from tests.test_settings import SECTION, Server

INI = (
    f'{SECTION}\nOptionSettings=(RESTAPIEnabled=True,AdminPassword="{ADMIN_PASSWORD}",ServerName="By file")\n'
)
WANTED = {"ServerName": "Mine", "ExpRate": 2, "ServerPlayerMaxNum": 16}
BY_VARIABLES = {"ADMIN_PASSWORD": ADMIN_PASSWORD, "SERVER_NAME": "By variable"}
ALL_LOST = dict.fromkeys(WANTED, "environment")


@dataclass(frozen=True)
class Case:
    """An image and how somebody has set it up; `lost` is what does not take, and why."""

    kind: str
    environment: dict[str, str] = field(default_factory=dict)
    has_file: bool = False
    command: list[str] | None = None
    overridden_by: tuple[str, ...] = ()
    lost: dict[str, str] = field(default_factory=dict)
    exit_code: int = 0


CASES = {
    "thijsvanloef": Case(
        "thijsvanloef",
        BY_VARIABLES | {"PLAYERS": "8"},
        overridden_by=("environment", "command_line"),
        lost=ALL_LOST,
    ),
    "thijsvanloef by its file": Case(
        "thijsvanloef",
        {"DISABLE_GENERATE_SETTINGS": "true", "PLAYERS": "8"},
        has_file=True,
        overridden_by=("command_line",),
        lost={"ServerPlayerMaxNum": "command_line"},
    ),
    "jammsen": Case(
        "jammsen",
        BY_VARIABLES | {"MAX_PLAYERS": "8"},
        overridden_by=("environment",),
        lost=ALL_LOST,
        exit_code=143,
    ),
    "jammsen by its file": Case("jammsen", {"SERVER_SETTINGS_MODE": "manual"}, has_file=True, exit_code=143),
    "official": Case(
        "official",
        has_file=True,
        command=["-port=8211", "-players=8"],
        overridden_by=("command_line",),
        lost={"ServerPlayerMaxNum": "command_line"},
    ),
    "supersunho": Case("supersunho", BY_VARIABLES, overridden_by=("environment",), lost=ALL_LOST),
    "palworld_server_steam": Case("steam", has_file=True),
}


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    images = Images(engine)
    yield images
    images.remove()


def run(make_game: Callable[..., Game], images: Images, case: Case) -> Game:
    """A container as the image's own compose file makes it, with a file where there is one."""
    imitation, name = IMITATIONS[case.kind], f"test-{uuid.uuid4().hex[:12]}"
    game = make_game(
        name=name,
        image=images.get(case.kind),
        command=case.command,
        environment={"ADMIN_PASSWORD": "", **case.environment},
        ports={"8211/udp": None, "8212/tcp": ("127.0.0.1", 0), f"{CONTROL_PORT}/tcp": ("127.0.0.1", 0)},
        volumes={f"{name}-saved": {"bind": imitation.data, "mode": "rw"}},
    )
    if case.has_file:
        put_file(game, imitation.saved, SETTINGS_PATH, INI.encode())
    return game.start()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_settings_of_each_known_image(panel: Panel, images, make_game, case):
    """Known by its name alone; what is asked for takes where it can, and what does not says what kept it."""
    game = run(make_game, images, case)
    offered = {each["container"]: each for each in panel.get("/api/instances/adoptable")["containers"]}
    assert (offered[game.name]["image"], offered[game.name]["state"]) == (images.get(case.kind), "running")
    server = Server(panel, game)
    server.wait_until_ready()
    settings = server.read()
    assert tuple(source["source"] for source in settings["overridden_by"]) == case.overridden_by
    assert settings["file"] == "whole"
    waiting = server.set(WANTED)
    assert {each["key"] for each in waiting["options"] if each["is_pending"]} == set(WANTED)
    job = server.restart()
    assert (job["state"], job["result"]["settings"]) == ("succeeded", "written")
    assert (job["result"]["saved"], job["result"]["exit_code"]) == (True, case.exit_code)
    settings = server.read()
    taken = {
        key: option["effective"]
        for key in WANTED
        if (option := server.option(key, settings))["not_taken"] is None
    }
    assert taken == {key: value for key, value in WANTED.items() if key not in case.lost}
    lost = {each["key"]: each["not_taken"] for each in settings["options"] if each["not_taken"]}
    assert lost == case.lost
