"""The table `sessions`: who is signed in, since when and from where."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Session:
    """A row. Only the refresh token named `refresh_id` may still be used; any other is a replay."""

    id: str
    username: str
    refresh_id: str
    created_at: str
    last_used_at: str
    expires_at: str
    address: str | None
    user_agent: str | None


@dataclass(frozen=True)
class Refresh:
    """What renews a session: its next refresh token, when, until when, and from where."""

    refresh_id: str
    at: str
    expires_at: str
    address: str | None


@dataclass(frozen=True)
class SessionUser:
    """A session with what its user may do at this moment."""

    session_id: str
    username: str
    role: str
    must_change_password: bool


def find_session_user(conn: sqlite3.Connection, session_id: str, now: str) -> SessionUser | None:
    """Read with every request, so that whatever ends a session or changes a right acts at once."""
    row = conn.execute(
        """
        SELECT sessions.id, users.username, users.role, users.must_change_password
        FROM sessions JOIN users ON users.username = sessions.username
        WHERE sessions.id = ? AND sessions.expires_at > ?
        """,
        (session_id, now),
    ).fetchone()
    return SessionUser(row[0], row[1], row[2], bool(row[3])) if row else None


def list_sessions(conn: sqlite3.Connection, username: str, now: str) -> list[Session]:
    rows = conn.execute(
        """
        SELECT id, username, refresh_id, created_at, last_used_at, expires_at, address, user_agent
        FROM sessions
        WHERE username = ? AND expires_at > ?
        ORDER BY last_used_at DESC, id
        """,
        (username, now),
    )
    return [Session(*row) for row in rows]


def add_session(conn: sqlite3.Connection, session: Session) -> None:
    conn.execute(
        """
        INSERT INTO sessions (id, username, refresh_id, created_at, last_used_at, expires_at,
                              address, user_agent)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            session.id,
            session.username,
            session.refresh_id,
            session.created_at,
            session.last_used_at,
            session.expires_at,
            session.address,
            session.user_agent,
        ),
    )


def set_refresh(conn: sqlite3.Connection, session_id: str, spent_id: str, refresh: Refresh) -> bool:
    """Spend `spent_id`. False when it is not the one that may be used, or the session has expired."""
    cursor = conn.execute(
        """
        UPDATE sessions SET refresh_id = ?, last_used_at = ?, expires_at = ?, address = ?
        WHERE id = ? AND refresh_id = ? AND expires_at > ?
        """,
        (
            refresh.refresh_id,
            refresh.at,
            refresh.expires_at,
            refresh.address,
            session_id,
            spent_id,
            refresh.at,
        ),
    )
    return cursor.rowcount == 1


def remove_session(conn: sqlite3.Connection, session_id: str) -> bool:
    return conn.execute("DELETE FROM sessions WHERE id = ?", (session_id,)).rowcount == 1


def remove_session_of(conn: sqlite3.Connection, username: str, session_id: str) -> bool:
    cursor = conn.execute("DELETE FROM sessions WHERE id = ? AND username = ?", (session_id, username))
    return cursor.rowcount == 1


def remove_sessions(conn: sqlite3.Connection, username: str, keep_id: str | None = None) -> list[str]:
    """End every session of a user, but for `keep_id`; returns their ids."""
    rows = conn.execute("SELECT id FROM sessions WHERE username = ? AND id IS NOT ?", (username, keep_id))
    ended = [row[0] for row in rows]
    conn.execute("DELETE FROM sessions WHERE username = ? AND id IS NOT ?", (username, keep_id))
    return ended


def purge_sessions(conn: sqlite3.Connection, now: str) -> None:
    """Remove those that have expired."""
    conn.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
