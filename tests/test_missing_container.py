"""Facts about servers that are there without a container: what can be done with one, and what it leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.game import LABELS, remove_container
from tests.imitations import Images as Imitations
from tests.imitations import ask_game, made_servers
from tests.made_backups import GUID, make_save
from tests.old_house import REPOSITORY, SAVED_PATH, Images, OldHouse
from tests.panel import Panel
from tests.registry import Registry
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    images = Images(engine)
    images.make(1)
    yield images
    images.remove_all()


@pytest.fixture
def house(
    engine: docker.DockerClient, images: Images, make_panel: Callable[..., Panel], tmp_path: Path
) -> Iterator[OldHouse]:
    """With a world of day 7 in its folder, and a backup of day 5 that their script has made."""
    house = OldHouse(engine, tmp_path / "ent", images.version(1), make_panel)
    house.start()
    yield house
    house.close()


@pytest.fixture
def registry() -> Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.close()


def list_containers(house: OldHouse) -> list[str]:
    """All that have to do with it, helpers too."""
    found = house.client.containers.list(all=True, ignore_removed=True)
    folder = str(house.tree.folder)
    return sorted(
        str(each.name)
        for each in found
        if house.name in str(each.name) or folder in str(each.attrs.get("Mounts"))
    )


def set_image(house: OldHouse, image: str) -> None:
    text = house.compose.read_text()
    line = next(line for line in text.splitlines() if "image:" in line)
    house.compose.write_text(text.replace(line, f"    image: {image}"))


def delete(house: OldHouse, **query: str) -> Any:
    answer = house.panel.call("DELETE", house.path, params={**query, "wait": "60"})
    assert answer.status_code in (200, 202), answer.text
    return house.panel.wait_for_job(answer.json()["job"]["id"])


def test_a_change_leaves_the_compose_file_alone_and_says_so(house):
    """It is its owner's, and what goes by it undoes the change: the dry run tells, and the job does."""
    house.succeed("start")
    house.wait_until_ready()  # a game that still starts does not hear that it is to end
    before = house.compose.read_bytes()
    access = house.panel.call("PATCH", f"{house.path}?dry_run=1", {"admin_password": "x"}).json()
    assert (len(access["changes"]), access["compose_file_stays"]) == (1, False)
    body = {"memory_limit_bytes": 2**30}
    assert house.panel.call("PATCH", f"{house.path}?dry_run=1", body).json()["compose_file_stays"] is True
    job = house.panel.call("PATCH", f"{house.path}?wait=60", body).json()["job"]
    job = house.panel.wait_for_job(job["id"])
    assert job["state"] == "succeeded", house.read_output(job)
    assert f"docker-compose-{house.name}.yml stays as it is." in house.read_output(job)
    assert house.compose.read_bytes() == before


class TestImages:
    """What a container is made from has to come from somewhere."""

    def test_it_is_pulled(self, house, registry):
        """An image that is nowhere on this host comes from its registry, and the job says so."""
        image = registry.add("1", LABELS)
        set_image(house, image)
        try:
            job = house.run("start")
            output = house.read_output(job)
            assert job["state"] == "succeeded", output
            assert f"Pulling {image}." in output
            assert (house.container.status, house.container.attrs["Config"]["Image"]) == ("running", image)
            assert job["percent"] == 100
        finally:
            remove_container(house.client, house.name)
            house.client.images.remove(image, force=True)

    def test_nobody_has_it(self, house, registry):
        """The error names the image, and nothing is left, no network that was made for it either."""
        image = f"{registry.repository}:gone"
        set_image(house, image)
        text = house.compose.read_text()
        own = f"{house.name}-inner"
        text = text.replace(f"      - {house.network}\n", f"      - {house.network}\n      - inner\n")
        house.compose.write_text(f"{text}  inner: {{name: {own}}}\n")
        job = house.run("start")
        assert job["error"]["key"] == "image_missing"
        assert image in job["error"]["detail"]
        assert image in house.read_output(job)
        assert list_containers(house) == []
        assert house.client.networks.list(names=[own]) == []


