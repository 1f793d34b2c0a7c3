"""Instances on a real engine: adopted, listed, and followed as they change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from palserver.services.containers.changes import Changes, follow_rest_port
from palserver.services.containers.ports import write_binding
from palserver.services.containers.specs import Spec
from tests.game import ADMIN_PASSWORD, CONTROL_PORT, LABELS, Game, remove_container
from tests.imitations import made_servers
from tests.panel import Panel, find_free_port, receive
from tests.pretend_rows import make_instance
from tests.waiting import wait_until


def adopt(panel: Panel, game: Game) -> str:
    answer = panel.call("POST", "/api/instances/adopt", {"container": game.name})
    assert answer.status_code == 201, answer.text
    return game.name


def show(panel: Panel, name: str) -> Any:
    return panel.get(f"/api/instances/{name}")


def wait_for_state(panel: Panel, name: str, state: str) -> Any:
    return wait_until(lambda: (found := show(panel, name))["state"] == state and found, f"{name} is {state}")


def test_a_running_game_is_found_and_adopted_without_being_touched(panel, game):
    """A container with a Palworld save folder is offered; adopting changes nothing in it."""
    offered = panel.get("/api/instances/adoptable")["containers"]
    assert {"container": game.name, "image": "palserver:local", "state": "running"}.items() <= next(
        entry for entry in offered if entry["container"] == game.name
    ).items()
    game.container.reload()
    before = game.container.attrs
    answer = panel.call("POST", "/api/instances/adopt", {"container": game.name})
    assert answer.status_code == 201
    assert answer.json()["name"] == game.name
    assert answer.json()["source"] == "adopted"
    assert answer.json()["state"] == "running"
    game.container.reload()
    assert game.container.attrs == before
    assert game.name not in [
        entry["container"] for entry in panel.get("/api/instances/adoptable")["containers"]
    ]


def test_a_stopped_game_can_be_adopted(panel, make_game):
    """Its save folder is found although nothing runs in it."""
    game = make_game()
    answer = panel.call("POST", "/api/instances/adopt", {"container": game.name, "name": "Frozen_one"})
    assert answer.status_code == 201
    assert answer.json()["name"] == "Frozen_one"
    assert answer.json()["state"] == "created"
    (entry,) = panel.get("/api/audit?limit=1")["entries"]
    assert (entry["action"], entry["target"]) == ("instances.adopt", "Frozen_one")
    assert answer.json()["game"]["status"] == "off"
    assert answer.json()["metrics"] is None


def test_a_container_that_is_no_game_is_refused(panel, engine):
    """Only what looks like a Palworld server can be adopted."""
    other = engine.containers.create("python:3.11-slim", ["sleep", "60"], labels=LABELS, name="test-no-game")
    try:
        answer = panel.call("POST", "/api/instances/adopt", {"container": "test-no-game"})
        assert (answer.status_code, answer.json()["key"]) == (400, "not_a_palworld_server")
        offered = panel.get("/api/instances/adoptable")["containers"]
        assert "test-no-game" not in [entry["container"] for entry in offered]
    finally:
        other.remove(force=True)


def test_an_image_is_known_by_its_name(panel, engine):
    """A container of a known image is a Palworld server before its save folder exists."""
    engine.images.get("python:3.11-slim").tag("thijsvanloef/palworld-server-docker", "test")
    image = "thijsvanloef/palworld-server-docker:test"
    known = engine.containers.create(image, ["sleep", "60"], labels=LABELS, name="test-known-image")
    try:
        answer = panel.call("POST", "/api/instances/adopt", {"container": "test-known-image"})
        assert answer.status_code == 201
    finally:
        known.remove(force=True)
        engine.images.remove(image)


def test_nothing_is_adopted_twice(panel, game):
    """Neither the container under another name, nor another container under a taken name."""
    name = adopt(panel, game)
    again = panel.call("POST", "/api/instances/adopt", {"container": game.name, "name": "other"})
    assert (again.status_code, again.json()["key"]) == (409, "container_managed")
    same = panel.call("POST", "/api/instances/adopt", {"container": game.name})
    assert (same.status_code, same.json()["key"]) == (409, "instance_exists")
    assert [entry["name"] for entry in panel.get("/api/instances")["instances"]].count(name) == 1


@pytest.mark.parametrize(
    "name", ["", "x", "a" * 33, "-rf", "a b", "a/b", "../up", "name\n", "all", "adopt", "가나다"]
)
def test_a_hostile_name_is_refused(panel, make_game, name):
    """A name that could not stand in a path or a command is refused by the field's name."""
    answer = panel.call("POST", "/api/instances/adopt", {"container": make_game().name, "name": name})
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
    assert "name" in answer.json()["fields"]


