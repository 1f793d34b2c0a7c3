"""Taking over from the panel that was here before: its database makes room for ours, its users come along.

What is done, in this order, each step whole or not at all:

1. a copy of it, `paladmin.db.before-palserver`, is written under another name, synced, and renamed,
2. ours is written as `paladmin.db.new` with its users in it, and synced,
3. ours is renamed over it.

Whenever that is interrupted before the last step, the old one is in its place and all of it is done again.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from palserver.services.accounts.old_accounts import translate
from palserver.services.private_files import move_file
from palserver.store import old_panel, users
from palserver.store.database import connect
from palserver.store.old_panel import OldUser

log = logging.getLogger(__name__)

COPY_SUFFIX = ".before-palserver"
# Where the old panel has kept it over the years, below the base folder.
PLACES = ("server/paladmin.db", "server/sqldb/paladmin.db")
BESIDE = ("", "-wal", "-shm", "-journal")


class OldDatabaseError(Exception):
    """The old panel's database cannot be taken over; the text is for the owner."""


@dataclass(frozen=True)
class Found:
    """Users of an old database, and where they were found."""

    path: Path
    rows: list[OldUser]


def make_room(db_path: Path, base_dir: Path, migrate: Callable[[sqlite3.Connection], int]) -> None:
    """If the database is the old panel's, put ours in its place. The caller keeps other panels out.

    Raises OldDatabaseError, and sqlite3.Error where it is damaged.
    """
    new, part = _beside(db_path, ".new"), _beside(db_path, f"{COPY_SUFFIX}.part")
    try:
        _discard(new, part)  # of a start that was interrupted
        if not old_panel.is_old(db_path):
            return
        found = find_users(base_dir, db_path)
        with old_panel.nobody_writes(db_path) as conn:
            copy = _keep_copy(db_path, part)
            log.info("%s is the old panel's. It is kept as %s.", db_path, copy.name)
            _write_new(new, found, migrate)
            old_panel.fold_in(conn)
            move_file(new, db_path)
    except sqlite3.OperationalError as error:
        is_busy = "locked" in str(error)
        why = "is in use. Stop the old panel first." if is_busy else f"cannot be taken over ({error})."
        raise OldDatabaseError(f"{db_path} {why}") from error
    except OSError as error:
        sentence = f"{db_path} is the old panel's, and ours cannot take its place ({error.strerror})."
        raise OldDatabaseError(sentence) from error


def find_users(base_dir: Path, db_path: Path, is_open: bool = False) -> Found | None:
    """Those of the old database that was written last, of all that have any. Nothing there is touched.

    Where `db_path` is open as ours, it is left alone: closing a file ends all locks that this process has on
    it (fcntl(2)), and the next program to look at our database would take its log away from under us.
    Raises OldDatabaseError.
    """
    places = list_places(base_dir, db_path)
    if is_open:
        places = [place for place in places if not place.samefile(db_path)]
    read = map(read_users, places)
    found = [each for each in read if each is not None and each.rows]
    found.sort(key=lambda each: each.path.stat().st_mtime_ns, reverse=True)
    for other in found[1:]:
        log.warning("%s has accounts, too. They are older, and are left there.", other.path)
    return found[0] if found else None


def list_places(base_dir: Path, db_path: Path) -> list[Path]:
    places = dict.fromkeys((db_path, *(base_dir / place for place in PLACES)))
    return [place for place in places if place.is_file()]


def read_users(path: Path) -> Found | None:
    """Read from a copy elsewhere: even reading a database can write beside it. None if it is none of these.

    Raises OldDatabaseError.
    """
    with tempfile.TemporaryDirectory(prefix="palserver-") as folder:
        try:
            for suffix in BESIDE:
                with suppress(FileNotFoundError):
                    shutil.copyfile(f"{path}{suffix}", f"{folder}/old.db{suffix}")
            copy = Path(folder, "old.db")
            return Found(path, old_panel.list_users(copy)) if old_panel.is_old(copy) else None
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise OldDatabaseError(
                f"{path} cannot be read ({why}). Mend it, or move it away to start without its accounts."
            ) from error


def add_old_users(conn: sqlite3.Connection, found: Found) -> None:
    """In the caller's transaction; whose name is taken stays as he is."""
    translated = translate(found.rows)
    added = sum(users.add_user(conn, user) for user in translated.users)
    log.info("%s: %d of %d accounts are taken over.", found.path, added, len(found.rows))
    for sentence in translated.sentences:
        log.warning("%s", sentence)


def _keep_copy(db_path: Path, part: Path) -> Path:
    """One that is there already is never written over, unless it is the very same."""
    old_panel.copy_database(db_path, part)
    _give_to_owner(part, db_path)
    copy = _beside(db_path, COPY_SUFFIX)
    if copy.exists():
        if old_panel.is_same(copy, part):
            part.unlink()
            return copy
        move_file(copy, _find_free(copy))
    move_file(part, copy)
    return copy


def _write_new(path: Path, found: Found | None, migrate: Callable[[sqlite3.Connection], int]) -> None:
    """All of it in one file, on the disk."""
    with closing(connect(path)) as conn:
        migrate(conn)
        if found is not None:
            conn.execute("BEGIN IMMEDIATE")
            add_old_users(conn, found)
            conn.execute("COMMIT")
        conn.execute("PRAGMA journal_mode = DELETE")
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_to_owner(path: Path, model: Path) -> None:
    """The old panel may have run as somebody else; only root can give files away."""
    status = model.stat()
    with suppress(PermissionError):
        os.chown(path, status.st_uid, status.st_gid)


def _discard(*paths: Path) -> None:
    for path in paths:
        for suffix in BESIDE:
            _beside(path, suffix).unlink(missing_ok=True)


def _find_free(path: Path) -> Path:
    numbered: Iterable[Path] = (_beside(path, f".{number}") for number in range(1, 1000))
    return next(each for each in numbered if not each.exists())


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
