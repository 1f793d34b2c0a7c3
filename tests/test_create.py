"""New servers on the real engine: all of one, told its settings in its image's own way, or nothing of it."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import sqlite3
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import docker
import pytest

from palserver.clients.engine import Engine
from palserver.errors import PortInUse
from palserver.services.containers.attachments import PortBinding
from palserver.services.containers.creations import list_ports
from palserver.services.containers.first_settings import Kept, put_back, write_settings
from palserver.services.containers.port_races import move_refused
from palserver.services.containers.ports import LOOPBACK
from palserver.services.containers.specs import Spec
from palserver.services.games.addresses import SETTINGS_PATH
from palserver.services.images.pulls import Progress
from palserver.services.settings.files import OLD_PATH
from tests.game import IMAGE, LABELS, SAVED_PATH
from tests.imitations import IMITATIONS, MADE_FROM, Made, ask_game, made_servers
from tests.panel import Panel, find_free_port, receive
from tests.registry import BREAKS_OFF, HANGS, IS_GONE, Registry, make_layer
from tests.test_game_access import put_file
from tests.test_settings import SECTION
from tests.waiting import wait_until

MIB = 1024 * 1024
SAVED = IMITATIONS["official"].saved
EVERYTHING = ("SELECT * FROM jobs", "SELECT * FROM audit")


def create(panel: Panel, name: str, image: str, **more: Any) -> tuple[Any, dict[str, str]]:
    """Make a server; the job when it has ended, and what was made up."""
    answer = panel.call("POST", "/api/instances?wait=60", {"name": name, "image": image, **more})
    assert answer.status_code in (200, 202), answer.text
    return panel.wait_for_job(answer.json()["job"]["id"]), answer.json()["generated"]


def inspect(made: Made, name: str) -> Any:
    return made.client.api.inspect_container(name)


@pytest.mark.parametrize("kind", MADE_FROM)
def test_a_server_of_each_image_runs_as_it_was_asked_for(panel, images, made, kind):
    """Its game has the name, the passwords and the number of players, whatever way the image takes them."""
    name, image = made.name(kind), images.get(kind)
    wanted = {"server_name": "Pals & 친구들", "max_players": 12, **IMITATIONS[kind].body}
    job, generated = create(panel, name, image, **wanted)
    assert job["state"] == "succeeded", panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert set(generated) == {"server_password", "admin_password"}
    ports = job["result"]["ports"]
    answer = ask_game(ports["rest_port"], generated["admin_password"])
    assert (answer.status_code, answer.json()["servername"]) == (200, "Pals & 친구들")
    settings = ask_game(ports["rest_port"], generated["admin_password"], "settings").json()
    assert settings["ServerPlayerMaxNum"] == 12
    shown = wait_until(
        lambda: (one := panel.get(f"/api/instances/{name}"))["game"]["status"] == "ready" and one,
        "it is ready",
    )
    assert (shown["source"], shown["image"], shown["game"]["max_players"]) == ("created", image, 12)
    assert made.list_volumes() == [f"palserver-{name}"]


def test_a_new_server_is_safe_by_itself(panel, images, made):
    """REST on the loopback alone, two minutes of grace, a restart policy, bounded logs and memory."""
    limits = {
        "memory_limit_bytes": 700 * MIB,
        "time_zone": "Asia/Seoul",
        "environment": {"COMMUNITY": "false"},
    }
    rcon = find_free_port()
    job, _ = create(panel, made.name(), images.get("thijsvanloef"), rcon_port=rcon, **limits)
    container = inspect(made, made.name())
    host, config, ports = container["HostConfig"], container["Config"], job["result"]["ports"]
    assert host["PortBindings"] == {
        "8211/udp": [{"HostIp": "", "HostPort": str(ports["game_port"])}],
        "27015/udp": [{"HostIp": "", "HostPort": str(ports["query_port"])}],
        "8212/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(ports["rest_port"])}],
        "25575/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(rcon)}],
    }
    assert (config["StopTimeout"], host["RestartPolicy"]["Name"]) == (120, "unless-stopped")
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}
    assert host["Memory"] == 700 * MIB
    assert {"TZ=Asia/Seoul", "COMMUNITY=false", "RCON_ENABLED=true"} <= set(config["Env"])


def test_a_made_up_password_is_told_once(panel, images, made):
    """It is in no job, no output, no audit, no log and no event; what was given is not told at all."""
    job, generated = create(panel, made.name(), images.get("thijsvanloef"), server_password="given-by-hand")
    assert set(generated) == {"admin_password"}
    secrets = [*generated.values(), "given-by-hand"]
    ask_game(job["result"]["ports"]["rest_port"], generated["admin_password"])
    told = [
        json.dumps(panel.get("/api/jobs")),
        panel.call("GET", f"/api/jobs/{job['id']}/output").text,
        json.dumps(panel.get("/api/audit")),
        json.dumps(panel.get("/api/instances")),
        panel.read_log(),
    ]
    with sqlite3.connect(panel.folder / "server" / "paladmin.db") as conn:
        told += [json.dumps(conn.execute(sql).fetchall()) for sql in EVERYTHING]
    assert [text for text in told if any(secret in text for secret in secrets)] == []


def test_an_open_server_has_no_password(panel, images, made):
    """An empty server password is somebody's decision; an empty admin password cannot be."""
    _, generated = create(
        panel, made.name(), images.get("thijsvanloef"), server_password="", admin_password=""
    )
    assert set(generated) == {"admin_password"}
    assert "SERVER_PASSWORD=" in inspect(made, made.name())["Config"]["Env"]


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_port_that_something_on_the_host_has_is_refused(panel, images, made, protocol):
    """By its field, before anything is made; nobody is proposed it either."""
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    field = "game_port" if protocol == "udp" else "rest_port"
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if protocol == "tcp":
            other.listen()
        body = {"name": made.name(), "image": images.get("official"), field: other.getsockname()[1]}
        answer = panel.call("POST", "/api/instances", body)
        assert (answer.status_code, answer.json()["key"]) == (409, "port_in_use")
        assert set(answer.json()["fields"]) == {field}
    assert (made.list_containers(), made.list_volumes()) == ([], [])


