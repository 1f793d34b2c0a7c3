"""The database of the panel that was here before: told from ours, read, and copied."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAGIC = b"SQLite format 3\0"
NEEDED = {"username", "password"}


@dataclass(frozen=True)
class OldUser:
    """A row of its table `users`, whatever stands in there: nothing in it was ever checked."""

    username: Any
    password: Any
    role: Any
    created_at: Any
    last_login: Any


def is_old(path: Path) -> bool:
    """Whether it is a database of the old panel. Raises OSError, and sqlite3.Error where it is damaged."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return False
    with closing(open_old(path)) as conn:
        columns = {row["name"] for row in conn.execute("PRAGMA table_info(users)")}
        # Ours has a version as soon as it has tables.
        return columns >= NEEDED and conn.execute("PRAGMA user_version").fetchone()[0] == 0


def open_old(path: Path) -> sqlite3.Connection:
    """Open what is there; what its last writer has left half-way in a journal is put right by that."""
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=1.0)
    conn.row_factory = sqlite3.Row
    conn.text_factory = _decode
    return conn


def list_users(path: Path) -> list[OldUser]:
    """In the order in which they were made: the old panel went by the first of a name."""
    with closing(open_old(path)) as conn:
        rows = conn.execute("SELECT * FROM users ORDER BY rowid").fetchall()
    columns = set(rows[0].keys()) if rows else set()
    return [
        OldUser(**{name: row[name] if name in columns else None for name in OldUser.__annotations__})
        for row in rows
    ]


def copy_database(path: Path, target: Path) -> None:
    """Write all of it, its log included, to `target`, where nothing is yet; on the disk when this returns.

    What has been written is read back. Raises OSError and sqlite3.Error.
    """
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with closing(open_old(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whatever the other was
            said = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {said}")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_same(path: Path, other: Path) -> bool:
    """Whether the same is in both; their files differ in a counter as soon as one was opened for writing."""
    try:
        with closing(open_old(path)) as one, closing(open_old(other)) as two:
            return list(one.iterdump()) == list(two.iterdump())
    except sqlite3.Error:
        return False


@contextmanager
def nobody_writes(path: Path) -> Iterator[sqlite3.Connection]:
    """Raises sqlite3.OperationalError where somebody else is writing just now."""
    with closing(open_old(path)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        yield conn


def fold_in(conn: sqlite3.Connection) -> None:
    """Have all of it in the one file, with nothing beside it, until the connection is closed.

    Another database that takes its name would else be given its log. Raises OperationalError where somebody
    else has it open.
    """
    conn.execute("ROLLBACK")
    mode = conn.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise sqlite3.OperationalError("database is locked")
    conn.execute("BEGIN EXCLUSIVE")


def _decode(text: bytes) -> str:
    return text.decode(errors="replace")
