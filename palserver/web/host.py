"""The host, and whether this process lives and is ready."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response

from palserver.web.context import services
from palserver.web.guards import public, require
from palserver.web.replies import reply

bp = Blueprint("host", __name__)


@bp.get("/health")
@public
def show_health() -> Response:
    return reply({"status": "ok"})


@bp.get("/ready")
@public
def show_readiness() -> Response:
    database, engine = _ask_database(), services().watch.engine_status.status
    return reply({"database": database, "engine": engine}, 200 if database == engine == "ok" else 503)


@bp.get("/api/host")
@require("viewer")
def show_host() -> Response:
    return reply(services().host.view())


def _ask_database() -> str:
    try:
        services().database.reader.execute("SELECT 1")
    except sqlite3.Error:
        return "unreachable"
    return "ok"
