"""Every request that changes something leaves an entry, without anybody remembering to."""

from __future__ import annotations

import logging
import sqlite3
from typing import Annotated

import msgspec
from flask import Blueprint, Flask, Response, g, request

from palserver.services.accounts.audit import AuditEntry
from palserver.store.audit import LARGEST_ID
from palserver.web.address import client_address
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require

log = logging.getLogger(__name__)

bp = Blueprint("audit", __name__)

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A page refreshes all day long and takes a ticket for every socket: nobody would find anything else.
UNRECORDED = frozenset({"auth.refresh", "auth.add_ticket"})
OLDER = "Only entries older than the one with this id."


class AuditQuery(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    before: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID, description=OLDER)] | None = None


class AuditEntries(msgspec.Struct, frozen=True):
    entries: list[AuditEntry]


@bp.get("/api/audit")
@require("admin")
@answers(200)
def list_entries(query: AuditQuery) -> AuditEntries:
    """Who did what to what, when, from where, and how it ended; the newest first."""
    return AuditEntries(services().audit.list_entries(query.limit, query.before))


def install(app: Flask) -> None:
    app.after_request(_record)


def note(*, actor: str | None = None, target: str | None = None) -> None:
    """Name what this request's path and sign-in do not show: a new user's name, who it was that signed in."""
    g.audit_actor = actor or g.get("audit_actor")
    g.audit_target = target or g.get("audit_target")


def note_reading() -> None:
    """This request only asks what it would do, whatever its method."""
    g.audit_is_reading = True


def _record(response: Response) -> Response:
    if request.method in READING_METHODS or request.endpoint in (None, *UNRECORDED):
        return response
    if g.get("audit_is_reading"):
        return response
    outcome = _outcome(response)
    actor = g.signed_in.username if "signed_in" in g else g.get("audit_actor")
    if actor is None and outcome != "bad_credentials":
        return response  # whoever has not signed in must not be able to push the record out with noise
    target = g.get("audit_target") or "/".join(map(str, (request.view_args or {}).values())) or None
    try:
        services().audit.record(actor, str(request.endpoint), target, client_address(), outcome)
    except sqlite3.Error:
        # The thing is done, and telling its caller that it failed would be worse.
        log.exception("An entry of the audit could not be written")
    return response


def _outcome(response: Response) -> str:
    """`ok`, or the key of the problem that the caller was told."""
    if response.mimetype != "application/problem+json":
        return "ok"
    return str(msgspec.json.decode(response.get_data())["key"])
