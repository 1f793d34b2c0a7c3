"""The table `users`: who may sign in, and as what."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """A row. `must_change_password` closes everything but changing it."""

    username: str
    password_hash: str
    role: str
    must_change_password: bool
    created_at: str
    last_login_at: str | None


def list_users(conn: sqlite3.Connection) -> list[User]:
    rows = conn.execute(
        """
        SELECT username, password_hash, role, must_change_password, created_at, last_login_at
        FROM users
        ORDER BY username
        """
    )
    return [_user(row) for row in rows]


def find_user(conn: sqlite3.Connection, username: str) -> User | None:
    row = conn.execute(
        """
        SELECT username, password_hash, role, must_change_password, created_at, last_login_at
        FROM users
        WHERE username = ?
        """,
        (username,),
    ).fetchone()
    return _user(row) if row else None


def is_any_user(conn: sqlite3.Connection) -> bool:
    return conn.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None


def is_any_admin(conn: sqlite3.Connection) -> bool:
    return conn.execute("SELECT 1 FROM users WHERE role = 'admin' LIMIT 1").fetchone() is not None


def add_user(conn: sqlite3.Connection, user: User) -> bool:
    """False when the name is taken; that user then stays as it is."""
    cursor = conn.execute(
        """
        INSERT INTO users (username, password_hash, role, must_change_password, created_at, last_login_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (username) DO NOTHING
        """,
        (
            user.username,
            user.password_hash,
            user.role,
            user.must_change_password,
            user.created_at,
            user.last_login_at,
        ),
    )
    return cursor.rowcount == 1


def set_password(
    conn: sqlite3.Connection, username: str, password_hash: str, must_change_password: bool
) -> None:
    conn.execute(
        "UPDATE users SET password_hash = ?, must_change_password = ? WHERE username = ?",
        (password_hash, must_change_password, username),
    )


def set_role(conn: sqlite3.Connection, username: str, role: str) -> None:
    conn.execute("UPDATE users SET role = ? WHERE username = ?", (role, username))


def set_last_login(conn: sqlite3.Connection, username: str, last_login_at: str) -> None:
    conn.execute("UPDATE users SET last_login_at = ? WHERE username = ?", (last_login_at, username))


def remove_user(conn: sqlite3.Connection, username: str) -> bool:
    """The user's sessions go with him. False when there is no such user."""
    return conn.execute("DELETE FROM users WHERE username = ?", (username,)).rowcount == 1


def _user(row: sqlite3.Row) -> User:
    return User(
        username=row["username"],
        password_hash=row["password_hash"],
        role=row["role"],
        must_change_password=bool(row["must_change_password"]),
        created_at=row["created_at"],
        last_login_at=row["last_login_at"],
    )
