"""Specs: what is read from a real container makes another one like it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import docker
import msgspec
import pytest

from palserver.clients.engine import Engine
from palserver.services.containers.attachments import Mount, Network, PortBinding
from palserver.services.containers.specs import Spec, creation_from_spec, spec_from_inspection
from tests.containers import PLAIN_IMAGE, Containers
from tests.game import LABELS
from tests.panel import find_free_port

Read = Callable[[Any], Spec]


@pytest.fixture
def containers(engine) -> Iterator[Containers]:
    containers = Containers(engine)
    yield containers
    containers.remove_all()


@pytest.fixture(scope="module")
def client() -> Iterator[Engine]:
    client = Engine(os.environ)
    yield client
    client.close()


@pytest.fixture
def read(client: Engine) -> Read:
    def read(container: Any) -> Spec:
        inspection = client.inspect(container.id)
        return spec_from_inspection(inspection, client.inspect_image(inspection["Image"]))

    return read


@pytest.fixture
def make_again(client: Engine, containers: Containers, read: Read) -> Iterator[Read]:
    """Makes a container from another one's spec in its place, started if that one ran; returns its spec."""
    left_volumes: set[str] = set()

    def make_again(old: Any) -> Spec:
        spec = read(old)
        left_volumes.update(mount.source for mount in spec.mounts if mount.kind == "volume")
        old.reload()
        was_running = old.status == "running"
        old.remove(force=True)
        body, networks = creation_from_spec(spec)
        new = client.create(old.name, body)
        for network, endpoint in networks:
            client.connect(new, network, endpoint)
        if was_running:
            client.start(new)
        return read(containers.client.containers.get(new))

    yield make_again
    containers.remove_all()
    for volume in containers.client.volumes.list():
        if volume.name in left_volumes:
            volume.remove(force=True)


def test_only_what_differs_from_the_image(containers, read):
    """Of a container that changes nothing, nothing of the image is in the spec."""
    image = containers.make_image(
        "1", Env=["FROM_IMAGE=1"], Cmd=["sleep", "1000"], User="1000", WorkingDir="/srv", StopSignal="SIGINT",
        Labels={"made.by": "somebody"}, ExposedPorts={"8211/udp": {}}, Healthcheck={"Test": ["CMD", "true"]},
    )  # fmt: skip
    spec = read(containers.client.containers.create(image, name=containers.name("alpha")))
    assert msgspec.structs.replace(spec, host={}) == Spec(
        image=image,
        networks=(Network("bridge"),),
        restart_policy={"Name": "no", "MaximumRetryCount": 0},
    )
    body, _ = creation_from_spec(spec)
    assert not {"Cmd", "Entrypoint", "User", "WorkingDir", "StopSignal", "Healthcheck"} & body.keys()


def test_a_newer_image_brings_its_own(containers, client, read):
    """What the image decided changes with the image; what its owner decided stays."""
    old_image = containers.make_image("1", Env=["BUILD=1", "LEVEL=low"], Cmd=["sleep", "1000"])
    new_image = containers.make_image("2", Env=["BUILD=2", "LEVEL=low"], Cmd=["sleep", "2000"])
    old = containers.client.containers.create(
        old_image, name=containers.name("alpha"), environment={"LEVEL": "high"}, labels=LABELS
    )
    body, _ = creation_from_spec(msgspec.structs.replace(read(old), image=new_image))
    made = client.inspect(client.create(containers.name("beta"), body))["Config"]
    assert {"BUILD=2", "LEVEL=high"} <= set(made["Env"])
    assert not {"BUILD=1", "LEVEL=low"} & set(made["Env"])
    assert made["Cmd"] == ["sleep", "2000"]