@pytest.mark.parametrize("is_running", [True, False])
def test_a_port_that_a_container_has_is_refused(panel, images, made, make_game, is_running):
    """Also that of one that is stopped: it will want it back. What is free is proposed to the next."""
    port = find_free_port()
    game = make_game(ports={"8211/udp": port, "8212/tcp": ("127.0.0.1", 0), "8299/tcp": ("127.0.0.1", 0)})
    if is_running:
        game.start()
    body = {"name": made.name(), "image": images.get("official"), "game_port": port}
    answer = panel.call("POST", "/api/instances", body)
    assert (answer.status_code, answer.json()["key"]) == (409, "port_in_use")
    assert game.name in answer.json()["fields"]["game_port"]


def test_free_ports_are_proposed_and_none_twice(panel, images, made):
    """The form is told the ports that the next server gets; a second one gets others."""
    proposed = panel.get("/api/creation")["ports"]
    one, _ = create(panel, made.name("one"), images.get("steam"))
    two, _ = create(panel, made.name("two"), images.get("steam"))
    first, second = one["result"]["ports"], two["result"]["ports"]
    assert set(first) == set(second) == {"game_port", "query_port", "rest_port"}
    assert all(first[field] >= proposed[field] for field in first)
    assert not set(first.values()) & set(second.values())


@contextmanager
def hold(first: int, count: int = 1) -> Iterator[list[int]]:
    """Have ports for oneself without listening: nobody sees it, and the engine is refused them.

    They are the first ones from `first` on, in the steps of REST. One on which a connection of before lingers
    cannot be had so, and is listened on instead, where everybody sees it.
    """
    held: list[int] = []
    with ExitStack() as stack:
        for port in range(first, 32768, 10):
            if len(held) == count:
                break
            try:
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
                held.append(port)
            except OSError:
                with suppress(OSError):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
        yield held


