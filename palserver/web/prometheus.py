"""`GET /metrics`: the state of everything as Prometheus reads it."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Response, current_app
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from palserver.web.context import SERVICES, VIEWERS
from palserver.web.contracts import answers
from palserver.web.guards import require
from palserver.web.metric_families import Collector

bp = Blueprint("prometheus", __name__)

REGISTRY = "palserver.metrics_registry"


def install(app: Flask) -> None:
    """A registry for each app: the library's own would refuse a second app's names."""
    registry = CollectorRegistry()
    registry.register(Collector(app.extensions[SERVICES], app.extensions[VIEWERS]))
    ProcessCollector(registry=registry)
    app.extensions[REGISTRY] = registry


@bp.get("/metrics")
@require("viewer", metrics_token=True)
@answers(200, media="text/plain")
def show_metrics() -> Response:
    """The state of everything as Prometheus reads it."""
    registry = cast(CollectorRegistry, current_app.extensions[REGISTRY])
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
