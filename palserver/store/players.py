"""The table `players`: by which names a game has told of those whose files lie in its world."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

KEPT_PLAYERS = 2000


@dataclass(frozen=True)
class KnownPlayer:
    """A row. `player_uid` is as in `Players/<uid>.sav`, in capitals; `last_seen_at` is right to the day."""

    instance: str
    player_uid: str
    name: str
    last_seen_at: str


def find_player(conn: sqlite3.Connection, instance: str, player_uid: str) -> KnownPlayer | None:
    row = conn.execute(
        """
        SELECT instance, player_uid, name, last_seen_at
        FROM players
        WHERE instance = ? AND player_uid = ?
        """,
        (instance, player_uid),
    ).fetchone()
    return KnownPlayer(*row) if row else None


def list_players(conn: sqlite3.Connection, instance: str) -> list[KnownPlayer]:
    rows = conn.execute(
        """
        SELECT instance, player_uid, name, last_seen_at
        FROM players
        WHERE instance = ?
        """,
        (instance,),
    )
    return [KnownPlayer(*row) for row in rows]


def set_players(conn: sqlite3.Connection, instance: str, players: Iterable[KnownPlayer]) -> None:
    """In the place of what was known of them. All are the instance's; those seen longest ago are forgotten
    when there are too many, and nothing is kept of an instance that has been removed meanwhile.
    """
    conn.executemany(
        """
        INSERT INTO players (instance, player_uid, name, last_seen_at)
        SELECT name, ?, ?, ? FROM instances WHERE name = ?
        ON CONFLICT (instance, player_uid) DO UPDATE SET
            name = excluded.name, last_seen_at = excluded.last_seen_at
        """,
        [(player.player_uid, player.name, player.last_seen_at, instance) for player in players],
    )
    conn.execute(
        """
        DELETE FROM players
        WHERE instance = ? AND player_uid NOT IN (
            SELECT player_uid FROM players WHERE instance = ? ORDER BY last_seen_at DESC, player_uid LIMIT ?
        )
        """,
        (instance, instance, KEPT_PLAYERS),
    )
