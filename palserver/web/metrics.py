"""The newest figures, from memory."""

from __future__ import annotations

from flask import Blueprint, Response

from palserver.web.context import services
from palserver.web.guards import require
from palserver.web.replies import reply

bp = Blueprint("metrics", __name__, url_prefix="/api/metrics")


@bp.get("")
@require("viewer")
def list_samples() -> Response:
    return reply({"metrics": services().metrics.list_samples()})


@bp.get("/<instance_name>")
@require("viewer")
def show_sample(instance_name: str) -> Response:
    return reply(services().metrics.get(instance_name))
