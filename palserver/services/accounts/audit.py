"""The record of who did what to what, when, from where, and how it ended."""

from __future__ import annotations

import sqlite3

import msgspec

from palserver.clock import utc_now
from palserver.fanout import Topic
from palserver.services.news import Hint
from palserver.store import audit
from palserver.store.database import Database

KEPT_ENTRIES = 50_000
MAX_TEXT_CHARACTERS = 128


class AuditEntry(msgspec.Struct, frozen=True):
    """`actor` is null where nobody had signed in; `outcome` is `ok` or a problem's key."""

    id: str
    at: str
    actor: str | None
    action: str
    target: str | None
    address: str | None
    outcome: str


class Audit:
    """Append-only; the newest `kept_entries` are kept."""

    def __init__(self, database: Database, news: Topic[Hint], kept_entries: int = KEPT_ENTRIES) -> None:
        self._database = database
        self._news = news
        self._kept_entries = kept_entries

    def record(
        self, actor: str | None, action: str, target: str | None, address: str | None, outcome: str
    ) -> None:
        """Never hand it a body: those have passwords in them."""
        shown = target and target[:MAX_TEXT_CHARACTERS]
        self._database.write(
            _record, audit.Event(utc_now(), actor, action, shown, address, outcome), self._kept_entries
        )
        self._news.publish(Hint("audit", "admin"))

    def list_entries(self, limit: int, before: int | None) -> list[AuditEntry]:
        """The newest first; only those older than the entry `before`, if it is given."""
        upper = audit.LARGEST_ID if before is None else before
        return [_entry(entry) for entry in audit.list_entries(self._database.reader, limit, upper)]


def _record(conn: sqlite3.Connection, event: audit.Event, kept_entries: int) -> None:
    audit.purge_entries(conn, up_to_id=audit.add_event(conn, event) - kept_entries)


def _entry(entry: audit.Entry) -> AuditEntry:
    return AuditEntry(
        id=str(entry.id),
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        address=entry.address,
        outcome=entry.outcome,
    )