def test_a_chosen_port_that_is_taken_at_the_last_moment_leaves_nothing_behind(panel, images, made):
    """It seemed free when it was asked for and is not when the container starts: all of it is undone."""
    port = find_free_port()
    with hold(port):
        job, _ = create(panel, made.name(), images.get("official"), rest_port=port)
    assert (job["state"], job["error"]["key"]) == ("failed", "port_in_use")
    assert str(port) in job["error"]["detail"]
    assert (made.list_containers(), made.list_volumes()) == ([], [])
    assert panel.call("GET", f"/api/instances/{made.name()}").status_code == 404
    again, _ = create(panel, made.name(), images.get("official"), rest_port=port)
    assert again["state"] == "succeeded"


@pytest.mark.parametrize("kind", ["official", "thijsvanloef"])
def test_a_proposed_port_that_is_taken_at_the_last_moment_gives_way(panel, images, made, kind):
    """Nobody has chosen it: the next free one is taken, the output tells so, and nothing else differs."""
    rest_port = panel.get("/api/creation")["ports"]["rest_port"]
    with hold(rest_port, 2) as held:
        job, generated = create(panel, made.name(), images.get(kind), server_name="Raced")
    assert job["state"] == "succeeded", panel.call("GET", f"/api/jobs/{job['id']}/output").text
    ports = job["result"]["ports"]
    assert ports["rest_port"] not in held
    answer = ask_game(ports["rest_port"], generated["admin_password"])
    assert (answer.status_code, answer.json()["servername"]) == (200, "Raced")
    assert f"Port {held[0]} is in use" in panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert (made.list_containers(), made.list_volumes()) == ([made.name()], [f"palserver-{made.name()}"])
    bindings = inspect(made, made.name())["HostConfig"]["PortBindings"]
    assert bindings["8212/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(ports["rest_port"])}]


def test_only_what_nobody_chose_gives_way():
    """The one that the engine names, or all of them where it names none; what somebody chose never."""
    spec = Spec(
        image="a:1", ports=(PortBinding("8211/udp", "", "8211"), PortBinding("8212/tcp", LOOPBACK, "8212"))
    )
    taken = list_ports(spec)

    def move(proposed: set[str], port: int | None) -> list[str]:
        moved = move_refused(spec, proposed, PortInUse(port=port), taken)
        return [binding.host_port for binding in moved.ports]

    both = {"8211/udp", "8212/tcp"}
    assert move(both, 8212) == ["8211", "8222"]
    assert move(both, None) == ["8221", "8222"]
    assert move({"8212/tcp"}, None) == ["8211", "8222"]
    for proposed, port in (({"8212/tcp"}, 8211), (set(), None), (both, 9)):
        with pytest.raises(PortInUse):
            move(proposed, port)


def test_an_image_that_cannot_be_had_leaves_nothing_behind(panel, made):
    """The job says why, and the name is free again."""
    body = {"saved_path": "/srv/Saved"}
    job, _ = create(panel, made.name(), f"127.0.0.1:{find_free_port()}/nobody/has-this:1", **body)
    assert (job["state"], job["error"]["key"]) == ("failed", "image_missing")
    assert (made.list_containers(), made.list_volumes()) == ([], [])


def test_a_name_that_is_taken_is_refused(panel, images, made, game):
    """By a server, or by a container that is not looked after."""
    create(panel, made.name(), images.get("official"), start=False)
    for name in (made.name(), game.name):
        answer = panel.call("POST", "/api/instances", {"name": name, "image": images.get("official")})
        assert (answer.status_code, answer.json()["key"]) == (409, "instance_exists"), name


def test_what_is_wrong_is_told_all_at_once(panel):
    """Each field by its name, and nothing is made."""
    body = {
        "name": "../x",
        "image": "NOT an image",
        "server_name": 'a "quoted" name',
        "admin_password": "line\nend",
        "game_port": 8211,
        "query_port": 8211,
        "time_zone": "; rm -rf /",
        "environment": {"A B": "c"},
        "world": "/etc",
    }
    answer = panel.call("POST", "/api/instances", body)
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
    assert set(answer.json()["fields"]) == {
        *("name", "image", "server_name", "admin_password", "query_port", "time_zone", "environment"),
        *("world", "saved_path"),
    }


def test_an_image_that_cannot_be_told_its_passwords_is_not_made(panel):
    """It can be adopted; a server whose password is another one than was shown would be of no use."""
    body = {"name": "some-name", "image": "supersunho/palworld-server:latest"}
    answer = panel.call("POST", "/api/instances", body)
    assert (answer.status_code, answer.json()["key"]) == (409, "image_not_offered")
    assert set(answer.json()["fields"]) == {"image"}


@pytest.mark.parametrize("path", ["relative", "/a/../etc", "/a b", "/", "/a;b", "/a\n"])
def test_an_unknown_image_needs_its_paths(panel, path):
    """An absolute folder without turns, or it is refused."""
    body = {"name": "some-name", "image": "somebody/pal:1", "saved_path": path}
    answer = panel.call("POST", "/api/instances", body)
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"saved_path"})


