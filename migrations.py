"""The database's history: an append-only tuple. A migration's number is its place in it.

Never change a migration that has shipped; add one at the end. Each runs in one transaction together with
its number, statement by statement (`executescript` would commit first), so that a crash in the middle
leaves the old schema and not half of the new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE users (
            username TEXT PRIMARY KEY,
            password_hash TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
            must_change_password INTEGER NOT NULL DEFAULT 0,
            created_at TEXT NOT NULL,
            last_login_at TEXT
        )
        """,
        # refresh_id is the one refresh token that may still be used; any other of this session is a replay.
        """
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            username TEXT NOT NULL REFERENCES users (username) ON DELETE CASCADE,
            refresh_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            last_used_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            address TEXT,
            user_agent TEXT
        )
        """,
        "CREATE INDEX sessions_by_user ON sessions (username)",
        # No reference to users: what a removed user did stays on record.
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            actor TEXT,
            action TEXT NOT NULL,
            target TEXT,
            address TEXT,
            outcome TEXT NOT NULL
        )
        """,
        # held_restart_policy: what the policy was before a stop put it to `no`; written down first, so that
        # a crash in the middle of a stop does not leave the container without its policy for good.
        """
        CREATE TABLE instances (
            name TEXT PRIMARY KEY,
            container TEXT NOT NULL UNIQUE,
            source TEXT NOT NULL CHECK (source IN ('created', 'adopted', 'compose')),
            saved_path TEXT NOT NULL,
            spec TEXT NOT NULL,
            rest_address TEXT,
            admin_password TEXT,
            held_restart_policy TEXT,
            created_at TEXT NOT NULL
        )
        """,
    ),
    (
        # intent: what is written down before it is done, so that the next process can finish or undo it.
        """
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            instance TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
            actor TEXT NOT NULL,
            created_at TEXT NOT NULL,
            started_at TEXT,
            finished_at TEXT,
            step TEXT,
            percent REAL,
            error TEXT,
            result TEXT,
            intent TEXT NOT NULL,
            output TEXT NOT NULL DEFAULT '',
            lost_lines INTEGER NOT NULL DEFAULT 0
        )
        """,
        # One at a time, said by the database itself.
        "CREATE UNIQUE INDEX jobs_unfinished ON jobs (instance) WHERE finished_at IS NULL",
        "CREATE INDEX jobs_by_instance ON jobs (instance)",
    ),
    (
        # `time` is the second at which a row's stretch of `step_seconds` begins. The key is the table: a
        # stretch has one row, however often it is written, and a curve is read from one place in the file.
        """
        CREATE TABLE metrics (
            instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
            step_seconds INTEGER NOT NULL,
            time INTEGER NOT NULL,
            cpu_percent REAL,
            memory_bytes INTEGER,
            memory_limit_bytes INTEGER,
            network_rx_bytes INTEGER,
            network_tx_bytes INTEGER,
            block_read_bytes INTEGER,
            block_write_bytes INTEGER,
            players INTEGER,
            fps REAL,
            PRIMARY KEY (instance, step_seconds, time)
        ) WITHOUT ROWID
        """,
    ),
    (
        # What an instance was before its last update; the compose file is the operator's own, if any.
        """
        CREATE TABLE rollbacks (
            instance TEXT PRIMARY KEY REFERENCES instances (name) ON DELETE CASCADE,
            spec TEXT NOT NULL,
            image_id TEXT,
            compose TEXT,
            backup TEXT,
            created_at TEXT NOT NULL
        )
        """,
    ),
    (
        # What somebody wants the game's settings to be: it waits until the game does not run.
        """
        CREATE TABLE settings (
            instance TEXT PRIMARY KEY REFERENCES instances (name) ON DELETE CASCADE,
            pending TEXT NOT NULL,
            asked TEXT NOT NULL,
            base TEXT NOT NULL,
            actor TEXT,
            ordered_at TEXT,
            problem TEXT
        )
        """,
    ),
    (
        # Which state of an operator's compose file an instance's spec was read from: what he has changed
        # since counts, and what an update has made of the spec since counts while he has not.
        """
        CREATE TABLE compose_files (
            instance TEXT PRIMARY KEY REFERENCES instances (name) ON DELETE CASCADE,
            digest TEXT NOT NULL
        )
        """,
    ),
    (
        # The game's own list of bans has an id in it and nothing else: this is what an operator knows it by.
        """
        CREATE TABLE bans (
            instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
            user_id TEXT NOT NULL,
            player_name TEXT,
            reason TEXT,
            actor TEXT NOT NULL,
            banned_at TEXT NOT NULL,
            PRIMARY KEY (instance, user_id)
        )
        """,
    ),
    (
        # A world has a file for each character, called by an id that no owner knows: this is who that was.
        """
        CREATE TABLE players (
            instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
            player_uid TEXT NOT NULL,
            name TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            PRIMARY KEY (instance, player_uid)
        ) WITHOUT ROWID
        """,
    ),
    (
        # The seconds at which a container was started: by itself it knows of the last time only.
        """
        CREATE TABLE starts (
            instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
            started_at INTEGER NOT NULL,
            PRIMARY KEY (instance, started_at)
        ) WITHOUT ROWID
        """,
    ),
    (
        # The ends of each stretch, from its samples: in the figures themselves a short peak is averaged away.
        "ALTER TABLE metrics ADD COLUMN highest_cpu_percent REAL",
        "ALTER TABLE metrics ADD COLUMN highest_memory_bytes INTEGER",
        "ALTER TABLE metrics ADD COLUMN highest_players INTEGER",
        "ALTER TABLE metrics ADD COLUMN highest_fps REAL",
        "ALTER TABLE metrics ADD COLUMN lowest_cpu_percent REAL",
        "ALTER TABLE metrics ADD COLUMN lowest_memory_bytes INTEGER",
        "ALTER TABLE metrics ADD COLUMN lowest_players INTEGER",
        "ALTER TABLE metrics ADD COLUMN lowest_fps REAL",
    ),
)


class NewerDatabase(Exception):
    """The database was written by a newer PalServer; opening it with this one could lose what it added."""


def migrate(conn: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring the database up to date and return its version.

    `conn` is in autocommit mode (`isolation_level=None`). Raises NewerDatabase, or sqlite3.Error after
    which the database is as it was before the migration that failed.
    """
    version = get_version(conn)
    if version > len(migrations):
        message = (
            f"The database has version {version}, this PalServer knows {len(migrations)}. "
            "Use the newer PalServer again, or the database of before the update."
        )
        raise NewerDatabase(message)
    for number, statements in enumerate(migrations[version:], start=version + 1):
        _run(conn, number, statements)
    return len(migrations)


def get_version(conn: sqlite3.Connection) -> int:
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def _run(conn: sqlite3.Connection, number: int, statements: Sequence[str]) -> None:
    conn.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            conn.execute(statement)
        conn.execute(f"PRAGMA user_version = {number:d}")
    except BaseException:
        conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")
