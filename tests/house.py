"""The services that follow games, built as the process builds them, over the real engine."""

from __future__ import annotations

import socket
from pathlib import Path

import gevent
from gevent.server import StreamServer

from migrations import migrate
from palserver.background import Background
from palserver.clients.engine import Engine
from palserver.services.audience import Audience
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.games import Games
from palserver.services.games.pace import Intervals, Pace
from palserver.services.games.runs import GameView
from palserver.store import instances as store
from palserver.store.database import Database
from tests.game import Game
from tests.pretend_rows import make_instance
from tests.waiting import wait_until

ENGINE_SOCKET = "/var/run/docker.sock"
QUICK = Intervals(0.2, 0.2)


class EngineWire:
    """A socket that leads to the real engine, and while it is cut to nowhere."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "engine.sock")
        self.is_cut = False
        self._open: set[socket.socket] = set()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen(64)
        listener.setblocking(False)
        self._server = StreamServer(listener, self._join)
        self._server.start()

    def cut(self) -> None:
        self.is_cut = True
        for end in list(self._open):
            end.close()

    def close(self) -> None:
        self.cut()
        self._server.stop(timeout=1)

    def _join(self, near: socket.socket, _: object) -> None:
        with socket.socket(socket.AF_UNIX) as far:
            far.connect(ENGINE_SOCKET)
            if self.is_cut:  # perhaps only while that was waited for: nobody else would cut this one
                return
            ends = {near, far}
            self._open |= ends
            back = gevent.spawn(self._carry, far, near)
            self._carry(near, far)
            back.join()
            self._open -= ends

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one side has gone, or the wire was cut


class House:
    """The services that the games need, built as the process builds them."""

    def __init__(self, folder: Path, wire: EngineWire | None = None, unwatched: Intervals = QUICK) -> None:
        self.database = Database(folder / "paladmin.db", migrate)
        self.background = Background(retry_last_seconds=0.5)
        self.engine = Engine({"DOCKER_HOST": f"unix://{wire.path}"} if wire else {})
        self.watch = EngineWatch(self.engine, self.background, self._list_containers)
        self.audience = Audience(linger_seconds=0)
        pace = Pace(self.audience, QUICK, unwatched)
        self.games = Games(self.database, self.engine, self.watch, self.background, pace)
        self.changes = self.games.changes.subscribe()
        self.player_events = self.games.player_events.subscribe()

    def start(self) -> House:
        self.games.start()
        self.watch.start()
        return self

    def adopt(self, game: Game) -> str:
        """Returns the instance's name."""
        self.database.write(store.add_instance, make_instance(game.name))
        if self.watch.is_reachable:
            self.watch.look(game.name)
        return game.name

    def view(self, name: str) -> GameView:
        instance = store.find_instance(self.database.reader, name)
        assert instance is not None
        return self.games.view(instance)

    def wait_for(self, name: str, status: str) -> GameView:
        wait_until(lambda: self.view(name).status == status, f"{name} is {status}")
        return self.view(name)

    def close(self) -> None:
        self.background.stop()
        self.engine.close()
        self.database.close()

    def _list_containers(self) -> list[str]:
        return [instance.container for instance in store.list_instances(self.database.reader)]


def count_calls(game: Game, endpoint: str) -> int:
    return len([call for call in game.list_calls() if call["path"].endswith(f"/{endpoint}")])