class TestRestores:
    """The world comes back first, whether there is a container or not."""

    def test_into_an_empty_folder(self, house):
        """A container is made for it and stays stopped; the next start plays the restored world."""
        house.succeed("start")
        house.wait_until_ready()
        backup_id = house.succeed("backup", {})["backup"]
        house.take_down()
        (level,) = house.saved.glob("SaveGames/0/*/Level.sav")
        then = level.read_bytes()
        for path in house.saved.iterdir():
            shutil.rmtree(path)
        wait_until(lambda: house.view()["state"] == "missing", "it is seen to be gone")
        preview = house.panel.get(f"{house.path}/backups/{backup_id}/preview")
        assert f"Saved/{level.relative_to(house.saved)}" in preview["added"]
        assert (preview["changed"], preview["is_running"]) == ([], False)
        assert list_containers(house) == []
        result = house.succeed(f"backups/{backup_id}/restore")
        assert (result["world_guid"], result["was_running"]) == (level.parent.name, False)
        assert house.view()["state"] in ("created", "exited")
        assert level.read_bytes() == then
        assert house.container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"
        house.succeed("start")
        house.wait_until_ready()
        wait_until(lambda: house.view()["game"]["status"] == "ready", "the game is found")
        info = house.panel.get(f"/api/server/{house.name}/info")
        assert info["world_guid"].upper() == level.parent.name.upper()

    def test_over_the_world_that_is_there(self, house):
        """What `compose down` has left is previewed, copied first, and exchanged."""
        folder = house.tree.add_backup(house.name)
        house.succeed(f"backups/{folder.name}/restore")
        house.run_compose("down")
        level = house.saved / "SaveGames" / "0" / GUID / "Level.sav"
        level.write_bytes(make_save(b"of another time"))
        wait_until(lambda: house.view()["state"] == "missing", "it is seen to be gone")
        preview = house.panel.get(f"{house.path}/backups/{folder.name}/preview")
        assert preview["changed"] == [f"Saved/SaveGames/0/{GUID}/Level.sav"]
        result = house.succeed(f"backups/{folder.name}/restore")
        assert result["safety_copy"] is not None
        assert level.read_bytes() != make_save(b"of another time")
        assert list_containers(house) == [house.name]

    def test_a_failure_leaves_no_container(self, house):
        """Nor does a backup that is broken make one."""
        folder = house.tree.add_backup(house.name)
        house.tree.write_files(house.saved, {"Saved/SaveGames/mine": b"mine"})
        house.tree.write("cmm/controllers/backup.sh", "#!/bin/bash\nexit 3\n")
        job = house.run(f"backups/{folder.name}/restore")
        assert job["error"]["key"] == "script_failed"
        assert f"{house.name} is made from" in house.read_output(job)
        assert (house.view()["state"], list_containers(house)) == ("missing", [])
        assert [path.name for path in house.saved.rglob("*")] == ["SaveGames", "mine"]
        (folder / house.name / "SaveGames" / "0" / GUID / "Level.sav").write_bytes(b"")
        job = house.run(f"backups/{folder.name}/restore")
        assert (job["state"], list_containers(house)) == ("failed", [])
        assert f"{house.name} is made from" not in house.read_output(job)

    def test_a_kill_leaves_no_container(self, house, tmp_path):
        """The next panel takes away what was made for a restore that did not come to its end."""
        folder = house.tree.add_backup(house.name)
        house.tree.write_files(house.saved, {"Saved/SaveGames/mine": b"mine"})
        begun = tmp_path / "begun"
        house.tree.write("cmm/controllers/backup.sh", f"#!/bin/bash\ntouch {begun}\nexec sleep 300\n")
        house.panel.call("POST", f"{house.path}/backups/{folder.name}/restore")
        wait_until(begun.exists, "the copy of before is being made")
        assert list_containers(house) == [house.name]
        house.panel.kill()
        house.start()
        wait_until(lambda: house.view()["job"] is None, "recovery has ended", 60)
        assert (house.view()["state"], list_containers(house)) == ("missing", [])
        assert [path.name for path in house.saved.rglob("*")] == ["SaveGames", "mine"]

    def test_a_server_that_was_made_here(self, engine, make_panel):
        """It has no compose file: its container is made as it was, on the volume that has its world."""
        imitations, panel = Imitations(engine), make_panel()
        panel.start()
        try:
            with made_servers(engine) as made:
                name = made.name()
                body = {"name": name, "image": imitations.get("thijsvanloef"), "server_password": ""}
                answer = panel.call("POST", "/api/instances?wait=60", body).json()
                job = panel.wait_for_job(answer["job"]["id"])
                port, password = job["result"]["ports"]["rest_port"], answer["generated"]["admin_password"]
                guid = ask_game(port, password).json()["worldguid"]
                backup = panel.run_job(f"/api/instances/{name}/backup")["result"]["backup"]
                remove_container(engine, name)
                address = f"/api/instances/{name}/backups/{backup}"
                preview = panel.get(f"{address}/preview")
                assert (preview["is_running"], preview["world_guid"].upper()) == (False, guid.upper())
                assert preview["free_bytes"] > 0
                job = panel.run_job(f"{address}/restore")
                assert job["state"] == "succeeded", job
                assert engine.containers.get(name).status == "created"
                assert panel.run_job(f"/api/instances/{name}/start")["state"] == "succeeded"
                assert ask_game(port, password).json()["worldguid"] == guid
        finally:
            imitations.remove()


