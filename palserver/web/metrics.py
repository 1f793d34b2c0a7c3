"""The figures: the newest from memory, those of before from the database."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from flask import Blueprint, Response

from palserver.web.context import services
from palserver.web.guards import require
from palserver.web.inputs import read_query
from palserver.web.replies import reply

bp = Blueprint("metrics", __name__, url_prefix="/api/metrics")

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class HistoryQuery(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Without `to` up to now, without `from` the hour before; about `points` of them."""

    start: Time | None = None
    end: Time | None = None
    points: Annotated[int, msgspec.Meta(ge=1, le=6000)] = 240


@bp.get("")
@require("viewer")
def list_samples() -> Response:
    return reply({"metrics": services().metrics.list_samples()})


@bp.get("/<instance_name>")
@require("viewer")
def show_sample(instance_name: str) -> Response:
    return reply(services().metrics.get(instance_name))


@bp.get("/<instance_name>/history")
@require("viewer")
def show_history(instance_name: str) -> Response:
    query = read_query(HistoryQuery)
    return reply(services().history.read(instance_name, query.start, query.end, query.points))
