"""Taking servers away: the world stays unless somebody says so, and nobody else's goes with it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from websockets.exceptions import ConnectionClosed

from palserver.services.containers.belongings import is_within
from tests.game import ADMIN_PASSWORD, LABELS, SAVED_PATH, Game, remove_container
from tests.panel import Panel, receive
from tests.waiting import wait_until


def delete(panel: Panel, name: str, **query: str) -> Any:
    """The job when it has ended."""
    answer = panel.call("DELETE", f"/api/instances/{name}", params={**query, "wait": "60"})
    assert answer.status_code in (200, 202), answer.text
    return panel.wait_for_job(answer.json()["job"]["id"])


def has_container(engine: docker.DockerClient, name: str) -> bool:
    with contextlib.suppress(docker.errors.NotFound):
        return bool(engine.containers.get(name))
    return False


def has_volume(engine: docker.DockerClient, name: str) -> bool:
    with contextlib.suppress(docker.errors.NotFound):
        return bool(engine.volumes.get(name))
    return False


def test_a_deleted_server_leaves_its_world(panel, engine, adopted):
    """It is saved first, its container is gone, and its volume is where the job says."""
    job = delete(panel, adopted.name)
    assert job["state"] == "succeeded"
    assert job["result"] == {"world": adopted.volume, "deleted": False, "saved": True, "save_error": None}
    assert not has_container(engine, adopted.name)
    assert has_volume(engine, adopted.volume)
    assert panel.call("GET", f"/api/instances/{adopted.name}").status_code == 404


def test_the_world_goes_when_that_is_asked_for(panel, engine, adopted):
    """Its volume is deleted with it; its backups stay."""
    backup = panel.run_job(f"/api/instances/{adopted.name}/backup")["result"]["backup"]
    job = delete(panel, adopted.name, data="delete")
    assert (job["state"], job["result"]["deleted"]) == ("succeeded", True)
    assert not has_volume(engine, adopted.volume)
    assert (panel.folder / "server" / "backup" / adopted.name / f"{backup}.json").is_file()
    adopted.client.volumes.create(adopted.volume, labels=LABELS)  # the fixture removes one


def test_a_volume_that_another_container_has_is_kept(panel, engine, adopted):
    """Whatever was asked for: it does not belong to this server alone."""
    other = engine.containers.create(
        "palserver:local", ["true"], labels=LABELS, volumes={adopted.volume: {"bind": "/mnt", "mode": "ro"}}
    )
    try:
        job = delete(panel, adopted.name, data="delete")
        assert (job["state"], job["result"]["deleted"]) == ("succeeded", False)
        assert has_volume(engine, adopted.volume)
    finally:
        other.remove()


def test_a_world_that_would_go_with_the_container_is_not_said_to_be_kept(panel, engine, make_game):
    """It lies in the container itself: the server is not even stopped, unless the world is to go."""
    game = make_game(volumes={}).start()
    panel.adopt(game.name)
    panel.call("PATCH", f"/api/instances/{game.name}?wait=60", {"admin_password": ADMIN_PASSWORD})
    job = delete(panel, game.name)
    assert (job["state"], job["error"]["key"], game.state) == ("failed", "world_not_on_volume", "running")
    assert delete(panel, game.name, data="delete")["state"] == "succeeded"
    assert not has_container(engine, game.name)


def make_on_folder(make_game: Any, folder: Path) -> Game:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    game: Game = make_game(volumes={str(folder): {"bind": SAVED_PATH, "mode": "rw"}})
    return game.start()


def test_a_folder_of_somebody_elses_is_kept(panel, engine, make_game, tmp_path):
    """A world that lies outside of our own folder is not ours to delete."""
    game = make_on_folder(make_game, tmp_path / "elsewhere")
    panel.adopt(game.name)
    job = delete(panel, game.name, data="delete")
    assert job["result"]["world"] == str(tmp_path / "elsewhere")
    assert (job["state"], job["result"]["deleted"]) == ("succeeded", False)
    assert list((tmp_path / "elsewhere").glob("SaveGames/0/*/Level.sav"))


def test_an_instances_own_folder_goes_with_it(panel, engine, make_game):
    """As the old panel laid it out: below the base folder, under its name, whosever its files are."""
    name = "folder-server"
    own, other = (panel.folder / "server" / "instances" / each for each in (name, "neighbour"))
    other.mkdir(parents=True)
    (other / "file").write_text("mine", encoding="utf-8")
    compose = panel.folder / "server" / f"docker-compose-{name}.yml"
    compose.write_text("services: {}\n", encoding="utf-8")
    game = make_on_folder(make_game, own)
    panel.adopt(game.name, name=name)
    job = delete(panel, name, data="delete")
    assert (job["state"], job["result"]) == (
        "succeeded",
        {"world": str(own), "deleted": True, "saved": True, "save_error": None},
    )
    assert not own.exists()
    assert (other / "file").read_text(encoding="utf-8") == "mine"
    assert not compose.exists()
    assert compose.with_name(f"{compose.name}.deleted").exists()


def test_a_folder_that_another_container_has_is_kept(panel, engine, make_game):
    """Whatever was asked for: somebody plays on it, though it lies in this server's own folder."""
    name = f"shared-{uuid.uuid4().hex[:8]}"
    own = panel.folder / "server" / "instances" / name
    game = make_on_folder(make_game, own)
    other = make_on_folder(make_game, own)
    panel.adopt(game.name, name=name)
    job = delete(panel, name, data="delete")
    assert (job["state"], job["result"]["deleted"]) == ("succeeded", False)
    assert list(own.glob("SaveGames/0/*/Level.sav"))
    assert other.state == "running"


