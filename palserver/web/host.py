"""The host, and whether this process lives and is ready."""

from __future__ import annotations

import sqlite3
from typing import Literal

import msgspec
from flask import Blueprint

from palserver.services.engine_watch import EngineState
from palserver.services.host import HostView
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import public, require

bp = Blueprint("host", __name__)


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


class Readiness(msgspec.Struct, frozen=True):
    database: EngineState
    engine: EngineState


@bp.get("/health")
@public
@answers(200)
def show_health() -> Health:
    """Whether the process lives: it answers, or it does not."""
    return Health()


@bp.get("/ready")
@public
@answers(200, 503)
def show_readiness() -> tuple[Readiness, int]:
    """Whether what it stands on answers; 503 when something does not."""
    database, engine = _ask_database(), services().watch.engine_status.status
    return Readiness(database, engine), 200 if database == engine == "ok" else 503


@bp.get("/api/host")
@require("viewer")
@answers(200)
def show_host() -> HostView:
    """The engine, memory and disks of the host, and the panel itself."""
    return services().host.view()


def _ask_database() -> str:
    try:
        services().database.reader.execute("SELECT 1")
    except sqlite3.Error:
        return "unreachable"
    return "ok"
