"""The table `metrics`: the figures of each instance, one row for each stretch of time that was measured."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

# Of each of these a row has the highest and the lowest of its stretch as well.
RANGED = ("cpu_percent", "memory_bytes", "players", "fps")
FIGURES = (
    "cpu_percent",
    "memory_bytes",
    "memory_limit_bytes",
    "network_rx_bytes",
    "network_tx_bytes",
    "block_read_bytes",
    "block_write_bytes",
    "players",
    "fps",
)
# A row is a plain tuple of these: one curve is made of thousands. None is what was not measured in the
# stretch, `time` its first second in Unix time.
COLUMNS = (
    "time",
    *FIGURES,
    *(f"highest_{name}" for name in RANGED),
    *(f"lowest_{name}" for name in RANGED),
)
Row = tuple[Any, ...]


def list_rows(conn: sqlite3.Connection, instance: str, step_seconds: int, start: int, end: int) -> list[Row]:
    """Those of the stretches that begin at `start` or later and before `end`, oldest first.

    Of rows that were written before there was a highest and a lowest, the figure itself is all that is known.
    """
    cursor = conn.cursor()
    cursor.row_factory = None
    cursor.execute(
        """
        SELECT time, cpu_percent, memory_bytes, memory_limit_bytes, network_rx_bytes, network_tx_bytes,
               block_read_bytes, block_write_bytes, players, fps,
               coalesce(highest_cpu_percent, cpu_percent), coalesce(highest_memory_bytes, memory_bytes),
               coalesce(highest_players, players), coalesce(highest_fps, fps),
               coalesce(lowest_cpu_percent, cpu_percent), coalesce(lowest_memory_bytes, memory_bytes),
               coalesce(lowest_players, players), coalesce(lowest_fps, fps)
        FROM metrics
        WHERE instance = ? AND step_seconds = ? AND time >= ? AND time < ?
        ORDER BY time
        """,
        (instance, step_seconds, start, end),
    )
    return cursor.fetchall()


def set_rows(conn: sqlite3.Connection, instance: str, step_seconds: int, rows: Iterable[Row]) -> None:
    """What is there of the same stretches is overwritten; for an instance that is gone nothing is kept."""
    conn.executemany(
        """
        INSERT OR REPLACE INTO metrics
            (instance, step_seconds, time, cpu_percent, memory_bytes, memory_limit_bytes, network_rx_bytes,
             network_tx_bytes, block_read_bytes, block_write_bytes, players, fps,
             highest_cpu_percent, highest_memory_bytes, highest_players, highest_fps,
             lowest_cpu_percent, lowest_memory_bytes, lowest_players, lowest_fps)
        SELECT name, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
        FROM instances
        WHERE name = ?
        """,
        [(step_seconds, *row, instance) for row in rows],
    )


def purge_rows(conn: sqlite3.Connection, instance: str, step_seconds: int, before: int, limit: int) -> int:
    """Remove the oldest rows of before the second `before`, `limit` at most; return how many there were."""
    cursor = conn.execute(
        """
        DELETE FROM metrics
        WHERE instance = ?1 AND step_seconds = ?2 AND time IN (
            SELECT time
            FROM metrics
            WHERE instance = ?1 AND step_seconds = ?2 AND time < ?3
            ORDER BY time
            LIMIT ?4
        )
        """,
        (instance, step_seconds, before, limit),
    )
    return cursor.rowcount