def test_a_game_as_people_run_it(containers, read, make_again, tmp_path):
    """Ports, mounts of every kind, a network with an alias and an address, limits, policies."""
    network = containers.make_network("net", "10.213.47.0/28")
    saved = containers.make_volume("saved")
    image = containers.make_image("1", Volumes={"/of-image": {}}, Cmd=["sleep", "1000"])
    ports = [find_free_port() for _ in range(3)]
    old = containers.make(
        image=image,
        ports={
            "8211/udp": ports[0],
            "8212/tcp": ("127.0.0.1", ports[1]),
            "25575/tcp": [("127.0.0.1", ports[2]), ("127.0.0.2", ports[2])],
        },
        volumes=[f"{saved}:/pal/Saved", f"{tmp_path}:/host:ro", "/nameless"],
        mounts=[
            docker.types.Mount("/mounted", str(tmp_path), type="bind", read_only=True),
            docker.types.Mount("/memory", None, type="tmpfs", tmpfs_size=1_000_000),
        ],
        tmpfs={"/run": "size=1m"},
        network=network,
        networking_config={
            network: docker.types.EndpointConfig("1.41", aliases=["game"], ipv4_address="10.213.47.5")
        },
        environment={"TZ": "Asia/Seoul", "SERVER_NAME": "한국어 서버 = 1"},
        labels={"com.docker.compose.project": "palworld"},
        mem_limit="256m",
        nano_cpus=1_500_000_000,
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 3},
        log_config={"Type": "json-file", "Config": {"max-size": "1m"}},
        extra_hosts={"other": "10.213.47.9"},
    )
    old.start()
    spec = read(old)
    assert spec.ports == (
        PortBinding("25575/tcp", "127.0.0.1", str(ports[2])),
        PortBinding("25575/tcp", "127.0.0.2", str(ports[2])),
        PortBinding("8211/udp", "", str(ports[0])),
        PortBinding("8212/tcp", "127.0.0.1", str(ports[1])),
    )
    assert spec.networks == (Network(network, ("game",), {"IPv4Address": "10.213.47.5"}),)
    assert (spec.memory_limit_bytes, spec.hostname) == (256 * 1024 * 1024, None)
    mounts = {mount.target: mount for mount in spec.mounts}
    assert mounts["/pal/Saved"] == Mount("volume", saved, "/pal/Saved")
    assert mounts["/host"] == Mount("bind", str(tmp_path), "/host", "ro")
    assert {mounts["/nameless"].kind, mounts["/of-image"].kind} == {"volume"}
    assert set(mounts) == {"/pal/Saved", "/host", "/nameless", "/of-image", "/mounted", "/memory"}
    assert make_again(old) == spec
    assert msgspec.json.decode(msgspec.json.encode(spec), type=Spec) == spec


def test_what_lies_on_nameless_volumes_is_carried_along(containers, make_again, client):
    """The world of somebody who never named a volume is still there in the new container."""
    image = containers.make_image("1", Volumes={"/world": {}})
    old = containers.make("sh", "-c", "test -e /world/Level.sav || echo day 7 >/world/Level.sav", image=image)
    old.start()
    old.wait()
    make_again(old)
    assert client.read_file(old.name, "/world/Level.sav") == b"day 7\n"


@pytest.mark.parametrize(
    "options",
    [
        {"network_mode": "host", "hostname": "ignored"},
        {"network_mode": "none", "hostname": "named", "domainname": "example"},
        {"user": "1000:1000", "working_dir": "/srv", "stop_signal": "SIGINT", "group_add": ["5"]},
        {"cap_add": ["NET_ADMIN"], "cap_drop": ["MKNOD"], "security_opt": ["seccomp=unconfined"]},
        {"pid_mode": "host", "ipc_mode": "host", "read_only": True, "oom_score_adj": 5},
        {"privileged": True, "init": True, "shm_size": "32m"},
        {
            "devices": ["/dev/null:/dev/other:rw"],
            "dns": ["10.0.0.1"],
            "sysctls": {"net.core.somaxconn": "99"},
        },
        {"ulimits": [docker.types.Ulimit(name="nofile", soft=99, hard=99)], "pids_limit": 50},
        {"mem_limit": "256m", "memswap_limit": "300m", "mem_swappiness": 0, "mem_reservation": "128m"},
        {"tty": True, "stdin_open": True, "publish_all_ports": True, "ports": {"99/tcp": None}},
        {"healthcheck": {"test": ["CMD", "true"], "interval": 9_000_000_000}},
        {"healthcheck": {"test": ["NONE"]}},
        {"entrypoint": "", "restart_policy": {"Name": "unless-stopped"}},
    ],
    ids=lambda options: "-".join(options),
)
def test_whatever_is_set_is_carried(containers, read, make_again, options):
    """Settings with a field of their own and settings without."""
    old = containers.make("sleep", "1000", **options)
    spec = read(old)
    assert spec != read(containers.make(name=containers.name("plain")))
    assert make_again(old) == spec


