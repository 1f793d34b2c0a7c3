"""The table `audit`: who did what to what, when, from where, and how it ended."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Event:
    """What happened. `actor` is None where nobody had signed in: a sign-in that failed."""

    at: str
    actor: str | None
    action: str
    target: str | None
    address: str | None
    outcome: str


@dataclass(frozen=True)
class Entry(Event):
    """A row."""

    id: int


def list_entries(conn: sqlite3.Connection, limit: int, before: int = LARGEST_ID) -> list[Entry]:
    """Those older than the entry `before`, the newest first."""
    rows = conn.execute(
        """
        SELECT at, actor, action, target, address, outcome, id
        FROM audit
        WHERE id < ?
        ORDER BY id DESC
        LIMIT ?
        """,
        (before, limit),
    )
    return [Entry(*row) for row in rows]


def add_event(conn: sqlite3.Connection, event: Event) -> int:
    """Return the new row's id; ids only grow."""
    cursor = conn.execute(
        "INSERT INTO audit (at, actor, action, target, address, outcome) VALUES (?, ?, ?, ?, ?, ?)",
        (event.at, event.actor, event.action, event.target, event.address, event.outcome),
    )
    return int(cursor.lastrowid or 0)


def purge_entries(conn: sqlite3.Connection, up_to_id: int) -> None:
    conn.execute("DELETE FROM audit WHERE id <= ?", (up_to_id,))