def test_a_variable_that_a_field_decides_is_refused(panel):
    """Two truths for one password would lock us out of the game."""
    body = {"name": "some-name", "environment": {"ADMIN_PASSWORD": "x"}}
    answer = panel.call("POST", "/api/instances", body)
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"environment"})


PORT_VARIABLES = [
    ("thijsvanloef/palworld-server-docker", "PORT"),
    ("thijsvanloef/palworld-server-docker", "QUERY_PORT"),
    ("thijsvanloef/palworld-server-docker", "REST_API_PORT"),
    ("jammsen/palworld-dedicated-server", "RESTAPI_PORT"),
    ("palworld_server_steam", "PORT"),
    ("palworld_server_steam", "QUERY"),
    ("palworld_server_steam", "RESTAPI"),
]


@pytest.mark.parametrize(("image", "variable"), PORT_VARIABLES)
def test_a_variable_that_moves_a_port_is_refused(panel, image, variable):
    """What is published is where the game usually listens: nobody could join, or the panel would be blind."""
    body = {"name": "some-name", "image": image, "environment": {variable: "9000"}}
    answer = panel.call("POST", "/api/instances", body)
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"environment": f"{variable} follows from the other fields"}


@pytest.mark.parametrize("word", ["-port=9000", "-QueryPort=9000"])
def test_an_argument_that_moves_a_port_is_refused(panel, word):
    """Whatever the image; the usual one may be said."""
    body = {"name": "some-name", "image": "ghcr.io/pocketpairjp/palserver:1", "command": ["-port=8211", word]}
    answer = panel.call("POST", "/api/instances", body)
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"command": f"{word} follows from the other fields"}


def test_a_panel_that_is_killed_in_the_middle_leaves_nothing_behind(make_panel, images, engine):
    """The next one removes what was made, and the name can be had again."""
    panel = make_panel()
    panel.start()
    with made_servers(engine) as made:
        body = {"name": made.name(), "image": images.get("thijsvanloef")}
        for _ in range(3):
            job = panel.call("POST", "/api/instances", body).json()["job"]["id"]
            wait_until(made.list_volumes, "something has been made")
            panel.kill()
            panel.start()
            wait_until(
                lambda: (
                    not any(job["state"] in ("queued", "running") for job in panel.get("/api/jobs")["jobs"])
                ),
                "recovery has ended",
            )
            names = [one["name"] for one in panel.get("/api/instances")["instances"]]
            whole = (made.list_containers(), made.list_volumes(), names)
            if names:  # it had been quicker than we were
                assert whole == ([made.name()], [f"palserver-{made.name()}"], [made.name()])
                panel.call("DELETE", f"/api/instances/{made.name()}?container=keep&wait=60")
                made.remove()
            else:
                assert whole == ([], [], [])
                assert panel.get(f"/api/jobs/{job}")["job"]["state"] == "interrupted"
        again, _ = create(panel, **body)
        assert again["state"] == "succeeded"


