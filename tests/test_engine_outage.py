"""The engine stopped, hung and started under the panel: a second engine of the tests' own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any

import docker
import pytest

from setup.ping_engine import ping
from tests.game import remove_container
from tests.panel import Panel, find_free_port, receive
from tests.waiting import wait_until

SAVED = "/pal/Package/Pal/Saved"


class OwnEngine:
    """A dockerd with a socket, folders and a bridge of its own: it leaves the host's engine alone.

    The bridge is never used, but a dockerd that is told to have none removes `docker0`, whoever's it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/docker.sock"
        self.bridge = f"pal{os.getpid()}"
        self.process: subprocess.Popen[bytes] | None = None

    def add_bridge(self) -> None:
        run_ip("link", "add", self.bridge, "type", "bridge")

    def remove_bridge(self) -> None:
        run_ip("link", "delete", self.bridge)

    def start(self) -> None:
        for name in ("docker.pid", "docker.sock"):
            (self.folder / name).unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "dockerd",
                    "--exec-opt=native.cgroupdriver=cgroupfs",
                    f"--bridge={self.bridge}",
                    "--iptables=false",
                    "--ip-forward=false",
                    f"--data-root={self.folder}/data",
                    f"--exec-root={self.folder}/exec",
                    f"--pidfile={self.folder}/docker.pid",
                    f"--host={self.url}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._answers, "the own engine answers", 60)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            ping(self.url)  # the SDK leaves its socket open when nobody listens yet
        except (OSError, ValueError, HTTPException):
            return False
        return True

    def connect(self) -> closing[docker.DockerClient]:
        return closing(docker.DockerClient(base_url=self.url, timeout=60))

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(60)

    def remove_folder(self) -> None:
        """With what dockerd has left mounted in it, such as the name space of its containers' network."""
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", mount], check=True)
        shutil.rmtree(self.folder)


def run_ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEngine]:
    for program in ("dockerd", "ip"):
        assert shutil.which(program), f"{program} is needed; `make test` installs it"
    engine = OwnEngine(tmp_path_factory.mktemp("engine"))
    engine.add_bridge()
    try:
        engine.start()
        fill(engine)
        yield engine
        with engine.connect() as client:
            for container in client.containers.list(all=True):
                remove_container(client, str(container.name))
    finally:
        engine.stop()
        engine.remove_bridge()
        engine.remove_folder()


def fill(engine: OwnEngine) -> None:
    """Bring in the test image from the host's engine."""
    with closing(docker.from_env(timeout=150)) as source, engine.connect() as client:
        client.images.load(b"".join(source.images.get("palserver:local").save(named="palserver:local")))


@pytest.fixture
def game_name(own_engine: OwnEngine) -> Iterator[str]:
    """A pretend server on the own engine, under `restart: unless-stopped`, without a network of its own."""
    with own_engine.connect() as client:
        client.containers.run(  # type: ignore[call-overload] # the stubs know only two policies
            "palserver:local",
            ["python3", "-m", "demo"],
            name="outage-game",
            detach=True,
            network_mode="host",
            restart_policy={"Name": "unless-stopped"},
            environment={
                "ADMIN_PASSWORD": "secret-word",
                "DEMO_LIVELY": "0",
                "DEMO_BOOT_SECONDS": "0",
                "REST_API_PORT": str(find_free_port()),
                "DEMO_CONTROL_PORT": "0",
            },
            volumes={"outage-saved": {"bind": SAVED, "mode": "rw"}},
        )
    yield "outage-game"
    with own_engine.connect() as client:
        remove_container(client, "outage-game")  # which the panel may be reading a file of
        client.volumes.get("outage-saved").remove()


@pytest.fixture
def outage_panel(make_panel: Callable[..., Panel], own_engine: OwnEngine, game_name: str) -> Panel:
    panel = make_panel(DOCKER_HOST=own_engine.url)
    panel.start()
    wait_until(lambda: panel.call("GET", "/ready", token="").status_code == 200, "the engine is seen")
    panel.adopt(game_name)
    return panel


def show(panel: Panel) -> Any:
    return panel.get("/api/instances/outage-game")