def test_an_entrypoint_without_the_images_command(containers, read, make_again):
    """To ask for no command is more than not to ask."""
    image = containers.make_image("1", Entrypoint=["sleep"], Cmd=["1000"])
    create = containers.client.containers.create
    for name, options, expected in (
        ("same", {}, (None, None)),
        ("command", {"command": ["5"]}, (None, ("5",))),
        ("both", {"entrypoint": ["echo"], "command": ["5"]}, (("echo",), ("5",))),
        ("bare", {"entrypoint": ["sleep"]}, (("sleep",), ())),
        ("none", {"entrypoint": [""], "command": ["sleep", "5"]}, ((), ("sleep", "5"))),
    ):
        old = create(image, name=containers.name(name), labels=LABELS, **options)
        spec = read(old)
        assert (spec.entrypoint, spec.command) == expected, name
        assert make_again(old) == spec, name


def test_a_variable_taken_away_stays_away(containers, read, make_again, client):
    """An image's variable that its owner removed does not come back."""
    image = containers.make_image("1", Env=["ONE=1", "TWO=2"])
    old = containers.make(image=image, environment=["ONE"])
    assert read(old).environment == {"ONE": None}
    assert make_again(old).environment == {"ONE": None}
    made = client.inspect(old.name)["Config"]["Env"]
    assert "TWO=2" in made
    assert "ONE=1" not in made


def test_several_networks(containers, read, make_again):
    """The one it was made on comes first; the others are connected afterwards."""
    first, second = (
        containers.make_network("z", "10.213.48.0/28"),
        containers.make_network("a", "10.213.49.0/28"),
    )
    old = containers.make(network=first)
    containers.client.networks.get(second).connect(old, aliases=["b"], ipv4_address="10.213.49.7")
    containers.client.networks.get("bridge").connect(old)
    old.start()
    spec = read(old)
    assert [network.name for network in spec.networks] == [first, "bridge", second]
    assert make_again(old) == spec


def test_a_network_that_was_left(containers, read, make_again):
    """A container made on one network and moved to another is made on the other."""
    network = containers.make_network("net", "10.213.50.0/28")
    old = containers.make()
    containers.client.networks.get(network).connect(old)
    containers.client.networks.get("bridge").disconnect(old)
    spec = read(old)
    assert [each.name for each in spec.networks] == [network]
    assert make_again(old) == spec
    containers.client.networks.get(network).disconnect(old.name)
    assert read(containers.client.containers.get(old.name)).network_mode == "none"


def test_volumes_of_another_container(containers, read, make_again):
    """They are mounted by their names, so that the other one may go."""
    saved = containers.make_volume("saved")
    containers.make(name=containers.name("other"), volumes=[f"{saved}:/saved"])
    old = containers.make(volumes_from=[containers.name("other") + ":ro"])
    spec = read(old)
    assert spec.mounts == (Mount("volume", saved, "/saved", "ro"),)
    assert make_again(old) == spec


def test_a_link_to_another_container(containers, read, make_again):
    """Old set-ups have them."""
    other = containers.make(name=containers.name("other"))
    other.start()
    old = containers.make(links={other.name: "database"})
    spec = read(old)
    assert spec.host["Links"] == [f"{other.name}:database"]
    assert make_again(old) == spec


def test_settings_that_came_later_are_carried_too(containers, read, client):
    """What this version has never heard of is in the spec all the same."""
    inspection = client.inspect(containers.make().id)
    inspection["HostConfig"]["Annotations"] = {"a": "b"}
    spec = spec_from_inspection(inspection, client.inspect_image(PLAIN_IMAGE))
    assert creation_from_spec(spec)[0]["HostConfig"]["Annotations"] == {"a": "b"}