def test_no_link_leads_a_deletion_elsewhere(tmp_path):
    """The instance's folder is itself or nothing: not what it points to, and not its neighbour by name."""
    own, elsewhere = tmp_path / "instances" / "alpha", tmp_path / "elsewhere"
    elsewhere.mkdir()
    own.parent.mkdir()
    (own.parent / "alphabet").mkdir()
    own.symlink_to(elsewhere)
    assert not is_within(str(own), own)
    assert not is_within(str(elsewhere), own.parent / "beta")
    own.unlink()
    own.mkdir()
    assert is_within(str(own), own)
    assert not is_within(str(own.parent / "alphabet"), own)
    assert not is_within(f"{own}/../alphabet", own)


def test_a_server_can_be_forgotten(panel, engine, adopted):
    """Its container runs on as if nobody had ever looked after it, and can be adopted again."""
    started_at = adopted.container.attrs["State"]["StartedAt"]
    job = delete(panel, adopted.name, container="keep", data="delete")
    assert (job["state"], adopted.state) == ("succeeded", "running")
    assert has_volume(engine, adopted.volume)
    assert adopted.container.attrs["State"]["StartedAt"] == started_at
    names = [one["container"] for one in panel.get("/api/instances/adoptable")["containers"]]
    assert adopted.name in names


@pytest.mark.parametrize("data", ["keep", "delete"])
def test_a_server_without_its_container_can_be_deleted(panel, engine, adopted, data):
    """There is nothing left to save; where its world lies is written down."""
    remove_container(engine, adopted.name)
    job = delete(panel, adopted.name, data=data)
    assert (job["state"], job["result"]["world"]) == ("succeeded", adopted.volume)
    assert has_volume(engine, adopted.volume) is (data == "keep")
    adopted.client.volumes.create(adopted.volume, labels=LABELS)  # the fixture removes one


def test_whoever_watches_is_told(panel, adopted):
    """The list loses it, and a log that is open is closed as one whose server is gone."""
    with panel.watch("/api/events") as events, panel.watch(f"/api/instances/{adopted.name}/logs") as log:
        assert receive(events)["type"] == "snapshot"
        delete(panel, adopted.name)
        wait_until(
            lambda: receive(events) == {"type": "instance_removed", "name": adopted.name}, "it is told"
        )
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                log.recv(60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404


@pytest.mark.parametrize("query", [{}, {"container": "keep"}])
def test_its_log_goes_with_a_server(panel, make_game, query):
    """From the disk, in the midst of a flood that is watched; a new server of that name begins its own."""
    old, new = make_game().start(), make_game().start()
    old.say("a secret of the old one")
    new.say("said by the new one")
    panel.adopt(old.name, name="log-twice")
    folder = panel.folder / "server" / "logs" / "log-twice"
    with panel.watch("/api/instances/log-twice/logs") as log:
        wait_until(lambda: folder.is_dir() and receive(log)["type"] == "lines", "its log is kept")
        old.say("a flood", repeat=50_000)
        assert delete(panel, "log-twice", **query)["state"] == "succeeded"
        assert not folder.exists()
        with pytest.raises(ConnectionClosed):
            while True:
                log.recv(60)
    panel.adopt(new.name, name="log-twice")
    text = panel.call("GET", "/api/instances/log-twice/logs").text
    assert "said by the new one" in text
    assert "a secret of the old one" not in text
    delete(panel, "log-twice", container="keep")
    assert not folder.exists()


@pytest.fixture
def killed(make_panel: Any, game: Game) -> Iterator[tuple[Panel, Game]]:
    panel = make_panel()
    panel.start()
    panel.adopt(game.name)
    yield panel, game


def test_a_deletion_that_was_interrupted_is_finished(killed, engine):
    """Killed while the world is deleted: the next panel ends it, and nothing half-way is left."""
    panel, game = killed
    panel.call("DELETE", f"/api/instances/{game.name}?data=delete")
    wait_until(lambda: is_down(game), "it is down")
    panel.kill()
    panel.start()
    wait_until(
        lambda: all(job["finished_at"] for job in panel.get("/api/jobs")["jobs"]), "recovery has ended", 60
    )
    names = [one["name"] for one in panel.get("/api/instances")["instances"]]
    left = has_container(engine, game.name), has_volume(engine, game.volume)
    # Before anything was removed it is a stop that was finished; after that, a deletion that was.
    assert (names, left) in (([game.name], (True, True)), ([], (False, False)))
    if not has_volume(engine, game.volume):
        game.client.volumes.create(game.volume, labels=LABELS)


def is_down(game: Game) -> bool:
    with contextlib.suppress(docker.errors.NotFound):
        return game.state == "exited"
    return True