def test_a_kept_world_becomes_a_server_again(panel, images, made):
    """Deleted without its world, then made anew with it: the same world, under new passwords."""
    name, image = made.name(), images.get("official")
    job, generated = create(panel, name, image)
    guid = ask_game(job["result"]["ports"]["rest_port"], generated["admin_password"]).json()["worldguid"]
    deleted = panel.wait_for_job(panel.call("DELETE", f"/api/instances/{name}?wait=60").json()["job"]["id"])
    assert deleted["result"]["world"] == f"palserver-{name}"
    refused = panel.call("POST", "/api/instances", {"name": name, "image": image})
    assert (refused.status_code, refused.json()["key"]) == (409, "world_exists")
    worlds = panel.get("/api/creation")["worlds"]
    assert {"volume": f"palserver-{name}", "instance": name} in worlds
    again, generated = create(panel, name, image, world=f"palserver-{name}")
    answer = ask_game(again["result"]["ports"]["rest_port"], generated["admin_password"])
    assert (answer.status_code, answer.json()["worldguid"]) == (200, guid)


# Of somebody's own: comments, line ends, another section, an order, and a name that is not UTF-8.
KEPT_INI = (
    f'; mine\r\n{SECTION}\r\nOptionSettings=(ExpRate=2.5, Mine=(a,b),ServerName="'.encode()
    + "섬".encode("cp949")
    + b'",RESTAPIEnabled=False,ServerPassword="old")\r\n[Other]\r\nx=1\r\n'
)
KEPT_PATH = f"{SAVED}/{SETTINGS_PATH}"


@contextmanager
def open_world(made: Made, volume: str) -> Iterator[Any]:
    """A container that is never started, with the world where a server has it."""
    mount = {volume: {"bind": SAVED, "mode": "rw"}}
    container = made.client.containers.create(IMAGE, volumes=mount, labels=LABELS)
    try:
        yield container
    finally:
        container.remove()


@pytest.fixture
def kept_world(made: Made) -> str:
    """The volume of a deleted server, with a settings file of somebody's own."""
    volume = f"palserver-{made.name('kept')}"
    made.client.volumes.create(volume)
    with open_world(made, volume) as container:
        put_file(SimpleNamespace(container=container), SAVED, SETTINGS_PATH, KEPT_INI)
    return volume


