"""A second server like the first, and the first one made from something else."""

from __future__ import annotations

import socket
from typing import Any

import msgspec
import pytest

from palserver.errors import Invalid
from palserver.services.containers.attachments import Mount, Network, PortBinding
from palserver.services.containers.changes import Changes, change_spec
from palserver.services.containers.cloning import write_clone
from palserver.services.containers.specs import Spec
from tests.imitations import IMITATIONS, ask_game, made_servers
from tests.panel import Panel, find_free_port
from tests.test_create import hold
from tests.waiting import wait_until

SECRET = "admin-secret"


def create(panel: Panel, name: str, image: str, **more: Any) -> dict[str, int]:
    """Make a server that is ready; returns its ports."""
    body = {"name": name, "image": image, "admin_password": SECRET, "server_name": "First", **more}
    job = panel.wait_for_job(panel.call("POST", "/api/instances", body).json()["job"]["id"])
    assert job["state"] == "succeeded", job
    wait_until(lambda: panel.get(f"/api/instances/{name}")["game"]["status"] == "ready", "it is ready")
    ports: dict[str, int] = job["result"]["ports"]
    return ports


def change(panel: Panel, name: str, **changes: Any) -> Any:
    answer = panel.call("PATCH", f"/api/instances/{name}?wait=60", changes)
    assert answer.status_code in (200, 202), answer.text
    return panel.wait_for_job(answer.json()["job"]["id"])


@pytest.mark.parametrize("kind", ["official", "thijsvanloef"])
def test_a_clone_plays_the_same_world_by_itself(panel, images, made, kind):
    """Copied while the first one runs, on its own ports and volume; neither sees what the other does."""
    first = create(panel, made.name("one"), images.get(kind))
    guid = ask_game(first["rest_port"], SECRET).json()["worldguid"]
    job = panel.run_job(f"/api/instances/{made.name('one')}/clone", {"name": made.name("two"), "world": True})
    assert job["state"] == "succeeded", panel.call("GET", f"/api/jobs/{job['id']}/output").text
    second = job["result"]["ports"]
    assert not set(second.values()) & set(first.values())
    answer = ask_game(second["rest_port"], SECRET)
    assert (answer.status_code, answer.json()["worldguid"]) == (200, guid)
    assert panel.get(f"/api/instances/{made.name('one')}")["state"] == "running"
    assert made.list_volumes() == [f"palserver-{made.name('one')}", f"palserver-{made.name('two')}"]
    text = made.client.containers.get(made.name("two")).exec_run(
        ["cat", f"{IMITATIONS[kind].saved}/Config/LinuxServer/GameUserSettings.ini"]
    )
    assert f"DedicatedServerName={guid}".encode() in text.output


def test_a_clone_without_the_world_makes_its_own(panel, images, made):
    """With the settings of the first, which it would not start without."""
    first = create(panel, made.name("one"), images.get("official"))
    guid = ask_game(first["rest_port"], SECRET).json()["worldguid"]
    job = panel.run_job(
        f"/api/instances/{made.name('one')}/clone", {"name": made.name("two"), "world": False}
    )
    assert job["state"] == "succeeded"
    answer = ask_game(job["result"]["ports"]["rest_port"], SECRET).json()
    assert answer["servername"] == "First"
    assert answer["worldguid"] != guid


def test_a_clone_has_ports_of_its_own_for_all_that_the_first_has(panel, images, made):
    """Those of no game by rule, too: the next free ones, on the same address, told in the result."""
    extra = find_free_port()
    ports = {"8213/tcp": ("127.0.0.1", extra), "8212/tcp": ("127.0.0.1", find_free_port())}
    made.client.containers.create(
        images.get("thijsvanloef"),
        name=made.name("one"),
        environment={"REST_API_ENABLED": "true", "ADMIN_PASSWORD": SECRET},
        ports=ports,
        volumes={f"palserver-{made.name('one')}": {"bind": "/palworld", "mode": "rw"}},
    ).start()
    panel.adopt(made.name("one"))
    body = {"name": made.name("two"), "world": False}
    job = panel.run_job(f"/api/instances/{made.name('one')}/clone", body)
    assert job["state"] == "succeeded", panel.call("GET", f"/api/jobs/{job['id']}/output").text
    (other,) = job["result"]["other_ports"]
    assert (other["container"], other["host_ip"]) == ("8213/tcp", "127.0.0.1")
    assert int(other["host_port"]) > extra
    bindings = made.client.api.inspect_container(made.name("two"))["HostConfig"]["PortBindings"]
    assert set(bindings) == {"8212/tcp", "8213/tcp"}
    assert bindings["8213/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": other["host_port"]}]
    assert f"8213/tcp is published on 127.0.0.1:{other['host_port']}" in (
        panel.call("GET", f"/api/jobs/{job['id']}/output").text
    )


