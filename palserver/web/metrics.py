"""The figures: the newest from memory, those of before from the database."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from flask import Blueprint

from palserver.services.metrics.buckets import History
from palserver.services.metrics.samples import Sample
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require

bp = Blueprint("metrics", __name__, url_prefix="/api/metrics")

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class HistoryQuery(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Without `to` up to now, without `from` the hour before; about `points` of them."""

    start: Time | None = None
    end: Time | None = None
    points: Annotated[int, msgspec.Meta(ge=1, le=6000)] = 240


class Samples(msgspec.Struct, frozen=True):
    metrics: list[Sample]


@bp.get("")
@require("viewer")
@answers(200)
def list_samples() -> Samples:
    """The newest sample of every instance that has a fresh one, from memory."""
    return Samples(services().metrics.list_samples())


@bp.get("/<instance_name>")
@require("viewer")
@answers(200)
def show_sample(instance_name: str) -> Sample:
    """The newest sample of one instance; all figures are null when there is no fresh one."""
    return services().metrics.get(instance_name)


@bp.get("/<instance_name>/history")
@require("viewer")
@answers(200)
def show_history(instance_name: str, query: HistoryQuery) -> History:
    """The past of an instance's figures, on one grid of times; null where nothing was measured."""
    return services().history.read(instance_name, query.start, query.end, query.points)