def read_kept(made: Made, volume: str, path: str = KEPT_PATH) -> tuple[bytes, tuple[int, int]]:
    """What is in the file, whose it is, and its mode."""
    with open_world(made, volume) as container:
        stream, _ = container.get_archive(path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            (member,) = archive.getmembers()
            content = archive.extractfile(member)
            assert content is not None
            return content.read(), (member.uid, member.mode & 0o7777)


def test_the_settings_of_a_kept_world_stay_as_they_are(panel, images, made, kept_world):
    """Only what was asked for is another, byte for byte; the old file is kept beside the new one."""
    body = {"server_name": "New", "server_password": "door", "admin_password": "secret", "max_players": 8}
    job, _ = create(panel, made.name(), images.get("official"), world=kept_world, start=False, **body)
    assert job["state"] == "succeeded"
    content, whose = read_kept(made, kept_world)
    name = KEPT_INI[KEPT_INI.index(b'ServerName="') : KEPT_INI.index(b",RESTAPIEnabled")]
    expected = KEPT_INI.replace(name, b'ServerName="New"').replace(b'"old"', b'"door"')
    expected = expected.replace(b"RESTAPIEnabled=False", b"RESTAPIEnabled=True")
    more = b',AdminPassword="secret",ServerPlayerMaxNum=8,RESTAPIPort=8212)\r\n[Other]'
    assert content == expected.replace(b")\r\n[Other]", more)
    assert whose == (1000, 0o644)
    assert read_kept(made, kept_world, f"{KEPT_PATH}.palserver-old")[0] == KEPT_INI


def test_a_creation_that_fails_puts_the_settings_of_the_world_back(panel, images, made, kept_world):
    """Nothing has come of it, so that nothing of the world is another, its owner and mode included."""
    port = find_free_port()
    with hold(port):
        job, _ = create(panel, made.name(), images.get("official"), world=kept_world, rest_port=port)
    assert (job["state"], job["error"]["key"]) == ("failed", "port_in_use")
    assert read_kept(made, kept_world) == (KEPT_INI, (1000, 0o644))
    assert made.list_containers() == []


@pytest.mark.parametrize("delay_seconds", [0.1, 0.3, 0.5, 0.7])
def test_a_killed_panel_leaves_no_settings_of_nobody(make_panel, images, engine, delay_seconds):
    """Whenever it dies: the server is there, or the settings of its world are those of before."""
    panel, image = make_panel(), images.get("official")
    panel.start()
    with made_servers(engine) as made:
        volume = f"palserver-{made.name('kept')}"
        engine.volumes.create(volume)
        with open_world(made, volume) as container:
            put_file(SimpleNamespace(container=container), SAVED, SETTINGS_PATH, KEPT_INI)
        body = {"name": made.name(), "image": image, "world": volume}
        assert panel.call("POST", "/api/instances", body).status_code == 202
        time.sleep(delay_seconds)
        panel.kill()
        panel.start()
        wait_until(
            lambda: not any(job["state"] in ("queued", "running") for job in panel.get("/api/jobs")["jobs"]),
            "recovery has ended",
        )
        is_made = bool(panel.get("/api/instances")["instances"])
        assert made.list_containers() == ([made.name()] if is_made else [])
        assert is_made or read_kept(made, volume) == (KEPT_INI, (1000, 0o644))


def test_only_the_settings_that_this_creation_has_kept_are_put_back(make_game):
    """An older file that lies beside them from another day is none of them; twice is as good as once."""
    game, engine = make_game(), Engine({})
    path = f"{SAVED_PATH}/{SETTINGS_PATH}"
    kept = Kept(SAVED_PATH, hashlib.sha256(KEPT_INI).hexdigest())
    put_file(game, SAVED_PATH, SETTINGS_PATH, KEPT_INI)
    put_file(game, SAVED_PATH, OLD_PATH, b"of another day")
    put_back(engine, game.name, kept)
    assert engine.read_file(game.name, path) == KEPT_INI
    told: list[Kept] = []
    write_settings(engine, game.name, (SAVED_PATH, SAVED_PATH), {"ExpRate": "3.0"}, told.append)
    assert told == [kept]
    assert engine.read_file(game.name, path) == KEPT_INI.replace(b"ExpRate=2.5", b"ExpRate=3.0")
    for _ in range(2):
        put_back(engine, game.name, kept)
        assert engine.read_file(game.name, path) == KEPT_INI
    engine.close()


@pytest.mark.parametrize("world", ["missing-volume", "used"])
def test_a_world_that_is_not_free_is_refused(panel, images, made, game, world):
    """A volume that is not there, or that another container has."""
    volume = game.volume if world == "used" else world
    body = {"name": made.name(), "image": images.get("official"), "world": volume}
    answer = panel.call("POST", "/api/instances", body)
    key = "world_in_use" if world == "used" else "world_missing"
    assert (answer.status_code, answer.json()["key"]) == (409, key)


@pytest.fixture
def registry() -> Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.close()


def follow(panel: Panel, body: dict[str, Any]) -> tuple[Any, list[float]]:
    """Order a server; the job when it has ended, and each percent that was told on the way."""
    percents = []
    with panel.watch("/api/events") as events:
        job = panel.call("POST", "/api/instances", body).json()["job"]
        while job["finished_at"] is None:
            message = receive(events, 60)
            if message["type"] == "job" and message["job"]["id"] == job["id"]:
                job = message["job"]
                percents += [job["percent"]] if job["percent"] is not None else []
    return job, percents


def make_layers(**sizes: int) -> list[bytes]:
    """Such as no engine has seen before."""
    return [make_layer(f"{name}-{uuid.uuid4().hex}", size_bytes) for name, size_bytes in sizes.items()]


@pytest.fixture
def offer(engine: docker.DockerClient, registry: Registry) -> Iterator[Callable[..., str]]:
    """Puts images into the registry; what of them is on this host at the end is removed."""
    offered: list[str] = []

    def offer(*layers: bytes) -> str:
        offered.append(registry.add(str(len(offered)), LABELS, layers))
        return offered[-1]

    yield offer
    for name in offered:
        with suppress(docker.errors.ImageNotFound):
            engine.images.remove(name, force=True)


def test_an_image_is_pulled_with_its_progress(panel, engine, registry, offer, made):
    """Layers of several sizes, one there already, one that breaks off and goes on: only ever forward."""
    there, large, small, broken = make_layers(there=500_000, large=12_000_000, small=0, broken=6_000_000)
    engine.images.pull(offer(there))
    registry.fail(broken, BREAKS_OFF)
    body = {"name": made.name(), "image": offer(there, large, small, broken), "saved_path": "/srv/Saved"}
    job, percents = follow(panel, body | {"start": False})
    assert (job["state"], job["percent"]) == ("succeeded", 100)
    assert percents == sorted(percents)
    assert len(set(percents)) > 1  # how many of them are seen depends on the machine
    output = panel.call("GET", f"/api/jobs/{job['id']}/output").text
    for words in ("Already exists", "Retrying in", "Pull complete"):
        assert words in output


def test_a_pull_that_breaks_off_leaves_nothing_behind(panel, engine, registry, offer, made):
    """Nothing is made, no half an image is there, and it can be made when the registry is well again."""
    whole, broken = make_layers(whole=1_000_000, broken=3_000_000)
    image = offer(whole, broken)
    registry.fail(broken, BREAKS_OFF, IS_GONE)
    body = {"name": made.name(), "image": image, "saved_path": "/srv/Saved", "start": False}
    job, percents = follow(panel, body)
    assert (job["state"], job["error"]["key"]) == ("failed", "image_missing")
    assert percents == sorted(percents)
    assert all(percent < 100 for percent in percents)
    assert "Nothing of it is left." in panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert (made.list_containers(), made.list_volumes()) == ([], [])
    with pytest.raises(docker.errors.ImageNotFound):
        engine.images.get(image)
    registry.fail(broken)
    again, _ = follow(panel, body)
    assert again["state"] == "succeeded"


def test_a_pull_that_hangs_is_cancelled(panel, registry, offer, made):
    """A registry that says no more keeps nobody waiting, and nothing is left behind."""
    (hanging,) = make_layers(hanging=3_000_000)
    registry.fail(hanging, HANGS)
    body = {"name": made.name(), "image": offer(hanging), "saved_path": "/srv/Saved"}
    job = panel.call("POST", "/api/instances", body).json()["job"]
    assert registry.is_hanging.wait(60)
    assert panel.call("POST", f"/api/jobs/{job['id']}/cancel").status_code == 202
    assert panel.wait_for_job(job["id"])["state"] == "cancelled"
    assert (made.list_containers(), made.list_volumes()) == ([], [])


def test_a_pull_counts_bytes_and_never_goes_back():
    """Layers weigh as much as they are large; one that begins late does not take anything away."""
    progress, seen = Progress(), []
    for layer, status, current in (
        ("a", "Pulling fs layer", 0),
        ("b", "Pulling fs layer", 0),
        ("a", "Downloading", 50),
        ("a", "Download complete", 0),
        ("b", "Downloading", 25),
        ("a", "Extracting", 100),
        ("c", "Pulling fs layer", 0),
        ("a", "Pull complete", 0),
        ("b", "Pull complete", 0),
        ("c", "Already exists", 0),
    ):
        detail = {"current": current, "total": 100} if current else {}
        progress.take({"id": layer, "status": status, "progressDetail": detail})
        seen.append(progress.percent)
    assert seen == sorted(seen)
    assert (seen[2], seen[3], seen[-1]) == (12, 25, 100)