class TestDeletions:
    """`data=delete` deletes the world without a container, too, and never more than the instance's own."""

    def test_the_folder_goes(self, house):
        """As it does beside a container; its neighbours and its backups stay."""
        house.tree.write_files(house.saved, {"Saved/SaveGames/0/x/Level.sav": b"x"})
        neighbour = house.tree.write("server/instances/neighbour/file", "mine")
        folder = house.tree.add_backup(house.name)
        job = delete(house, data="delete")
        assert (job["state"], job["result"]["deleted"]) == ("succeeded", True)
        assert job["result"]["world"] == str(house.saved)
        assert not house.saved.exists()
        assert neighbour.exists()
        assert folder.exists()
        assert list_containers(house) == []
        assert not house.compose.exists()

    def test_also_without_its_image(self, house, tmp_path):
        """Then the panel deletes it itself, and follows no link in it."""
        set_image(house, f"{REPOSITORY}:v0.never-there")
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "file").write_text("mine")
        house.tree.write_files(house.saved, {"Saved/SaveGames/0/x/Level.sav": b"x"})
        (house.saved / "link").symlink_to(elsewhere)
        job = delete(house, data="delete")
        assert (job["state"], job["result"]["deleted"]) == ("succeeded", True), house.read_output(job)
        assert not house.saved.exists()
        assert (elsewhere / "file").read_text() == "mine"

    def test_the_file_was_changed_this_very_moment(self, house, tmp_path):
        """What another folder holds that the file names now stays, whatever becomes of the world."""
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "file").write_text("mine")
        house.tree.write_files(house.saved, {"Saved/SaveGames/0/x/Level.sav": b"x"})
        text = house.compose.read_text()
        house.compose.write_text(text.replace(f"{house.saved}/:", f"{elsewhere}/:"))
        job = delete(house, data="delete")
        assert (job["state"], job["result"]["deleted"]) == ("succeeded", True), house.read_output(job)
        assert (elsewhere / "file").read_text() == "mine"
        assert not house.saved.exists()

    def test_it_is_kept_unless_that_is_said(self, house):
        """And the job says where it is."""
        house.tree.write_files(house.saved, {"Saved/SaveGames/0/x/Level.sav": b"x"})
        job = delete(house)
        assert (job["result"]["deleted"], job["result"]["world"]) == (False, str(house.saved))
        assert (house.saved / "SaveGames/0/x/Level.sav").exists()

    def test_somebody_else_has_it(self, house, images):
        """A folder that another container has, or some of it, is not this server's alone."""
        house.tree.write_files(house.saved, {"Saved/SaveGames/0/x/Level.sav": b"x"})
        other = house.client.containers.create(
            f"{REPOSITORY}:{images.version(1)}",
            labels=LABELS,
            volumes={str(house.saved / "SaveGames"): {"bind": f"{SAVED_PATH}/SaveGames", "mode": "rw"}},
        )
        try:
            job = delete(house, data="delete")
            assert (job["state"], job["result"]["deleted"]) == ("succeeded", False)
            assert "is kept" in house.read_output(job)
            assert (house.saved / "SaveGames/0/x/Level.sav").exists()
        finally:
            other.remove()

    def test_a_file_that_nobody_understands(self, house):
        """What may be a world is told of, and kept."""
        house.panel.stop()
        house.compose.write_text(
            house.compose.read_text().replace("    restart", "    gpus: all\n    restart")
        )
        (house.tree.server / "paladmin.db").unlink()
        (house.tree.server / "paladmin.db.before-palserver").rename(house.tree.server / "paladmin.db")
        house.start()
        job = delete(house, data="delete")
        assert (job["result"]["deleted"], job["result"]["world"]) == (False, str(house.saved))
        assert house.saved.is_dir()
