"""Facts about moving into an old folder, and out of it again: nothing is moved, everything works."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.game import remove_container
from tests.old_house import REPOSITORY, SAVED_PATH, Images, OldHouse
from tests.old_tree import look_at, signs_in
from tests.panel import PROJECT, Panel, receive
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    images = Images(engine)
    images.make(1)
    images.make(2)
    yield images
    images.remove_all()


@pytest.fixture
def house(
    engine: docker.DockerClient, images: Images, make_panel: Callable[..., Panel], tmp_path: Path
) -> Iterator[OldHouse]:
    house = OldHouse(engine, tmp_path / "ent", images.version(1), make_panel)
    yield house
    house.close()


NEW_FILES = {
    "server/paladmin.db.before-palserver",
    "server/paladmin.db.lock",
    "server/paladmin.db.secret-key",
    "server/backup/.panel",
    "server/logs",
    "users.json.migrated",
}


def is_new(name: str) -> bool:
    return name in NEW_FILES or name.startswith(("server/backup/.panel/", "server/logs/"))


def test_nothing_else_is_changed(house):
    """The whole tree, before and after a start and a stop: only the database, our files, and users.json."""
    house.tree.add_backup(house.name)
    house.tree.write("users.json", '[{"username": "late", "password": "secret", "role": "viewer"}]')
    house.tree.write("server/docker-compose-broken.yml", "services: [\r\n")
    house.run_compose("up", "-d")
    house.wait_until_ready()
    house.run_compose("stop")
    before = look_at(house.tree.folder)
    house.start()
    assert house.panel.get(f"{house.path}/backups")["backups"]
    assert house.panel.get(f"{house.path}/versions")["versions"]
    wait_until((house.tree.backups / ".panel").is_dir, "the daily copy of the database is made")
    assert house.panel.stop() == 0
    after = look_at(house.tree.folder)
    assert {name for name in after if name not in before and not is_new(name)} == set()
    assert before.keys() - after.keys() == {"users.json"}
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    assert changed == {"server/paladmin.db"}


def read_way_out(readme: str) -> str:
    """The commands that move out, as they stand there."""
    text = (PROJECT / readme).read_text(encoding="utf-8")
    (commands,) = (
        block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "before-palserver" in block
    )
    return str(commands)


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        return list(conn.iterdump())


def test_out_again(house):
    """By the README all is as it was to the byte, but for a new backup, and the old panel works."""
    people = '[{"username": "late", "password": "secret", "role": "viewer"}]'
    house.tree.write("users.json", people)
    house.tree.write("server/users.json", people.replace("late", "later"), 0o600)
    house.tree.write("cmm/controllers/update.sh", "#!/bin/bash\r\nexit 1\r\n")
    folder = house.tree.add_backup(house.name)
    house.run_compose("up", "-d")
    house.wait_until_ready()
    house.run_compose("stop")
    before, database = look_at(house.tree.folder), dump(house.tree.database)
    house.start()
    assert house.panel.get(f"{house.path}/versions")["versions"]
    house.succeed(f"backups/{folder.name}/verify")
    assert house.run("update", {"version": "1"})["error"]["key"] == "script_line_ends"
    copy = house.succeed("backup", {})["backup"]
    # The update had made one first: the same folder, unless the minute has ended since.
    copies = {path.name for path in house.tree.backups.glob(f"{house.name}-*")} - {folder.name}
    assert (copy, len(copies) <= 2) == (max(copies), True)
    assert house.panel.sign_in("late", "secret")
    assert house.panel.stop() == 0
    assert read_way_out("README.md") == read_way_out("README.ko.md")
    subprocess.run(["bash", "-ec", read_way_out("README.md")], cwd=house.tree.folder, check=True)
    after = look_at(house.tree.folder)
    new = {name for name in after if name not in before}
    folders = tuple(f"server/backup/{name}/" for name in copies)
    assert {name for name in new if not f"{name}/".startswith(folders)} == set()
    kept = ("users.json", "server/users.json", "server/paladmin.db")
    assert {name for name in before if after.get(name) != before[name]} <= {*kept}
    for name in kept:  # its owner's as it was, and since then his alone
        assert after[name][:3] == ("-rw-------", *before[name][1:3]), name
    assert [after[name][4] for name in kept[:2]] == [before[name][4] for name in kept[:2]]
    assert dump(house.tree.database) == database  # SQLite counts in the file how often it was written
    assert signs_in(house.tree.database, "mina", b"old secret")
    assert signs_in(house.tree.database, "jun", b"op123!")
    backup = house.tree.folder / "cmm" / "controllers" / "backup.sh"
    subprocess.run(["bash", backup, house.name], check=True, capture_output=True)
    house.run_compose("up", "-d")
    house.wait_until_ready()
    house.run_compose("down")
    assert house.client.containers.list(all=True, filters={"name": house.name}) == []


def test_out_again_from_the_other_place(house):
    """Where the old panel had its database in `sqldb`, ours goes away, and that one is as it was."""
    house.tree.database.rename(house.tree.write("server/sqldb/paladmin.db", b""))
    before = look_at(house.tree.folder)
    house.start()
    assert house.panel.stop() == 0
    subprocess.run(["bash", "-ec", read_way_out("README.md")], cwd=house.tree.folder, check=True)
    assert look_at(house.tree.folder) == before


class TestWhileThePanelRuns:
    """Compose files that come, change and go."""

    def test_one_that_comes(self, house):
        """It is a server within seconds, and whoever watches is told; one that is half written waits."""
        house.start()
        house.tree.write("server/docker-compose-late.yml", "services: {late: {image: [")
        with house.panel.watch("/api/events") as events:
            assert receive(events)["type"] == "snapshot"
            house.tree.add_instance("new", f"{REPOSITORY}:v0.none", network=house.network)
            while (message := receive(events))["type"] != "instance" or message["instance"]["name"] != "new":
                pass
        assert house.panel.get("/api/instances/new")["state"] == "missing"
        house.tree.add_instance("late", f"{REPOSITORY}:v0.none", network=house.network)
        wait_until(lambda: house.panel.call("GET", "/api/instances/late").status_code == 200, "it is mended")
        assert house.view()["source"] == "compose"

    def test_one_that_changes(self, house):
        """While its container is there that stays as it is; then the file counts, also another container."""
        house.start()
        house.succeed("start")
        text = house.compose.read_text()
        other = f"{house.name}-other"
        house.compose.write_text(text.replace(f"container_name: {house.name}", f"container_name: {other}"))
        house.tree.add_instance("later", f"{REPOSITORY}:v0.none")  # seen after the first
        wait_until(lambda: house.panel.call("GET", "/api/instances/later").status_code == 200, "it is seen")
        assert (house.view()["container"], house.view()["state"]) == (house.name, "running")
        remove_container(house.client, house.name)
        wait_until(lambda: house.view()["container"] == other, "the file counts")
        house.succeed("start")
        assert house.client.containers.get(other).status == "running"
        assert house.view()["state"] == "running"

    def test_one_that_goes(self, house):
        """Neither the server nor its container is lost, also after a restart of the panel."""
        house.start()
        house.succeed("start")
        house.compose.unlink()
        wait_until(lambda: "Its server stays as it is" in house.panel.read_log(), "it is seen")
        assert house.view()["state"] == "running"
        house.panel.stop()
        house.start()
        assert (house.view()["state"], house.view()["source"]) == ("running", "compose")
        house.wait_until_ready()
        house.succeed("stop")
        house.container.remove()
        house.succeed("start")

    def test_one_that_was_forgotten(self, house):
        """It does not come back by itself while the panel runs, and the job says when it does."""
        house.start()
        house.succeed("start")
        answer = house.panel.call("DELETE", f"{house.path}?container=keep&wait=60")
        assert f"{house.compose.name} is still there" in house.read_output(answer.json()["job"])
        house.tree.add_instance("new", f"{REPOSITORY}:v0.none")
        wait_until(
            lambda: house.panel.call("GET", "/api/instances/new").status_code == 200, "another is seen"
        )
        assert house.panel.call("GET", house.path).status_code == 404
        assert house.container.status == "running"


def test_a_container_that_compose_has_made(house):
    """It is an instance without adopting it, runs on, and answers with what it is."""
    house.run_compose("up", "-d")
    house.wait_until_ready()
    before = house.container.id
    house.start()
    view = house.view()
    assert (view["source"], view["state"], view["container"]) == ("compose", "running", house.name)
    wait_until(lambda: house.view()["game"]["status"] == "ready", "the game is found")
    assert house.container.id == before


def test_a_missing_container_is_made(house):
    """After `compose down` it is missing; a start makes it as the file says, and compose knows it again."""
    house.run_compose("up", "-d")
    house.wait_until_ready()
    made_by_compose = house.container.attrs
    house.run_compose("down")
    house.start()
    assert house.view()["state"] == "missing"
    assert house.succeed("start")["was_running"] is False
    house.wait_until_ready()
    attributes = house.container.attrs
    assert attributes["Config"]["Env"] == made_by_compose["Config"]["Env"]
    assert attributes["Config"]["Image"] == made_by_compose["Config"]["Image"]
    for key in ("PortBindings", "RestartPolicy", "NetworkMode"):
        assert attributes["HostConfig"][key] == made_by_compose["HostConfig"][key], key
    (mount,) = attributes["Mounts"]
    assert (mount["Source"], mount["Destination"]) == (str(house.saved), SAVED_PATH)
    networks = attributes["NetworkSettings"]["Networks"]
    assert list(networks) == [house.network]
    assert house.name in networks[house.network]["Aliases"]
    house.succeed("stop")
    house.run_compose("up", "-d")
    house.take_down()
    assert house.client.containers.list(all=True, filters={"name": house.name}) == []


def test_what_was_edited_counts(house):
    """The file as it is at the start, not as it was when the panel saw it first; a broken one is told of."""
    house.start()
    text = house.compose.read_bytes()
    house.compose.write_bytes(text.replace(b"      - QUERY=27015", b"      - QUERY=${ASKED:-27016}"))
    (house.compose.parent / ".env").write_bytes(b"ASKED=27017\r\n")
    house.succeed("start")
    assert "QUERY=27017" in house.container.attrs["Config"]["Env"]
    house.wait_until_ready()  # a game that still starts does not hear that it is to end
    house.succeed("stop")
    house.container.remove()
    house.compose.write_bytes(text.replace(b"    restart", b"    gpus: all\r\n    restart"))
    job = house.run("start")
    assert job["error"]["key"] == "compose_unusable"
    assert "“gpus”" in house.read_output(job)
    wait_until(lambda: house.view()["state"] == "missing", "it is seen that the container is gone")


def test_a_network_that_is_not_there(house):
    """A clear error, and nothing half made; with the network it works."""
    house.start()
    house.client.networks.get(house.network).remove()
    job = house.run("start")
    assert job["error"]["key"] == "network_missing"
    assert f"docker network create {house.network}" in house.read_output(job)
    assert house.client.containers.list(all=True, filters={"name": house.name}) == []
    house.client.networks.create(house.network)
    house.succeed("start")


def test_a_port_that_is_taken(house):
    """What could not be started is not left there."""
    house.start()
    blocker = house.client.containers.run(
        f"{REPOSITORY}:{house.compose.read_text().split(REPOSITORY + ':')[1].split()[0]}",
        name=f"{house.name}-blocker",
        detach=True,
        ports={"8212/tcp": ("127.0.0.1", house.rest_port)},
    )
    assert house.run("start")["error"]["key"] == "port_in_use"
    assert house.view()["state"] == "missing"
    blocker.remove(force=True)
    house.succeed("start")


def test_a_network_of_its_own(house):
    """What compose would make is made, labelled as compose does it; several networks, with their aliases."""
    text = house.compose.read_text().replace("\r\n", "\n")
    text = text.replace(
        f"      - {house.network}\n", f"      {house.network}: {{}}\n      inner: {{aliases: [game]}}\n"
    )
    house.compose.write_text(f"{text}  inner: {{name: {house.name}-inner, labels: {{a: b}}}}\n")
    house.start()
    house.succeed("start")
    networks = house.container.attrs["NetworkSettings"]["Networks"]
    assert set(networks) == {house.network, f"{house.name}-inner"}
    assert "game" in networks[f"{house.name}-inner"]["Aliases"]
    made = house.client.networks.list(names=[f"{house.name}-inner"])[0]
    house.run_compose("up", "-d")  # compose goes on with both
    house.take_down()
    assert made.attrs["Labels"]["com.docker.compose.network"] == "inner"
    assert house.client.networks.list(names=[f"{house.name}-inner"]) == []


def test_no_compose_file_no_container(house):
    """Without its file the instance stays, and is made from what is known of it."""
    house.start()
    house.compose.unlink()
    house.succeed("start")
    house.wait_until_ready()
    assert house.view()["state"] == "running"


def test_update_by_their_script(house, images):
    """The old update.sh by the contract: compose makes the container anew, the file names the new version."""
    house.run_compose("up", "-d")
    house.wait_until_ready()
    version = images.version(2)
    images.save(version, house.tree.server / "repo" / version / f"{REPOSITORY}_{version}.tar")
    house.start()
    result = house.succeed("update", {"version": "latest"})
    assert result["image"] == f"{REPOSITORY}:{version}"
    assert f"image: {REPOSITORY}:{version}" in house.compose.read_text()
    house.wait_until_ready()
    house.take_down()
    house.succeed("start")
    assert house.container.attrs["Config"]["Image"] == f"{REPOSITORY}:{version}"


def test_windows_line_ends_in_a_script(house):
    """The error says how to mend it; mended, it runs without a run bit."""
    path = house.tree.folder / "cmm" / "controllers" / "backup.sh"
    text = path.read_bytes()
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    house.run_compose("up", "-d")
    house.start()
    job = house.run("backup", {})
    assert (job["error"]["key"], job["state"]) == ("script_line_ends", "failed")
    assert "sed -i" in job["error"]["detail"]
    subprocess.run(["sed", "-i", r"s/\r$//", path], check=True)
    assert path.stat().st_mode & 0o111 == 0
    house.wait_until_ready()
    assert house.succeed("backup", {})["copies"] == 1


def test_check_tells_beforehand(house):
    """`--check` says what would happen, and does nothing of it."""
    house.tree.write("server/docker-compose-odd.yml", "services: {odd: {image: nginx}}")
    house.tree.write("cmm/controllers/update.sh", "#!/bin/bash\r\n")
    before = look_at(house.tree.folder)
    said = subprocess.run(
        [sys.executable, "app.py", "--check"],
        cwd=PROJECT,
        env=house.panel.environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert look_at(house.tree.folder) == before
    assert "paladmin.db.before-palserver" in said
    assert "mina (admin), jun (operator)" in said
    assert f"{house.name}: from docker-compose-{house.name}.yml" in said
    assert "docker-compose-odd.yml: It does not look like a Palworld server" in said
    assert "update.sh has Windows line ends" in said
