"""The SQLite file: one connection for short reads on the event loop, one writer thread for every write."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from palserver.errors import DatabaseFull
from palserver.threads import Threads

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class DatabaseInUse(Exception):
    """Another PalServer has this database open."""


class DiskFull(DatabaseFull, sqlite3.OperationalError):
    """Also one of SQLite's, for those who go on without their write."""


def connect(path: Path) -> sqlite3.Connection:
    """Open in WAL mode and autocommit; transactions are begun by hand. The file is private to its owner.

    What was begun with a world is written down here first, and has to be there after a power cut as well:
    hence a sync for each transaction, in the writer's thread.
    """
    path.touch(mode=0o600, exist_ok=True)
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    conn.row_factory = sqlite3.Row
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA foreign_keys = ON")
    return conn


class Database:
    """`reader` is for short reads on the event loop; `write` runs a function whole in the writer thread.

    Nothing can yield inside a transaction, and no greenlet waits for a lock: both would freeze the loop.
    """

    def __init__(
        self,
        path: Path,
        migrate: Callable[[sqlite3.Connection], int],
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Lock the database for this process, bring it up to date, open it. Raises DatabaseInUse.

        `prepare` is called when no other panel can come in between, and before anything is opened.
        """
        self._path = path
        self._lock = _lock(path.with_name(path.name + ".lock"))
        if prepare is not None:
            try:
                prepare()
            except BaseException:
                os.close(self._lock)
                raise
        self._writer = connect(path)
        migrate(self._writer)
        self.reader = connect(path)
        self.reader.execute("PRAGMA query_only = ON")
        self.reader.execute("PRAGMA busy_timeout = 0")
        self._thread = Threads(1)

    def write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, Parameters], Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Run `function(conn, …)` in one transaction in the writer thread and wait for its result.

        What it raises undoes the transaction and is raised here; a full disk as DiskFull.
        """
        try:
            return self._thread.run(_in_transaction, self._writer, function, arguments, named)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise DiskFull() from error
            raise

    def copy_to(self, path: Path) -> None:
        """Write all of it, as it is at one moment, to `path`, where nothing is yet; for another thread.

        It has a connection of its own and holds up neither readers nor the writer. What has been written is
        read back: raises sqlite3.DatabaseError unless it is sound, and OSError.
        """
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            with closing(sqlite3.connect(self._path)) as source:
                source.execute("VACUUM INTO ?", (str(path),))
            with closing(sqlite3.connect(path)) as copy:
                said = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if said != "ok":
                raise sqlite3.DatabaseError(f"the copy is not sound: {said}")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Wait for the write in progress, fold the log into the file, let another process in."""
        self._thread.stop()
        self.reader.close()
        self._writer.close()
        os.close(self._lock)


def _in_transaction(
    conn: sqlite3.Connection,
    function: Callable[..., Result],
    arguments: tuple[object, ...],
    named: dict[str, object],
) -> Result:
    conn.execute("BEGIN IMMEDIATE")
    try:
        result = function(conn, *arguments, **named)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:  # where the disk is full or broken, SQLite has undone it itself
            conn.execute("ROLLBACK")
        raise
    return result


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DatabaseInUse(f"Another PalServer is using {path.with_suffix('')}.") from error
    return descriptor
