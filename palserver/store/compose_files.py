"""The table `compose_files`: which state of its compose file an instance's spec was read from."""

from __future__ import annotations

import sqlite3


def find_digest(conn: sqlite3.Connection, instance: str) -> str | None:
    row = conn.execute("SELECT digest FROM compose_files WHERE instance = ?", (instance,)).fetchone()
    return None if row is None else str(row["digest"])


def set_digest(conn: sqlite3.Connection, instance: str, digest: str) -> None:
    conn.execute(
        """
        INSERT INTO compose_files (instance, digest) VALUES (?, ?)
        ON CONFLICT (instance) DO UPDATE SET digest = excluded.digest
        """,
        (instance, digest),
    )
