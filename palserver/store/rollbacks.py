"""The table `rollbacks`: for each instance what it was before its last update."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Rollback:
    """A row. `spec` is JSON; `image_id` is what its image's name stood for then, which may have moved on.

    `compose` is the text of the operator's own compose file, `backup` the id of the copy of the world.
    """

    instance: str
    spec: str
    image_id: str | None
    compose: str | None
    backup: str | None
    created_at: str


def find_rollback(conn: sqlite3.Connection, instance: str) -> Rollback | None:
    row = conn.execute(
        """
        SELECT instance, spec, image_id, compose, backup, created_at
        FROM rollbacks
        WHERE instance = ?
        """,
        (instance,),
    ).fetchone()
    return Rollback(*row) if row else None


def set_rollback(conn: sqlite3.Connection, rollback: Rollback) -> None:
    conn.execute(
        """
        INSERT INTO rollbacks (instance, spec, image_id, compose, backup, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (instance) DO UPDATE SET
            spec = excluded.spec, image_id = excluded.image_id, compose = excluded.compose,
            backup = excluded.backup, created_at = excluded.created_at
        """,
        astuple(rollback),
    )