@pytest.mark.parametrize("container", ["missing-container", "a/b", "..", "%2e%2e", "x" * 128])
def test_a_container_that_does_not_exist_cannot_be_adopted(panel, container):
    """Whatever the word is, it is looked up as a container and not found."""
    answer = panel.call("POST", "/api/instances/adopt", {"container": container})
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["key"] in ("container_not_found", "invalid")


@pytest.mark.parametrize("name", ["missing", "x", "a" * 40, "..", "a%2Fb", "a%0A", "%EA%B0%80"])
def test_an_unknown_instance_is_not_found(panel, name):
    """A name that cannot exist and one that does not exist are answered alike, before any right is used."""
    for method, path in [("GET", ""), ("POST", "/start"), ("POST", "/stop"), ("POST", "/backup")]:
        answer = panel.call(method, f"/api/instances/{name}{path}")
        assert answer.status_code == 404, (path, answer.text)
        assert answer.json()["key"] in ("instance_not_found", "not_found")


def test_what_happens_outside_the_panel_is_seen(panel, game):
    """Stopped, started, paused and removed with other tools, and shown here without being asked for."""
    name = adopt(panel, game)
    game.container.kill()
    assert wait_for_state(panel, name, "exited")["exit_code"] == 137
    game.container.start()
    assert wait_for_state(panel, name, "running")["exit_code"] is None
    game.container.pause()
    assert wait_for_state(panel, name, "paused")["game"]["status"] == "paused"
    game.container.unpause()
    wait_for_state(panel, name, "running")
    remove_container(game.client, game.name)
    gone = wait_for_state(panel, name, "missing")
    assert (gone["image"], gone["metrics"]) == (None, None)


def test_a_games_figures_stand_beside_its_container(panel, game):
    """Players and their maximum come from the game, CPU and memory from the engine, each with its time."""
    name = adopt(panel, game)
    game.join("Lamia")
    found = wait_until(
        lambda: (one := show(panel, name))["game"]["players"] == 1 and one["metrics"] and one,
        "the game's player and the container's figures",
    )
    assert found["game"]["status"] == "ready"
    assert found["game"]["max_players"] == 32
    assert found["game"]["version"].startswith("v1.0")
    assert found["metrics"]["memory_bytes"] > 1_000_000
    assert {"container": "8212/tcp", "host_ip": "127.0.0.1"}.items() <= found["ports"][1].items() or any(
        port["container"] == "8212/tcp" for port in found["ports"]
    )


def test_a_silent_game_has_an_unknown_number_of_players(panel, game):
    """A failed poll is not an empty server."""
    name = adopt(panel, game)
    wait_until(lambda: show(panel, name)["game"]["players"] == 0, "an empty server, said by the game")
    game.set_faults(hang=True)
    wait_until(lambda: show(panel, name)["game"]["players"] is None, "players are unknown")
    assert show(panel, name)["state"] == "running"


def test_the_access_can_be_set_by_hand(panel, make_game):
    """Where looking fails, an admin names address and password; a dry run shows what would change."""
    game = make_game(ports={"8299/tcp": ("127.0.0.1", 0)}).start_hidden()
    name = adopt(panel, game)
    body = {"rest_address": "127.0.0.1:1", "admin_password": "by hand"}
    dry = panel.call("PATCH", f"/api/instances/{name}?dry_run=1", body)
    assert dry.status_code == 200
    assert dry.json()["changes"] == [
        {"field": "rest_address", "before": None, "after": "http://127.0.0.1:1"},
        {"field": "admin_password"},
    ]
    newest = panel.get("/api/audit")["entries"][0]
    assert (newest["action"], newest["target"]) != ("instances.change", name)
    done = panel.call("PATCH", f"/api/instances/{name}?wait=60", body)
    assert done.status_code == 200
    assert done.json()["job"]["state"] == "succeeded"
    assert "by hand" not in done.text
    info = panel.call("GET", f"/api/server/{name}/info")
    assert (info.status_code, info.json()["key"]) == (502, "game_unreachable")
    address = game.container.attrs["NetworkSettings"]["IPAddress"]
    body = {"rest_address": f"{address}:8212", "admin_password": ADMIN_PASSWORD}
    panel.call("PATCH", f"/api/instances/{name}?wait=60", body)
    assert panel.get(f"/api/server/{name}/info")["version"].startswith("v1.0")