def test_a_clone_s_ports_give_way_to_who_was_quicker(panel, images, made):
    """Those that nobody chose; the world and all else of the clone stay what they are."""
    first = create(panel, made.name("one"), images.get("official"))
    guid = ask_game(first["rest_port"], SECRET).json()["worldguid"]
    rest_port = panel.get("/api/creation")["ports"]["rest_port"]
    body = {"name": made.name("two"), "world": True}
    with hold(rest_port) as held:
        job = panel.run_job(f"/api/instances/{made.name('one')}/clone", body)
    assert job["state"] == "succeeded", panel.call("GET", f"/api/jobs/{job['id']}/output").text
    port = job["result"]["ports"]["rest_port"]
    assert port not in held
    assert ask_game(port, SECRET).json()["worldguid"] == guid


def test_a_clone_that_fails_leaves_nothing_behind(panel, images, made):
    """A port that is taken is refused at once; the first server plays on."""
    first = create(panel, made.name("one"), images.get("official"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        body = {"name": made.name("two"), "world": True, "game_port": other.getsockname()[1]}
        answer = panel.call("POST", f"/api/instances/{made.name('one')}/clone", body)
        assert (answer.status_code, answer.json()["key"]) == (409, "port_in_use")
    for name, key in ((made.name("one"), "instance_exists"), ("../x", "invalid")):
        body = {"name": name, "world": True}
        answer = panel.call("POST", f"/api/instances/{made.name('one')}/clone", body)
        assert answer.json()["key"] == key
    assert made.list_containers() == [made.name("one")]
    assert ask_game(first["rest_port"], SECRET).status_code == 200


def test_a_panel_that_is_killed_while_it_clones_leaves_the_first_as_it_was(make_panel, images, engine):
    """What was made of the second is gone, or all of it is there where it was quicker; the first runs."""
    panel = make_panel()
    panel.start()
    with made_servers(engine) as made:
        create(panel, made.name("one"), images.get("official"))
        body = {"name": made.name("two"), "world": True}
        panel.call("POST", f"/api/instances/{made.name('one')}/clone", body)
        wait_until(lambda: f"palserver-{made.name('two')}" in made.list_volumes(), "a volume is there", 60)
        panel.kill()
        panel.start()
        wait_until(lambda: all(job["finished_at"] for job in panel.get("/api/jobs")["jobs"]), "recovery", 60)
        names = [one["name"] for one in panel.get("/api/instances")["instances"]]
        assert names in ([made.name("one")], [made.name("one"), made.name("two")])
        assert made.list_containers() == names
        assert made.list_volumes() == [f"palserver-{name}" for name in names]
        assert panel.get(f"/api/instances/{made.name('one')}")["state"] == "running"


def test_a_clone_tells_what_it_does_not_take_along(panel, images, made, make_game):
    """A folder that the first one writes to beside its world; what is only read is for both."""
    image, data = images.get("thijsvanloef"), "/palworld"
    first = make_game(
        name=made.name("one"),
        image=image,
        command=None,
        environment={"ADMIN_PASSWORD": SECRET, "SERVER_PASSWORD": "open"},
        volumes={
            f"{made.name('one')}-saved": {"bind": data, "mode": "rw"},
            f"{made.name('one')}-more": {"bind": "/srv/backups", "mode": "rw"},
            "/etc/hostname": {"bind": "/etc/seen", "mode": "ro"},
        },
    )
    panel.adopt(first.name)
    job = panel.run_job(f"/api/instances/{first.name}/clone", {"name": made.name("two"), "world": False})
    output = panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert job["state"] == "succeeded", output
    assert "What is written elsewhere is not taken along: /srv/backups.\n" in output
    mounts = made.client.api.inspect_container(made.name("two"))["Mounts"]
    assert sorted(mount["Destination"] for mount in mounts) == ["/etc/seen", data]


def test_a_clone_shares_nothing_that_only_one_can_have():
    """No address, no name on a network, no port, no folder that is written to."""
    spec = Spec(
        image="a/b:1",
        hostname="one",
        labels={"com.docker.compose.service": "one", "palserver.job": "1", "mine": "x"},
        ports=(PortBinding("8211/udp", "", "8211"), PortBinding("9/tcp", "", "")),
        mounts=(
            Mount("bind", "/etc/localtime", "/etc/localtime", "ro"),
            Mount("bind", "/srv/backups", "/palworld/backups"),
            Mount("volume", "world", "/palworld"),
        ),
        networks=(Network("net", ("one",), {"IPv4Address": "10.0.0.9"}),),
        config={"MacAddress": "02:42:00:00:00:09"},
        restart_policy={"Name": "always", "MaximumRetryCount": 0},
    )
    clone = write_clone(spec, "/palworld/Pal/Saved", "two", {"game_port": 8221})
    assert clone.mounts == (
        Mount("bind", "/etc/localtime", "/etc/localtime", "ro"),
        Mount("volume", "palserver-two", "/palworld"),
    )
    assert clone.ports == (PortBinding("8211/udp", "", "8221"), PortBinding("9/tcp", "", ""))
    assert (clone.networks, clone.hostname, clone.config) == ((Network("net"),), None, {})
    assert clone.labels == {
        "mine": "x",
        "palserver.instance": "two",
        "palserver.saved-path": "/palworld/Pal/Saved",
    }
    assert clone.restart_policy == spec.restart_policy


def test_a_change_is_shown_first_and_made_then(panel, images, made):
    """Ports, memory and variables: a dry run names each, and the new container has them all."""
    name = made.name()
    ports = create(panel, name, images.get("thijsvanloef"), environment={"OLD": "1"})
    guid = ask_game(ports["rest_port"], SECRET).json()["worldguid"]
    moved = find_free_port()
    changes = {
        "rest_port": moved,
        "game_port": ports["game_port"],
        "memory_limit_bytes": 2**30,
        "environment": {"OLD": None, "COMMUNITY": "true", "DISCORD_WEBHOOK": "https://secret"},
    }
    dry = panel.call("PATCH", f"/api/instances/{name}?dry_run=1", changes)
    assert dry.json()["changes"] == [
        {"field": "rest_port", "before": str(ports["rest_port"]), "after": str(moved)},
        {"field": "memory_limit_bytes", "before": None, "after": str(2**30)},
        {"field": "environment.COMMUNITY", "before": None, "after": "true"},
        {"field": "environment.DISCORD_WEBHOOK"},
        {"field": "environment.OLD", "before": "1", "after": None},
    ]
    job = change(panel, name, **changes)
    assert job["state"] == "succeeded", panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert (job["result"]["saved"], job["result"]["changes"]) == (True, dry.json()["changes"])
    container = made.client.api.inspect_container(name)
    assert container["HostConfig"]["Memory"] == 2**30
    assert container["HostConfig"]["PortBindings"]["8212/tcp"] == [
        {"HostIp": "127.0.0.1", "HostPort": str(moved)}
    ]
    assert "COMMUNITY=true" in container["Config"]["Env"]
    assert not any(entry.startswith("OLD=") for entry in container["Config"]["Env"])
    assert ask_game(moved, SECRET).json()["worldguid"] == guid
    assert made.list_containers() == [name]


def test_a_change_that_moves_a_port_away_from_where_it_is_published_is_refused():
    """Back to the usual one, to one that is published, or on the host's own network it may go."""
    image = "thijsvanloef/palworld-server-docker:latest"
    ports = (PortBinding("8211/udp", "", "8211"), PortBinding("9001/udp", "", "9001"))
    spec = Spec(image=image, environment={"PORT": "9000"}, ports=ports)
    with pytest.raises(Invalid) as refusal:
        change_spec(spec, Changes(environment={"PORT": "9002", "PLAYERS": "4"}))
    assert refusal.value.fields == {"environment": "PORT follows from the other fields"}
    for value in ("8211", "9000", "9001", None):
        after = change_spec(spec, Changes(environment={"PORT": value}))
        assert after.environment.get("PORT") == value
    on_host = msgspec.structs.replace(spec, network_mode="host")
    assert change_spec(on_host, Changes(environment={"PORT": "9002"})).environment == {"PORT": "9002"}


def test_a_change_that_does_not_come_up_is_undone(panel, images, made):
    """The game would not start with it: the old container is back, and runs."""
    name = made.name()
    ports = create(panel, name, images.get("thijsvanloef"))
    before = made.client.containers.get(name).id
    job = change(panel, name, environment={"REST_API_ENABLED": "false"})
    assert (job["state"], job["error"]["key"]) == ("failed", "game_not_ready")
    assert made.client.containers.get(name).id == before
    assert ask_game(ports["rest_port"], SECRET).status_code == 200
    assert made.list_containers() == [name]


def test_a_port_that_is_taken_is_refused_before_anything_is_touched(panel, images, made):
    """Its own ports are no obstacle; another server's are."""
    one = create(panel, made.name("one"), images.get("official"))
    two = create(panel, made.name("two"), images.get("official"))
    answer = panel.call("PATCH", f"/api/instances/{made.name('two')}", {"game_port": one["game_port"]})
    assert (answer.status_code, answer.json()["key"]) == (409, "port_in_use")
    assert made.name("one") in answer.json()["fields"]["game_port"]
    same = panel.call(
        "PATCH", f"/api/instances/{made.name('two')}?dry_run=1", {"game_port": two["game_port"]}
    )
    assert same.json() == {"changes": [], "compose_file_stays": False}
    path = f"/api/instances/{made.name('two')}"
    twice = panel.call("PATCH", path, dict.fromkeys(("game_port", "query_port"), find_free_port()))
    assert (twice.status_code, set(twice.json()["fields"])) == (409, {"query_port"})
