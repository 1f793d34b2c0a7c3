"""The table `starts`: when the container of each instance was started, whoever did it."""

from __future__ import annotations

import sqlite3


def add_start(conn: sqlite3.Connection, instance: str, second: int, kept: int) -> None:
    """Remember it, once, and of all that are known the newest `kept`; of an instance that is gone nothing."""
    conn.execute(
        """
        INSERT OR IGNORE INTO starts (instance, started_at)
        SELECT name, ? FROM instances WHERE name = ?
        """,
        (second, instance),
    )
    conn.execute(
        """
        DELETE FROM starts
        WHERE instance = ?1 AND started_at IN (
            SELECT started_at
            FROM starts
            WHERE instance = ?1
            ORDER BY started_at DESC
            LIMIT -1 OFFSET ?2
        )
        """,
        (instance, kept),
    )


def list_starts(conn: sqlite3.Connection, instance: str, start: int, end: int) -> list[int]:
    """Those at the second `start` or later and before `end`, oldest first."""
    rows = conn.execute(
        """
        SELECT started_at
        FROM starts
        WHERE instance = ? AND started_at >= ? AND started_at < ?
        ORDER BY started_at
        """,
        (instance, start, end),
    )
    return [row[0] for row in rows]


def purge_starts(conn: sqlite3.Connection, instance: str, before: int, limit: int) -> int:
    """Remove the oldest of before the second `before`, `limit` at most; return how many there were."""
    cursor = conn.execute(
        """
        DELETE FROM starts
        WHERE instance = ?1 AND started_at IN (
            SELECT started_at
            FROM starts
            WHERE instance = ?1 AND started_at < ?2
            ORDER BY started_at
            LIMIT ?3
        )
        """,
        (instance, before, limit),
    )
    return cursor.rowcount
