"""The accounts at a start: brought along from the old panel, in `users.json`, or a first admin made."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from palserver.clock import utc_now
from palserver.services.accounts.newcomers import Newcomer, UsersFileError, read_newcomers
from palserver.services.accounts.old_database import add_old_users, find_users
from palserver.services.accounts.passwords import COST, make_hash, mark_brought
from palserver.services.private_files import make_private, move_file
from palserver.store import users
from palserver.store.database import Database

__all__ = ["UsersFileError", "prepare_accounts"]

log = logging.getLogger(__name__)

NAME = "users.json"
FIRST_ADMIN = "admin"
DEFAULT_PASSWORD = "admin"  # noqa: S105 - it opens nothing but the form that changes it


def prepare_accounts(
    database: Database, base_dir: Path, db_path: Path, admin_password: str | None, cost: int = COST
) -> None:
    """Take over the old panel's database and every `users.json`; without any account, make the first admin.

    Raises UsersFileError and OldDatabaseError, whose texts are for the owner. May be interrupted anywhere and
    repeated: a file's accounts appear in one transaction, and those that are there already stay as they are.
    Nothing is being served yet, so the hashes are made here and now.
    """
    # Once only: whoever was removed since would come back. The database knows later passwords than the file.
    if not users.is_any_user(database.reader):
        found = find_users(base_dir, db_path, is_open=True)
        if found is not None:
            database.write(add_old_users, found)
    for path in _find_files(base_dir, db_path.parent):
        newcomers = read_newcomers(path)
        added = database.write(_add_users, _make_users(database, newcomers, cost))
        _put_away(path)
        log.info("%s: %d of %d accounts are new. It is renamed.", path, added, len(newcomers))
    if not users.is_any_user(database.reader):
        _add_first_admin(database, admin_password or DEFAULT_PASSWORD, cost)
    elif not users.is_any_admin(database.reader):
        log.warning("No account is an admin. Put one into %s and start again.", base_dir / NAME)


def _find_files(*folders: Path) -> list[Path]:
    return [path for path in dict.fromkeys(folder / NAME for folder in folders) if path.is_file()]


def _make_users(database: Database, newcomers: list[Newcomer], cost: int) -> list[users.User]:
    """Hashes take a while, so they are made before the transaction, and only for those who are new."""
    return [
        _make_user(newcomer, cost)
        for newcomer in newcomers
        if users.find_user(database.reader, newcomer.username) is None
    ]


def _make_user(newcomer: Newcomer, cost: int, must_change_password: bool = False) -> users.User:
    return users.User(
        username=newcomer.username,
        password_hash=mark_brought(newcomer.password)
        if newcomer.is_hashed
        else make_hash(newcomer.password, cost),
        role=newcomer.role,
        must_change_password=must_change_password,
        created_at=utc_now(),
        last_login_at=None,
    )


def _add_users(conn: sqlite3.Connection, newcomers: list[users.User]) -> int:
    """Return how many were added."""
    return sum(users.add_user(conn, user) for user in newcomers)


def _put_away(path: Path) -> None:
    """Rename it, so that it is not read again: who was removed since would come back.

    Raises UsersFileError when it cannot be renamed.
    """
    try:
        make_private(path)
        move_file(path, path.with_name(path.name + ".migrated"))
    except OSError as error:
        problem = f"It cannot be renamed to {path.name}.migrated ({error.strerror})."
        raise UsersFileError(path, [problem]) from error


def _add_first_admin(database: Database, password: str, cost: int) -> None:
    is_default = password == DEFAULT_PASSWORD
    newcomer = Newcomer(FIRST_ADMIN, password, role="admin", is_hashed=False)
    database.write(users.add_user, _make_user(newcomer, cost, must_change_password=is_default))
    if is_default:
        log.warning("There was no account. Sign in as admin, password admin, and change it.")
    else:
        log.info("There was no account. “%s” is made with the configured password.", FIRST_ADMIN)
