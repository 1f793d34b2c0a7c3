"""The disk of the database is full: that is told, what went on goes on, and room for it mends everything."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.game import Game
from tests.panel import PASSWORD, Panel
from tests.waiting import wait_until


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        descriptor = os.open(self._filler, os.O_CREAT | os.O_WRONLY)
        try:
            while True:
                os.write(descriptor, bytes(4096))
        except OSError:
            pass
        finally:
            os.close(descriptor)

    def make_room(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def panel(make_panel: Callable[..., Panel], disk: SmallDisk) -> Panel:
    panel = make_panel(DB_PATH=str(disk.folder / "panel.db"))
    panel.start()
    return panel


def test_a_full_disk_is_told_in_our_words(panel, disk):
    """What has to be written is refused, and works again as soon as there is room."""
    disk.fill()
    body = {"username": "admin", "password": PASSWORD}
    answer = panel.call("POST", "/api/auth/login", body, token="")
    assert (answer.status_code, answer.json()["key"]) == (507, "database_full")
    assert panel.call("GET", "/health", token="").status_code == 200
    disk.make_room()
    panel.sign_in()


def test_a_job_that_ends_then_keeps_nobody_from_the_next(panel, disk, game: Game):
    """Its end is known, is written when that can be done, and other jobs of the server may be started."""
    panel.adopt(game.name)
    path = f"/api/instances/{game.name}"
    job = panel.call("POST", f"{path}/restart", {"wait_seconds": 3}).json()["job"]
    disk.fill()
    wait_until(lambda: panel.get(path)["job"] is None, "it has ended")
    ended = panel.get(f"/api/jobs/{job['id']}")["job"]
    assert ended["state"] in ("succeeded", "failed")
    assert panel.get("/api/jobs")["jobs"] == [ended]
    refused = panel.call("POST", f"{path}/restart")
    assert (refused.status_code, refused.json()["key"]) == (507, "database_full")
    disk.make_room()
    assert panel.run_job(f"{path}/restart")["state"] == "succeeded"
    assert panel.stop() == 0
    panel.start()
    assert ended in panel.get("/api/jobs")["jobs"]


def test_the_end_of_a_job_is_written_without_another(panel, disk, game: Game):
    """As soon as there is room, whether anybody asks for something or not."""
    panel.adopt(game.name)
    path = f"/api/instances/{game.name}"
    job = panel.call("POST", f"{path}/restart", {"wait_seconds": 3}).json()["job"]
    disk.fill()
    wait_until(lambda: panel.get(path)["job"] is None, "it has ended")
    ended = panel.get(f"/api/jobs/{job['id']}")["job"]
    assert ended["finished_at"] is not None
    disk.make_room()
    wait_until(lambda: panel.get(f"/api/jobs?state={ended['state']}")["jobs"] == [ended], "it is written")
