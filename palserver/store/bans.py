"""The table `bans`: what is known of those ordered here. Who is banned, the game's own list says."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Ban:
    """A row. `reason` is what the player was told."""

    instance: str
    user_id: str
    player_name: str | None
    reason: str | None
    actor: str
    banned_at: str


def list_bans(conn: sqlite3.Connection, instance: str) -> list[Ban]:
    rows = conn.execute(
        """
        SELECT instance, user_id, player_name, reason, actor, banned_at
        FROM bans
        WHERE instance = ?
        """,
        (instance,),
    )
    return [Ban(*row) for row in rows]


def set_ban(conn: sqlite3.Connection, ban: Ban) -> None:
    """In the place of an older one; nothing is kept of an instance that has been removed meanwhile."""
    conn.execute(
        """
        INSERT INTO bans (instance, user_id, player_name, reason, actor, banned_at)
        SELECT name, ?, ?, ?, ?, ? FROM instances WHERE name = ?
        ON CONFLICT (instance, user_id) DO UPDATE SET
            player_name = excluded.player_name, reason = excluded.reason,
            actor = excluded.actor, banned_at = excluded.banned_at
        """,
        (ban.user_id, ban.player_name, ban.reason, ban.actor, ban.banned_at, ban.instance),
    )


def remove_ban(conn: sqlite3.Connection, instance: str, user_id: str) -> None:
    conn.execute("DELETE FROM bans WHERE instance = ? AND user_id = ?", (instance, user_id))
