"""The table `settings`: what somebody wants the game's settings to be, and what is in its file already."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """A row. `pending` and `asked` are JSON: raw values by key, not yet and already in the file.

    `base` is the meaning of the file that `pending` was made for; `problem` is the key of why it could not
    be written.
    """

    instance: str
    pending: str
    asked: str
    base: str
    actor: str | None
    ordered_at: str | None
    problem: str | None


def find_order(conn: sqlite3.Connection, instance: str) -> Order | None:
    row = conn.execute(
        """
        SELECT instance, pending, asked, base, actor, ordered_at, problem
        FROM settings
        WHERE instance = ?
        """,
        (instance,),
    ).fetchone()
    return Order(*row) if row else None


def list_pending(conn: sqlite3.Connection) -> list[str]:
    """The instances that have something pending, and a file that it was made for as far as we know."""
    rows = conn.execute(
        """
        SELECT instance
        FROM settings
        WHERE pending != '{}' AND problem IS NOT 'settings_changed'
        """
    )
    return [row[0] for row in rows]


def set_order(conn: sqlite3.Connection, order: Order) -> None:
    conn.execute(
        """
        INSERT INTO settings (instance, pending, asked, base, actor, ordered_at, problem)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (instance) DO UPDATE SET
            pending = excluded.pending, asked = excluded.asked, base = excluded.base,
            actor = excluded.actor, ordered_at = excluded.ordered_at, problem = excluded.problem
        """,
        (
            order.instance,
            order.pending,
            order.asked,
            order.base,
            order.actor,
            order.ordered_at,
            order.problem,
        ),
    )


def set_problem(conn: sqlite3.Connection, instance: str, problem: str) -> None:
    conn.execute("UPDATE settings SET problem = ? WHERE instance = ?", (problem, instance))
