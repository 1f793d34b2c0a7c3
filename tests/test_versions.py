"""Facts about versions: which are at hand, in which order, and that a file can be one without a registry."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from palserver.errors import ImageArchiveBroken, ImageArchiveDiffers
from palserver.scripts.image_load import Progress
from palserver.services.images.archives import check_archive, find_latest, list_archives, version_key
from tests.imitations import Made, made_servers
from tests.old_house import REPOSITORY, Images, OldHouse
from tests.panel import Panel


def write_archive(path: Path, tags: object, name: str = "manifest.json") -> Path:
    """As `docker save` begins: nothing but the list of what is in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps([{"Config": "x.json", "RepoTags": tags, "Layers": []}]).encode()
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def test_the_order_of_versions():
    """By their numbers, a candidate before what it is one for, and words last."""
    versions = ["v1.0.10", "v1.0.9", "v1.0.9-rc.10", "v1.0.9-rc.2", "0.9", "1.0", "latest", "beta"]
    assert sorted(versions, key=version_key, reverse=True) == [
        "v1.0.10", "v1.0.9", "v1.0.9-rc.10", "v1.0.9-rc.2", "1.0", "0.9", "latest", "beta"
    ]  # fmt: skip


def test_the_folder_of_archives(tmp_path):
    """A version is a folder with a tar of its name; the link leads to one, and is none."""
    write_archive(tmp_path / "v1.0.0" / "game_v1.0.0.tar", ["game:v1.0.0"])
    write_archive(tmp_path / "v1.0.1" / "other_v1.0.1.tar", ["other:v1.0.1"])
    (tmp_path / "v1.0.2").mkdir()
    (tmp_path / "latest").symlink_to("v1.0.0")
    assert list(list_archives(tmp_path, "game")) == ["v1.0.0"]
    assert list(list_archives(tmp_path, "registry:5000/x/game")) == ["v1.0.0"]
    assert find_latest(tmp_path) == "v1.0.0"
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").symlink_to("../../etc")
    assert find_latest(tmp_path) is None
    assert list_archives(tmp_path / "missing", "game") == {}


@pytest.mark.parametrize(
    ("tags", "claim", "error"),
    [
        (["game:1"], None, None),
        (["game:1"], "game:1", None),
        (["game:1"], "game:2", ImageArchiveDiffers),
        (["game:2"], "game:1", ImageArchiveDiffers),
        (["game:1", "game:latest"], None, ImageArchiveDiffers),
        (None, None, ImageArchiveDiffers),
    ],
)
def test_it_holds_what_it_says(tmp_path, tags, claim, error):
    """Else another image's name would be taken from it by loading this one."""
    path = write_archive(tmp_path / "1" / "game_1.tar", tags)
    if claim is not None:
        path.with_name("manifest.json").write_text(json.dumps({"docker_image": claim}))
    if error is None:
        check_archive(path, "game:1")
    else:
        with pytest.raises(error):
            check_archive(path, "game:1")


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_files_that_are_no_archive(tmp_path, content):
    """They are refused before the engine sees them."""
    path = tmp_path / "game_1.tar"
    path.write_bytes(content)
    with pytest.raises(ImageArchiveBroken):
        check_archive(path, "game:1")
    with pytest.raises(ImageArchiveBroken):
        check_archive(write_archive(path, ["game:1"], "other.json"), "game:1")


def test_progress_only_grows(capsys):
    """Each percent is told once."""
    progress = Progress(1000)
    for size_bytes in (500, 500):
        progress.take_sent(size_bytes)
    for layer, size_bytes in (("a", 100), ("a", 400), ("b", 10)):
        progress.take_loaded(layer, size_bytes)
    assert capsys.readouterr().out.split("\n")[:-1] == [
        f"= percent {percent}" for percent in (25, 50, 55, 70)
    ]


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    images = Images(engine)
    yield images
    images.remove_all()


@pytest.fixture
def house(
    engine: docker.DockerClient, images: Images, make_panel: Callable[..., Panel], tmp_path: Path
) -> Iterator[OldHouse]:
    """Version 1 runs; 2 lies in the folder only, 10 is there twice; the bundled scripts do the work."""
    for number in (1, 2, 10):
        images.make(number)
    house = OldHouse(engine, tmp_path / "ent", images.version(1), make_panel)
    for number in (10, 2):
        save(house, images, number)
    images.forget(images.version(2))
    house.panel.environment["PALSERVER_SCRIPTS_DIR"] = str(
        Path(__file__).parent.parent / "palserver" / "scripts"
    )
    yield house
    house.close()


def save(house: OldHouse, images: Images, number: int) -> Path:
    version = images.version(number)
    path = house.tree.server / "repo" / version / f"{REPOSITORY}_{version}.tar"
    images.save(version, path)
    return path


def list_ours(house: OldHouse, images: Images) -> list[Any]:
    listed = house.panel.get(f"{house.path}/versions")["versions"]
    return [each for each in listed if each["version"].startswith(images.version(0)[:-1])]


