"""Panels, containers and games for one group of measurements, all gone when it ends, Ctrl-C included."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import docker

from bench.sink import Sink
from tests.containers import Containers
from tests.game import Game, remove_leftovers
from tests.panel import Panel
from tests.waiting import wait_until

SAVED_LABEL = {"palserver.saved-path": "/pal/Saved"}
SETTLE_SECONDS = 5.0
LOG_CHARACTERS = 3000


class Lab:
    """A context: whatever was made in it ends with it."""

    def __enter__(self) -> Lab:
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="palserver-bench-"))
        self._folder = Path(folder)
        self._client = docker.from_env(timeout=150)
        self._stack.callback(self._client.close)
        remove_leftovers(self._client)
        self._containers = Containers(self._client)
        self._stack.callback(self._containers.remove_all)
        self._panels: list[Panel] = []
        self._count = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            for panel in self._panels:
                sys.stderr.write(f"bench: the end of a panel's log:\n{panel.read_log()[-LOG_CHARACTERS:]}\n")
        self._stack.close()

    def make_folder(self) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        return folder

    def make_panel(self) -> Panel:
        """One that is not started yet."""
        panel = Panel(self.make_folder())
        self._stack.callback(panel.close)
        self._panels.append(panel)
        return panel

    def start_panel(self) -> Panel:
        """Serving, with the admin signed in."""
        panel = self.make_panel()
        panel.start()
        panel.token = panel.sign_in()
        return panel

    def run_container(self, *command: str, **options: Any) -> str:
        """Running, adoptable; returns its name. `sleep` if there is no command."""
        self._count += 1
        name = self._containers.name(f"{self._count:03}")
        self._containers.make(*command, name=name, labels=SAVED_LABEL, **options).start()
        return name

    def remove_container(self, name: str) -> None:
        self._client.containers.get(name).remove(force=True, v=True)

    def run_game(self, **environment: str) -> str:
        """A pretend game that answers its REST API; returns its name."""
        game = Game(self._client, environment=environment)
        self._stack.callback(game.remove)
        return game.start().name

    def open_viewers(self, panel: Panel, instance: str, viewers: int, query: str = "tail=0") -> Sink:
        sink = Sink(panel.port, f"/api/instances/{instance}/logs?{query}", panel.token, viewers)
        self._stack.callback(sink.close)
        sink.wait_until_open()
        return sink


def adopt(panel: Panel, *names: str) -> None:
    """Have the panel manage these, and wait until it has figures of all of them."""
    for name in names:
        answer = panel.call("POST", "/api/instances/adopt", {"container": name})
        assert answer.status_code == 201, answer.text

    def knows_all() -> bool:
        measured = {sample["instance"] for sample in panel.get("/api/metrics")["metrics"]}
        return measured >= set(names)

    wait_until(knows_all, "figures of every instance", seconds=30)


def settle() -> None:
    """Let what was begun come to an end before something is measured."""
    time.sleep(SETTLE_SECONDS)


def pid_of(panel: Panel) -> int:
    assert panel.process is not None
    return panel.process.pid