def wait_for_engine(panel: Panel, status: str) -> None:
    wait_until(lambda: panel.get("/api/host")["engine"]["status"] == status, f"the engine is {status}", 90)


def test_an_engine_that_stops_and_comes_back(outage_panel: Panel, own_engine: OwnEngine):
    """While it is away nothing is known and that is said; afterwards all is as before, by itself."""
    panel = outage_panel
    with panel.watch("/api/events") as events:
        receive(events)
        own_engine.stop()
        wait_for_engine(panel, "unreachable")
        away = show(panel)
        assert (away["state"], away["game"]["status"], away["metrics"]) == ("unknown", "unknown", None)
        assert away["game"]["players"] is None
        job = panel.run_job("/api/instances/outage-game/start")
        assert (job["state"], job["error"]["key"]) == ("failed", "engine_unreachable")
        own_engine.start()
        wait_until(lambda: show(panel)["state"] == "running", "the container is seen again", 90)
        statuses: list[str] = []
        while statuses[-1:] != ["ok"]:
            message = receive(events, 90)
            if message["type"] == "engine":
                statuses.append(message["status"])
    assert statuses[0] == "unreachable"
    wait_until(lambda: show(panel)["metrics"], "its figures come again", 90)


def test_an_engine_that_hangs_is_noticed(outage_panel: Panel, own_engine: OwnEngine):
    """Its streams stay open and silent; only asking it finds out. It recovers by itself."""
    panel = outage_panel
    assert own_engine.process is not None
    os.kill(own_engine.process.pid, signal.SIGSTOP)
    try:
        wait_for_engine(panel, "unreachable")
        assert show(panel)["state"] == "unknown"
    finally:
        os.kill(own_engine.process.pid, signal.SIGCONT)
    wait_until(lambda: show(panel)["state"] == "running", "the container is seen again", 90)


def test_a_panel_that_started_first_finds_the_engine(make_panel: Callable[..., Panel], own_engine: OwnEngine):
    """The panel may come up before the engine does."""
    own_engine.stop()
    panel = make_panel(DOCKER_HOST=own_engine.url)
    panel.start()
    assert panel.call("GET", "/ready", token="").status_code == 503
    own_engine.start()
    wait_until(lambda: panel.call("GET", "/ready", token="").status_code == 200, "the engine is found", 90)


def test_a_stopped_server_stays_stopped_when_the_engine_starts_again(
    outage_panel: Panel, own_engine: OwnEngine
):
    """The game left by itself under `unless-stopped`; a reboot of the host must not bring it back."""
    panel = outage_panel
    wait_until(lambda: show(panel)["game"]["status"] == "ready", "the game is ready", 90)
    job = panel.run_job("/api/instances/outage-game/stop")
    assert job["result"]["ended_by"] == "game", job
    own_engine.stop()
    own_engine.start()
    wait_until(lambda: show(panel)["state"] != "unknown", "the engine is seen again", 90)
    assert show(panel)["state"] == "exited"
    with own_engine.connect() as client:
        attributes = client.containers.get("outage-game").attrs
    assert attributes["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_a_log_goes_on_after_the_engine_came_back(outage_panel: Panel, own_engine: OwnEngine):
    """The same open view goes on, with the numbers going on by one: nothing twice, nothing missing."""
    panel = outage_panel
    with panel.watch("/api/instances/outage-game/logs?tail=1000") as viewer:
        lines = collect(viewer, lambda lines: any("Running Palworld" in line[3] for line in lines))
        own_engine.stop()
        wait_for_engine(panel, "unreachable")
        own_engine.start()
        lines += collect(
            viewer, lambda later: sum("Running Palworld" in line[3] for line in [*lines, *later]) >= 2
        )
    numbers = [line[0] for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(lines)))
    times = [(line[1], line[2]) for line in lines]
    assert len(set(times)) == len(times)


def collect(viewer: Any, is_enough: Callable[[list[Any]], bool]) -> list[Any]:
    lines: list[Any] = []
    while not is_enough(lines):
        message = receive(viewer, 60)
        if message["type"] == "lines":
            lines += message["lines"]
    return lines