@pytest.fixture
def by_hand(make_panel, make_game):
    """A panel of the test's own, the path of a server that it reaches as it was told, and its REST port."""
    port = find_free_port()
    ports = {"8212/tcp": ("127.0.0.1", port), f"{CONTROL_PORT}/tcp": ("127.0.0.1", 0)}
    panel, game = make_panel(), make_game(ports=ports).start()
    panel.start()
    path = f"/api/instances/{adopt(panel, game)}"
    body = {"rest_address": f"127.0.0.1:{port}", "admin_password": ADMIN_PASSWORD}
    panel.call("PATCH", f"{path}?wait=60", body)
    return panel, path, port


def ask_info(panel, path):
    return panel.call("GET", f"/api/server/{path.rpartition('/')[2]}/info").status_code


def read_changes(panel, path, body):
    return panel.call("PATCH", f"{path}?dry_run=1", body).json()["changes"]


@pytest.mark.parametrize("is_told", [True, False])
def test_an_address_by_hand_goes_with_the_port(by_hand, is_told):
    """The new container's game is asked where it is then, and the dry run says so."""
    panel, path, port = by_hand
    moved = find_free_port()
    body = {"rest_port": moved, **({"rest_address": f"127.0.0.1:{moved}"} if is_told else {})}
    before, after = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{moved}"
    listed = read_changes(panel, path, body)
    assert listed[0] == {"field": "rest_address", "before": before, "after": after}
    job = panel.call("PATCH", f"{path}?wait=60", body).json()["job"]
    assert (job["state"], job["result"]["changes"]) == ("succeeded", listed)
    assert ask_info(panel, path) == 200
    assert panel.run_job(f"{path}/rollback")["state"] == "succeeded"
    assert ask_info(panel, path) == 200


def test_a_change_that_does_not_work_leaves_the_address(by_hand):
    """The old container is back, and its game is asked where it was before."""
    panel, path, _ = by_hand
    body = {"rest_port": find_free_port(), "environment": {"PATH": "/nowhere"}}
    job = panel.call("PATCH", f"{path}?wait=60", body).json()["job"]
    assert job["state"] == "failed"
    wait_until(lambda: ask_info(panel, path) == 200, "it answers at the old address")


def test_a_panel_that_dies_in_a_change_leaves_the_address(by_hand):
    """The next one goes back to the old container, and asks its game where it was before."""
    panel, path, _ = by_hand
    body = {"rest_address": "127.0.0.1:1", "admin_password": "wrong", "memory_limit_bytes": 2**30}
    job = panel.call("PATCH", path, body).json()["job"]["id"]
    wait_until(
        lambda: panel.get(f"/api/jobs/{job}")["job"]["step"] == "waiting_for_ready", "the new one is asked"
    )
    panel.kill()
    panel.start()
    wait_until(lambda: panel.get(path)["job"] is None, "recovery has ended", 60)
    wait_until(lambda: ask_info(panel, path) == 200, "it answers at the old address")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://10.0.0.5:8300", "http://10.0.0.5:8400"),
        ("http://[fd00::5]:8300", "http://[fd00::5]:8400"),
        ("http://10.0.0.5:8212", None),
        ("http://pal:8300", None),
        (None, None),
    ],
)
def test_only_an_address_with_the_published_port_goes_along(address, expected):
    """Another port is somebody's own affair, and by the container's name one comes to the port inside."""
    before, after = (Spec(image="a:1", ports=(write_binding("rest_port", port),)) for port in (8300, 8400))
    followed = follow_rest_port(make_instance("pal", rest_address=address), Changes(), before, after)
    assert followed == (Changes() if expected is None else Changes(rest_address=expected))


