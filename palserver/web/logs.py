"""The live log of an instance."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint
from simple_websocket import Server

from palserver.fanout import Subscription
from palserver.services.log_feed import LogFrame, encode_gap
from palserver.web.context import services
from palserver.web.guards import require
from palserver.web.inputs import read_query
from palserver.web.messages import LogMessage
from palserver.web.sockets import open_viewer, socket_route
from palserver.web.viewers import Viewer

bp = Blueprint("logs", __name__, url_prefix="/api/instances")


class LogQuery(msgspec.Struct, frozen=True):
    """`after` resumes behind a line's number; without it the newest `tail` lines come first."""

    tail: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 200
    after: Annotated[int, msgspec.Meta(ge=0)] | None = None


@socket_route(bp, "/<instance_name>/logs", query=LogQuery, messages=LogMessage)
@require("viewer", ticket=True)
def follow_log(ws: Server, instance_name: str) -> None:
    """The log of an instance, line by line as it is written."""
    query = read_query(LogQuery)
    with (
        open_viewer(ws, role="viewer", instance=instance_name) as viewer,
        services().logs.open(instance_name) as feed,
    ):
        first, subscription = feed.subscribe(query.tail, query.after)
        try:
            viewer.follow(subscription)
            for frame in first:
                viewer.send_json(frame.payload)
            _relay(viewer, subscription)
        finally:
            subscription.close()


def _relay(viewer: Viewer, subscription: Subscription[LogFrame]) -> None:
    """What a slow viewer lost is told before what comes next, so that the numbers add up."""
    while (taken := subscription.take()) is not None:
        if taken.lost:
            viewer.send_json(encode_gap(taken.lost).payload)
        for frame in taken.items:
            viewer.send_json(frame.payload)