def test_what_is_at_hand(house, images):
    """Local ones and those of the folder, the newest first; also for a server without a container."""
    house.start()
    listed = list_ours(house, images)
    assert [each["version"] for each in listed] == [images.version(number) for number in (10, 2, 1)]
    facts = [
        tuple(each[f"is_{what}"] for what in ("current", "local", "archived", "latest")) for each in listed
    ]
    assert facts == [
        (False, True, True, False),
        (False, False, True, True),
        (True, True, False, False),
    ]
    assert all(each["size_bytes"] > 0 and each["created_at"] for each in listed)


def test_an_update_from_the_folder(house, images):
    """The image is loaded, with percents on the way, and the server runs it; `latest` is the link's."""
    house.run_compose("up", "-d")
    house.wait_until_ready()
    house.start()
    job = house.run("update", {"version": "latest"})
    output = house.read_output(job)
    assert job["state"] == "succeeded", output
    assert job["result"]["image"] == f"{REPOSITORY}:{images.version(2)}"
    assert f"Loading {REPOSITORY}:{images.version(2)}" in output
    assert "= percent" not in output
    assert job["percent"] is not None
    assert images.version(2) in images.list_versions()
    house.wait_until_ready()
    assert list_ours(house, images)[1]["is_current"]


def test_a_start_from_the_folder(house, images):
    """A missing container's image is loaded as well."""
    text = house.compose.read_bytes()
    house.compose.write_bytes(text.replace(images.version(1).encode(), images.version(2).encode()))
    house.start()
    house.succeed("start")
    house.wait_until_ready()


@pytest.fixture
def made(engine: docker.DockerClient) -> Iterator[Made]:
    with made_servers(engine) as made:
        yield made


def create(house: OldHouse, name: str, image: str) -> Any:
    """The job when it has ended."""
    body = {"name": name, "image": image, "start": False}
    answer = house.panel.call("POST", "/api/instances?wait=60", body)
    assert answer.status_code in (200, 202), answer.text
    return house.panel.get(f"/api/jobs/{answer.json()['job']['id']}?wait=60")["job"]


def test_a_new_server_from_the_folder(house, images, made):
    """What lies there is offered, as what the engine has is; `latest` is the link's, as in an update."""
    house.start()
    offered = [each["reference"] for each in house.panel.get("/api/creation")["images"]]
    ours = [f"{REPOSITORY}:{images.version(number)}" for number in (10, 2, 1)]
    assert [reference for reference in offered if reference in ours] == ours
    assert images.version(1) in images.list_versions()
    assert images.version(2) not in images.list_versions()
    job = create(house, made.name(), f"{REPOSITORY}:latest")
    output = house.read_output(job)
    assert job["state"] == "succeeded", output
    assert f"Loading {REPOSITORY}:{images.version(2)}" in output
    container = house.client.containers.get(made.name())
    assert container.attrs["Config"]["Image"] == f"{REPOSITORY}:{images.version(2)}"
    assert images.version(2) in images.list_versions()


def test_a_new_server_from_a_wrong_archive(house, images, made):
    """Nothing is loaded, and nothing is left of the server; an image that nobody has is named."""
    house.start()
    path = house.tree.server / "repo" / images.version(2) / f"{REPOSITORY}_{images.version(2)}.tar"
    other = house.tree.server / "repo" / images.version(10) / f"{REPOSITORY}_{images.version(10)}.tar"
    path.write_bytes(other.read_bytes())
    job = create(house, made.name(), f"{REPOSITORY}:{images.version(2)}")
    assert job["error"]["key"] == "image_archive_differs"
    assert images.version(2) not in images.list_versions()
    job = create(house, made.name(), f"127.0.0.1:1/{REPOSITORY}:none")
    assert job["error"]["key"] == "image_missing"
    assert f"127.0.0.1:1/{REPOSITORY}:none" in job["error"]["detail"]
    assert (made.list_containers(), made.list_volumes()) == ([], [])


def test_an_archive_that_is_not_what_it_says(house, images):
    """Another image in it, or half of it: nothing is loaded, and the server runs on as before."""
    house.run_compose("up", "-d")
    house.wait_until_ready()
    house.start()
    before = house.container.id
    path = house.tree.server / "repo" / images.version(2) / f"{REPOSITORY}_{images.version(2)}.tar"
    whole = path.read_bytes()
    path.write_bytes(
        (
            house.tree.server / "repo" / images.version(10) / f"{REPOSITORY}_{images.version(10)}.tar"
        ).read_bytes()
    )
    assert house.run("update", {"version": images.version(2)})["error"]["key"] == "image_archive_differs"
    for content in (whole[: len(whole) // 2], b"", b"no archive" * 1000):
        path.write_bytes(content)
        job = house.run("update", {"version": images.version(2)})
        assert job["error"]["key"] == "image_archive_broken", house.read_output(job)
    assert images.version(2) not in images.list_versions()
    assert (house.container.id, house.container.status) == (before, "running")
    assert house.view()["game"]["status"] in ("ready", "unknown", "starting")
