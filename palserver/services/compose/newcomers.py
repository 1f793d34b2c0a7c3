"""Compose files that come, change and go while the panel runs: seen within seconds, without a restart."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import gevent

from palserver.background import Background
from palserver.errors import EngineUnreachable
from palserver.services.compose.servers import Server, add, list_files, name_server, read_file, write_down
from palserver.services.compose.variables import ComposeFault
from palserver.services.engine_watch import EngineWatch
from palserver.services.jobs.jobs import Jobs
from palserver.store import compose_files as digests
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.threads import Threads

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
# What has just been written may still be half of it.
SETTLED_SECONDS = 2.0

# Of the file and of the `.env` beside it; None for what is not settled, so that it is looked at again.
Stamp = tuple[tuple[int, ...] | None, tuple[int, ...] | None]


@dataclass
class ComposeNewcomers:
    """A file that has no row gets one; what is there already stays as it is, whatever becomes of its file.

    Only while its container is missing a changed file is taken over at once: else it counts when a container
    is made the next time.
    """

    database: Database
    watch: EngineWatch
    jobs: Jobs
    folder: Path
    readers: Threads
    _seen: dict[Path, Stamp] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _changed: dict[str, Server] = field(default_factory=dict)

    def take_all(self) -> None:
        """Before anybody looks at the servers; also what is not settled yet. Raises OSError."""
        for path in list_files(self.folder):
            self._read(path)
        self._seen = list_stamps(self.folder)

    def start(self, background: Background) -> None:
        background.supervise("compose files", self._follow)

    def _follow(self) -> None:
        while True:
            gevent.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Raises OSError."""
        stamps = self.readers.run(list_stamps, self.folder)
        for path, stamp in stamps.items():
            if stamp != self._seen.get(path) and None not in stamp:
                self._read(path)
        for path in self._seen.keys() - stamps.keys():
            self._changed.pop(name_server(path), None)
            self._digests.pop(name_server(path), None)
            log.info("%s is gone. Its server stays as it is.", path.name)
        self._seen = stamps
        for server in list(self._changed.values()):
            self._renew(server)

    def _read(self, path: Path) -> None:
        try:
            server = self.readers.run(read_file, path)
        except ComposeFault as fault:
            self._changed.pop(name_server(path), None)
            log.warning("%s: %s", path, fault)
            return
        before, self._digests[server.name] = self._digests.get(server.name), server.digest
        if before == server.digest:
            return  # as it was: one that was forgotten since must not come back by itself
        if store.find_instance(self.database.reader, server.name) is None:
            self._take(server)
        elif server.fault is None:
            self._changed[server.name] = server

    def _take(self, server: Server) -> None:
        if server.fault is not None:
            log.warning(
                "%s can be run, but not made anew from its compose file: %s", server.name, server.fault
            )
        try:
            self.database.write(add, server)
        except sqlite3.IntegrityError:
            log.warning("The container %s has another server's name already.", server.container)
            return
        log.info("%s is taken from its compose file.", server.name)
        self._show(server)

    def _renew(self, server: Server) -> None:
        """Take over what has changed, as soon as there is no container of before and nothing is under way."""
        row = store.find_instance(self.database.reader, server.name)
        digest = digests.find_digest(self.database.reader, server.name)
        if row is None or row.source != "compose" or digest == server.digest:
            del self._changed[server.name]
            return
        is_there = self.watch.find(row.container) is not None
        if not self.watch.is_reachable or is_there or self.jobs.find_running(server.name) is not None:
            return
        del self._changed[server.name]
        try:
            self.database.write(write_down, server)
        except sqlite3.IntegrityError:
            log.warning("The container %s has another server's name already.", server.container)
            return
        if server.container != row.container:
            self.watch.forget(row.container)
        self._show(server)

    def _show(self, server: Server) -> None:
        if self.watch.is_reachable:  # else it is looked at as soon as it is
            with suppress(EngineUnreachable):
                self.watch.look(server.container)


def list_stamps(folder: Path) -> dict[Path, Stamp]:
    """Of all compose files there are. Raises OSError."""
    beside = _stamp(folder / ".env")
    return {path: (_stamp(path), beside) for path in list_files(folder)}


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Nothing for what cannot be looked at; None for what is not settled."""
    try:
        status = path.stat()
    except OSError:  # such as a link to itself
        return ()
    if 0 <= time.time() - status.st_ctime < SETTLED_SECONDS:  # a clock that was put back is no reason
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