@pytest.mark.parametrize(
    "address", ["ftp://x:1", "host", "http://u:p@h:1", "http://h:1/path", "h:99999", "h:0"]
)
def test_a_wrong_address_is_refused(panel, make_game, address):
    """An address is a host and a port, nothing more."""
    name = adopt(panel, make_game())
    answer = panel.call("PATCH", f"/api/instances/{name}", {"rest_address": address})
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
    assert "rest_address" in answer.json()["fields"]


def test_events_tell_everything_once_and_then_changes(panel, game):
    """A snapshot first; then an instance's change within a moment, without anybody asking."""
    name = adopt(panel, game)
    with panel.watch("/api/events") as events:
        snapshot = receive(events)
        assert snapshot["type"] == "snapshot"
        assert name in [instance["name"] for instance in snapshot["instances"]]
        game.container.kill()
        wait_until(
            lambda: (
                (message := receive(events))["type"] == "instance"
                and message["instance"]["name"] == name
                and message["instance"]["state"] == "exited"
            ),
            "the change is told",
        )


def test_samples_are_told_as_they_come(panel, game):
    """A running container's figures arrive about once a second."""
    name = adopt(panel, game)
    with panel.watch("/api/events") as events:
        sample = wait_until(
            lambda: (
                (message := receive(events)).get("sample", {}).get("instance") == name and message["sample"]
            ),
            "a sample",
        )
    assert sample["memory_bytes"] > 0
    assert json.dumps(sample)


def test_instances_survive_a_restart_of_the_panel(make_panel, game: Game, tmp_path):
    """What was adopted is there again, after a stop and after a power cut."""
    panel: Panel = make_panel()
    panel.start()
    name = adopt(panel, game)
    assert panel.stop() == 0
    panel.start()
    assert wait_for_state(panel, name, "running")
    panel.kill()
    panel.start()
    assert wait_for_state(panel, name, "running")


def test_roles_decide(panel, game, make_game: Callable[..., Game]):
    """A viewer sees, an operator runs, only an admin adopts and changes."""
    name = adopt(panel, game)
    other = make_game()
    viewer, operator = panel.add_user("vera", "viewer"), panel.add_user("oscar", "operator")
    assert panel.call("GET", f"/api/instances/{name}", token=viewer).status_code == 200
    for path in ("start", "stop", "restart", "kill", "backup", "update"):
        answer = panel.call("POST", f"/api/instances/{name}/{path}", token=viewer)
        assert (answer.status_code, answer.json()["key"]) == (403, "forbidden")
    for token in (viewer, operator):
        answer = panel.call("POST", "/api/instances/adopt", {"container": other.name}, token=token)
        assert answer.status_code == 403
        assert panel.call("PATCH", f"/api/instances/{name}", {}, token=token).status_code == 403
    started = panel.call("POST", f"/api/instances/{name}/start?wait=60", token=operator)
    assert started.json()["job"]["actor"] == "oscar"


@pytest.mark.parametrize("is_running", [True, False])
def test_a_save_folder_below_a_mount_is_found(panel, engine, is_running):
    """Whatever the image and wherever the volume: the folder is looked for in it, running or stopped."""
    with made_servers(engine) as made:
        name = made.name()
        container = engine.containers.create(
            "palserver:local",
            ["sh", "-c", "mkdir -p /srv/data/Pal/Saved && sleep 1000"],
            name=name,
            labels=LABELS,
            user="root",
            volumes={f"{name}-data": {"bind": "/srv/data", "mode": "rw"}},
        )
        container.start()
        wait_until(lambda: container.exec_run(["ls", "/srv/data/Pal/Saved"]).exit_code == 0, "it is there")
        if not is_running:
            container.kill()
        found = panel.get("/api/instances/adoptable")["containers"]
        assert name in [one["container"] for one in found]
        assert panel.call("POST", "/api/instances/adopt", {"container": name}).status_code == 201
        panel.call("DELETE", f"/api/instances/{name}?container=keep&wait=60")
