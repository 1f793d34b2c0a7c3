"""What is offered for adoption, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from palserver import errors
from palserver.services.containers.creation_checks import Creation
from tests.containers import Containers
from tests.game import Game
from tests.imitations import Images, made_servers
from tests.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "base")
    yield rig
    rig.close()


@pytest.fixture
def containers(engine: docker.DockerClient) -> Iterator[Containers]:
    containers = Containers(engine)
    yield containers
    containers.remove_all()


def list_offered(rig: Rig, prefix: str) -> list[str]:
    found = rig.services.adoption.list_adoptable()
    return [one.container for one in found if one.container.startswith(prefix)]


def test_what_an_exchange_has_put_aside_is_not_offered(rig: Rig, game: Game):
    """It would be a second server on the same world, until the exchange removes it."""
    exchanges = rig.services.respecs.exchanges
    assert list_offered(rig, game.name) == [game.name]
    rig.adopt(game)
    found = exchanges.find_spec(game.name)
    assert found is not None
    spec, image_id = found
    game.container.stop(timeout=0)
    exchanges.replace(game.name, spec)
    try:
        (old,) = exchanges.list_aside(game.name, "old")
        assert list_offered(rig, game.name) == []
        with pytest.raises(errors.ContainerManaged):
            rig.services.adoption.adopt(old, "second")
    finally:
        exchanges.put_back(game.name, spec, image_id, [])


def test_a_name_like_that_of_nobody_s_server_is_offered(rig: Rig, make_game: Callable[..., Game]):
    """It only sounds like one that was put aside."""
    game = make_game()
    game.container.rename(f"{game.name}-old-20260101000000")
    try:
        assert list_offered(rig, game.name) == [f"{game.name}-old-20260101000000"]
    finally:
        game.container.rename(game.name)


def test_what_is_being_made_is_not_offered(
    rig: Rig, engine: docker.DockerClient, images: Images, monkeypatch
):
    """Its job may still remove it, and writes it down itself in the end."""
    start, seen = rig.services.engine.start, []

    def look_and_start(name: str) -> None:
        seen.append(list_offered(rig, name))
        with pytest.raises(errors.ContainerManaged):
            rig.services.adoption.adopt(name, "second")
        start(name)

    monkeypatch.setattr(rig.services.engine, "start", look_and_start)
    with made_servers(engine) as made:
        wanted = Creation(name=made.name(), image=images.get("thijsvanloef"))
        job, _ = rig.services.creations.start(wanted, "tester")
        assert job.ended.wait(120)
        assert (job.error, seen) == (None, [[]])
        assert [one.name for one in rig.services.instances.list_instances()] == [made.name()]


def test_one_that_cannot_be_looked_into_is_passed_over(rig: Rig, containers: Containers, game: Game):
    """The others are offered all the same."""
    containers.make(volumes={"/tmp": {"bind": f"/{'x' * 300}", "mode": "ro"}})  # noqa: S108 - only a path
    offered = rig.services.adoption.list_adoptable()
    assert game.name in [one.container for one in offered]
    assert containers.name("alpha") not in [one.container for one in offered]
