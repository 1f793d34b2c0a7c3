"""The accounts, as an admin sees and changes them."""

from __future__ import annotations

import sqlite3

import msgspec

from palserver import names
from palserver.clock import utc_now
from palserver.errors import Invalid, LastAdmin, UserExists, UserNotFound
from palserver.fanout import Topic
from palserver.services.accounts.auth import ROLES, Role
from palserver.services.accounts.endings import Endings
from palserver.services.accounts.passwords import Passwords, find_fault
from palserver.services.news import Hint
from palserver.store import sessions, users
from palserver.store.database import Database


class Account(msgspec.Struct, frozen=True):
    username: str
    role: Role
    must_change_password: bool
    created_at: str
    last_login_at: str | None


class Users:
    """A password set here is known to two people: its user must change it at the next sign-in."""

    def __init__(self, database: Database, passwords: Passwords, endings: Endings, news: Topic[Hint]) -> None:
        self._database = database
        self._passwords = passwords
        self._endings = endings
        self._news = news

    def list_accounts(self) -> list[Account]:
        return [_account(user) for user in users.list_users(self._database.reader)]

    def add(self, username: str, password: str, role: str) -> Account:
        """Raises Invalid with all that is wrong, or UserExists."""
        _check(username=username, password=password, role=role)
        user = users.User(
            username=username,
            password_hash=self._passwords.make_hash(password),
            role=role,
            must_change_password=True,
            created_at=utc_now(),
            last_login_at=None,
        )
        if not self._database.write(users.add_user, user):
            raise UserExists()
        self._tell_changed(username)
        return _account(user)

    def change(self, username: str, role: str | None, password: str | None) -> Account:
        """Set what is not None; a new password ends the user's sessions, the caller's own included.

        Raises UserNotFound, Invalid, or LastAdmin.
        """
        _get_user(self._database.reader, username)
        _check(password=password, role=role)
        password_hash = None if password is None else self._passwords.make_hash(password)
        user, ended = self._database.write(_change, username, role, password_hash)
        self._endings.note(ended, "password_set")
        self._tell_changed(username)
        return _account(user)

    def remove(self, username: str) -> None:
        """The user's sessions end at once. Raises UserNotFound or LastAdmin."""
        self._endings.note(self._database.write(_remove, username), "account_removed")
        self._tell_changed(username)

    def _tell_changed(self, username: str) -> None:
        self._news.publish(Hint("users", "admin"))
        self._news.publish(Hint("me", username=username))


def _check(*, username: str | None = None, password: str | None = None, role: str | None = None) -> None:
    problems = {}
    if username is not None and not names.is_match(names.USERNAME, username):
        problems["username"] = "must be 1 to 64 letters, digits or _ . @ + -, not beginning with . @ + or -"
    if role is not None and role not in ROLES:
        problems["role"] = f"must be one of {', '.join(ROLES)}"
    fault = None if password is None else find_fault(password)
    if fault:
        problems["password"] = fault
    if problems:
        raise Invalid(fields=problems)


def _get_user(conn: sqlite3.Connection, username: str) -> users.User:
    user = users.find_user(conn, username)
    if user is None:
        raise UserNotFound()
    return user


def _change(
    conn: sqlite3.Connection, username: str, role: str | None, password_hash: str | None
) -> tuple[users.User, list[str]]:
    """The user as he is now, and which sessions this has ended."""
    _get_user(conn, username)
    ended: list[str] = []
    if role is not None:
        users.set_role(conn, username, role)
        _check_admin_left(conn)
    if password_hash is not None:
        users.set_password(conn, username, password_hash, must_change_password=True)
        ended = sessions.remove_sessions(conn, username)
    return _get_user(conn, username), ended


def _remove(conn: sqlite3.Connection, username: str) -> list[str]:
    """Which sessions this has ended."""
    ended = sessions.remove_sessions(conn, username)
    if not users.remove_user(conn, username):
        raise UserNotFound()
    _check_admin_left(conn)
    return ended


def _check_admin_left(conn: sqlite3.Connection) -> None:
    """Asked after the change, inside its transaction: raising undoes it, and two at once cannot both pass."""
    if not users.is_any_admin(conn):
        raise LastAdmin()


def _account(user: users.User) -> Account:
    return Account(
        username=user.username,
        role=user.role,
        must_change_password=user.must_change_password,
        created_at=user.created_at,
        last_login_at=user.last_login_at,
    )
