"""The table `jobs`: what was asked for, how far it is, how it ended."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class JobRow:
    """A row without its output. `intent` (JSON) is what was written down before it was done.

    `error` and `result` are JSON as the API shows them. `finished_at` is None as long as it has not ended.
    """

    id: str
    kind: str
    instance: str
    state: str
    actor: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    step: str | None
    percent: float | None
    error: str | None
    result: str | None
    intent: str


@dataclass(frozen=True)
class Output:
    """The newest lines, each with its newline, and how many came before them."""

    text: str = ""
    lost_lines: int = 0


def add_job(conn: sqlite3.Connection, row: JobRow) -> None:
    """Raises sqlite3.IntegrityError when another job on the instance has not ended."""
    conn.execute(
        """
        INSERT INTO jobs (id, kind, instance, state, actor, created_at, started_at, finished_at, step,
                          percent, error, result, intent)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        astuple(row),
    )


def set_job(conn: sqlite3.Connection, row: JobRow, output: Output) -> None:
    """What changes in the life of a job; its intent is written by `set_intent` only."""
    conn.execute(
        """
        UPDATE jobs SET state = ?, started_at = ?, finished_at = ?, step = ?, percent = ?, error = ?,
                        result = ?, output = ?, lost_lines = ?
        WHERE id = ?
        """,
        (
            row.state,
            row.started_at,
            row.finished_at,
            row.step,
            row.percent,
            row.error,
            row.result,
            output.text,
            output.lost_lines,
            row.id,
        ),
    )


def set_intent(conn: sqlite3.Connection, job_id: str, intent: str) -> None:
    conn.execute("UPDATE jobs SET intent = ? WHERE id = ?", (intent, job_id))


def find_job(conn: sqlite3.Connection, job_id: str) -> JobRow | None:
    row = conn.execute(
        """
        SELECT id, kind, instance, state, actor, created_at, started_at, finished_at, step, percent, error,
               result, intent
        FROM jobs
        WHERE id = ?
        """,
        (job_id,),
    ).fetchone()
    return JobRow(*row) if row else None


def find_output(conn: sqlite3.Connection, job_id: str) -> Output:
    row = conn.execute("SELECT output, lost_lines FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return Output(*row) if row else Output()


def list_jobs(conn: sqlite3.Connection, instance: str | None, state: str | None, limit: int) -> list[JobRow]:
    """The newest first; None is any."""
    rows = conn.execute(
        """
        SELECT id, kind, instance, state, actor, created_at, started_at, finished_at, step, percent, error,
               result, intent
        FROM jobs
        WHERE (?1 IS NULL OR instance = ?1) AND (?2 IS NULL OR state = ?2)
        ORDER BY rowid DESC
        LIMIT ?3
        """,
        (instance, state, limit),
    )
    return [JobRow(*row) for row in rows]


def list_unfinished(conn: sqlite3.Connection) -> list[JobRow]:
    """The oldest first."""
    rows = conn.execute(
        """
        SELECT id, kind, instance, state, actor, created_at, started_at, finished_at, step, percent, error,
               result, intent
        FROM jobs
        WHERE finished_at IS NULL
        ORDER BY rowid
        """
    )
    return [JobRow(*row) for row in rows]


def interrupt_job(conn: sqlite3.Connection, job_id: str, finished_at: str, error: str) -> None:
    """The process that ran it is gone; its output up to then stays."""
    conn.execute(
        "UPDATE jobs SET state = 'interrupted', finished_at = ?, step = NULL, error = ? WHERE id = ?",
        (finished_at, error, job_id),
    )


def purge_jobs(conn: sqlite3.Connection, kept: int) -> None:
    """Keep the newest `kept`, and whatever has not ended."""
    conn.execute(
        """
        DELETE FROM jobs
        WHERE finished_at IS NOT NULL
          AND rowid <= (SELECT rowid FROM jobs ORDER BY rowid DESC LIMIT 1 OFFSET ?)
        """,
        (kept,),
    )
