"""The newest figures, from memory."""

from __future__ import annotations

import msgspec
from flask import Blueprint

from palserver.services.samples import Sample
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require

bp = Blueprint("metrics", __name__, url_prefix="/api/metrics")


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
