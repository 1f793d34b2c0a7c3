"""One container in the place of another, and back again from wherever that was interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
import pytest

from palserver import errors
from palserver.clients.engine import Engine
from palserver.services.compose.files import ComposeFiles
from palserver.services.containers.exchanges import NO_RESTART, Exchanges
from tests.containers import PLAIN_IMAGE, Containers

POLICY = {"Name": "unless-stopped", "MaximumRetryCount": 0}


@pytest.fixture
def containers(engine) -> Iterator[Containers]:
    containers = Containers(engine)
    yield containers
    containers.remove_all()


@pytest.fixture
def exchanges() -> Iterator[Exchanges]:
    client = Engine(os.environ)
    yield Exchanges(client)
    client.close()


def test_a_container_that_was_only_kept_from_starting_is_the_old_one(containers, exchanges):
    """It is not made anew, with the loss of all that lies in it."""
    container = containers.make(restart_policy={"Name": "unless-stopped"})
    spec, image_id = exchanges.find_spec(container.name)
    exchanges.engine.set_restart_policy(container.name, NO_RESTART)
    exchanges.put_back(container.name, spec, image_id, [])
    assert exchanges.engine.get_container(container.name).id == container.id
    assert exchanges.engine.get_container(container.name).restart_policy == POLICY


def test_an_image_that_is_gone(containers, exchanges):
    """What is in the place is left there: it is better than nothing."""
    container = containers.make()
    spec, _ = exchanges.find_spec(container.name)
    other = msgspec.structs.replace(spec, image=f"{PLAIN_IMAGE}-of-another-day")
    with pytest.raises(errors.ImageMissing):
        exchanges.put_back(container.name, other, None, [])
    assert exchanges.engine.get_container(container.name).id == container.id


def test_an_engine_in_trouble_has_not_said_that_there_is_nothing(containers, exchanges):
    """No world is taken for one that is not there."""
    container = containers.make()
    assert exchanges.engine.has_path(container.name, "/etc/passwd") is True
    assert exchanges.engine.has_path(container.name, "/etc/nothing") is False
    with pytest.raises(errors.EngineRefused):
        exchanges.engine.has_path(container.name, f"/{'x' * 300}")


def test_a_compose_file_that_a_script_has_taken_away(tmp_path):
    """It is there again; where there was none, none is made."""
    files, path = ComposeFiles(tmp_path), tmp_path / "docker-compose-alpha.yml"
    path.write_text("services: {}\n", encoding="utf-8")
    text = files.find("alpha")
    path.unlink()
    files.put_back("alpha", text)
    files.put_back("beta", None)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "services: {}\n"
