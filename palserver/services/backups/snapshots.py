"""The panel's own database, copied once a day beside the backups: users, instances, what was done."""

from __future__ import annotations

import logging
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent

from palserver.background import Background
from palserver.services.private_files import move_file
from palserver.store.database import Database
from palserver.threads import Threads

log = logging.getLogger(__name__)

ID_FORMAT = "%Y%m%d-%H%M%S"
NAME = r"paladmin-(\d{8}-\d{6})\.db"
EVERY = timedelta(days=1)
KEPT = 7
LOOK_SECONDS = 600.0


class Snapshots:
    """`folder` says when the last one was made, so that it does not matter how often the panel starts."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._thread = Threads(1, niceness=10)

    def start(self, background: Background) -> None:
        background.spawn("snapshots", self._keep_making)

    def stop(self) -> None:
        self._thread.stop()

    def make_if_due(self, now: datetime) -> Path | None:
        """Returns the new one, None if it was not time yet. Raises OSError and sqlite3.Error."""
        return self._thread.run(_make_if_due, self._database, self._folder, now)

    def _keep_making(self) -> None:
        while True:
            try:
                self.make_if_due(datetime.now(UTC))
            except (OSError, sqlite3.Error) as error:
                log.error("The database could not be copied to %s: %s", self._folder, error)
            gevent.sleep(LOOK_SECONDS)


def _make_if_due(database: Database, folder: Path, now: datetime) -> Path | None:
    made = _list_made(folder, now)
    if made and timedelta(0) <= now - _read_time(made[-1]) < EVERY:
        return None
    for each in (folder.parent, folder):  # a mode given with `parents` is not that of the parents
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"paladmin-{now:{ID_FORMAT}}.db"
    temporary = folder / ".paladmin.db.part"
    temporary.unlink(missing_ok=True)  # of a start that was interrupted
    try:
        database.copy_to(temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    move_file(temporary, path)
    for old in _list_made(folder, now)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def _list_made(folder: Path, now: datetime) -> list[Path]:
    """The oldest first. What is of the future was made before the clock was put right, and is older."""
    found = folder.iterdir() if folder.is_dir() else ()
    made = (path for path in found if re.fullmatch(NAME, path.name))
    return sorted(made, key=lambda path: (_read_time(path) <= now, path.name))


def _read_time(path: Path) -> datetime:
    stamp = path.stem.removeprefix("paladmin-")
    return datetime.strptime(stamp, ID_FORMAT).replace(tzinfo=UTC)
