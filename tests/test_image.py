"""The product's image and compose.yaml, built and run for real."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests
from docker.models.containers import Container

from tests.game import IMAGE, LABEL
from tests.panel import find_free_port
from tests.waiting import wait_until

PROJECT = Path(__file__).resolve().parent.parent
SOCKET = "/var/run/docker.sock"
SECOND_NANOSECONDS = 1_000_000_000
START_SECONDS = 120


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    """The image as the files are now; a matter of a second when nothing has changed."""
    subprocess.run([PROJECT / "setup" / "image.sh"], check=True)


@pytest.fixture
def container(engine: docker.DockerClient) -> Iterator[Container]:
    """A panel with the host's socket and the right to use it, asked for its health every second."""
    container = engine.containers.run(
        IMAGE,
        detach=True,
        labels={LABEL: "1"},
        environment={"PALSERVER_BASE_DIR": "/data"},
        tmpfs={"/data": "uid=1000,gid=1000,mode=0700"},
        volumes={SOCKET: {"bind": SOCKET, "mode": "rw"}},
        group_add=[str(os.stat(SOCKET).st_gid)],
        ports={"8000/tcp": ("127.0.0.1", find_free_port())},
        healthcheck={"interval": SECOND_NANOSECONDS},
        init=True,
    )
    yield container
    container.remove(force=True)


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """Marks what compose starts as ours, so that the next run finds what an interrupted one left."""
    file = tmp_path / "overlay.json"
    file.write_text(json.dumps({"services": {"panel": {"labels": {LABEL: "1"}}}}))
    return file


def test_the_image_does_not_run_as_root(engine: docker.DockerClient) -> None:
    """Neither the panel nor the pretend game is root in its container, and neither can change the code."""
    look = "id -u; find /app /venv -writable -not -type l"
    assert engine.containers.run(IMAGE, ["sh", "-c", look], remove=True) == b"1000\n"


def test_the_image_carries_no_installer(engine: docker.DockerClient) -> None:
    """What installed the packages is not among them, nor is what it was told about where they are."""
    listing = engine.containers.run(IMAGE, ["sh", "-c", "ls /venv/lib/python3.*/site-packages"], remove=True)
    packages = listing.decode().split()
    assert "flask" in packages
    assert "pip" not in packages
    assert "PIP_INDEX_URL" not in json.dumps(engine.images.get(IMAGE).history())


def test_a_pretend_game_can_write_its_world(engine: docker.DockerClient) -> None:
    """The folder where the real images keep their world belongs to the image's user."""
    write = ["touch", "/pal/Package/Pal/Saved/world"]
    assert engine.containers.run(IMAGE, write, remove=True) == b""


def test_the_container_gets_healthy_and_reaches_the_engine(container: Container) -> None:
    """With the socket and its group the engine calls the panel healthy, and the panel calls the engine ok."""
    wait_until(lambda: is_healthy(container), "the container is healthy", START_SECONDS)
    port = container.attrs["HostConfig"]["PortBindings"]["8000/tcp"][0]["HostPort"]
    wait_until(lambda: is_ready(port), "the panel has reached the engine", START_SECONDS)
    ready = requests.get(f"http://127.0.0.1:{port}/ready", timeout=10)
    assert ready.json() == {"database": "ok", "engine": "ok"}


def test_the_container_ends_in_order(container: Container) -> None:
    """SIGTERM, which is what 'docker stop' sends, ends the panel with exit code 0."""
    wait_until(lambda: is_healthy(container), "the container is healthy", START_SECONDS)
    container.kill("SIGTERM")
    assert container.wait(timeout=START_SECONDS)["StatusCode"] == 0


def test_compose_brings_the_panel_up(tmp_path: Path, overlay: Path) -> None:
    """compose.yaml is valid, and what it starts serves on the host's loopback and reaches the engine."""
    port = find_free_port()
    settings = {
        "PALSERVER_BASE_DIR": str(tmp_path),
        "PALSERVER_PORT": str(port),
        "PALSERVER_UID": str(os.getuid()),
        "PALSERVER_GID": str(os.getgid()),
        "DOCKER_GID": str(os.stat(SOCKET).st_gid),
    }
    compose = ["--file", str(overlay), "--project-name", f"test-{secrets.token_hex(6)}"]
    try:
        run_compose(tmp_path, settings, *compose, "up", "--detach", "--no-build")
        wait_until(lambda: is_ready(port), "the panel is ready", START_SECONDS)
        assert (tmp_path / "server" / "paladmin.db").is_file()
    finally:
        run_compose(tmp_path, settings, *compose, "down")


def test_compose_says_which_setting_is_missing(tmp_path: Path) -> None:
    """Without the socket's group nothing is started, and the message tells how to find it out."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run_compose(tmp_path, {"PALSERVER_BASE_DIR": str(tmp_path)}, "config")
    assert "stat -c %g /var/run/docker.sock" in refused.value.stderr


def run_compose(folder: Path, settings: dict[str, str], *arguments: str) -> None:
    """Run the plugin, or the older program where it is what there is, with these settings in an .env file."""
    program = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    env_file = folder / ".env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    command = [*program, "--file", str(PROJECT / "compose.yaml"), "--env-file", str(env_file), *arguments]
    # Settings of the same names in the environment would win.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}
    subprocess.run(command, env=kept, check=True, capture_output=True, text=True)


def is_healthy(container: Container) -> bool:
    container.reload()
    assert container.status != "exited", container.logs().decode()
    return bool(container.attrs["State"]["Health"]["Status"] == "healthy")


def is_ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/ready", timeout=10).ok
    except requests.ConnectionError:
        return False  # it does not listen yet
