"""The live state of everything: one snapshot, then changes."""

from __future__ import annotations

from flask import Blueprint
from simple_websocket import Server

from palserver.web.context import services
from palserver.web.guards import require
from palserver.web.messages import EventMessage, Gap
from palserver.web.replies import encode
from palserver.web.sockets import open_viewer, socket_route

bp = Blueprint("events", __name__, url_prefix="/api")


@socket_route(bp, "/events", messages=EventMessage)
@require("viewer", ticket=True)
def follow_events(ws: Server) -> None:
    """The state of everything: one snapshot, then changes as they happen."""
    live = services().live
    with open_viewer(ws, role="viewer") as viewer:
        subscription = live.topic.subscribe()
        try:
            viewer.follow(subscription)
            viewer.send_json(live.snapshot())
            while (taken := subscription.take()) is not None:
                if taken.lost:
                    viewer.send_json(encode(Gap(taken.lost)))
                for message in taken.items:
                    viewer.send_json(message)
        finally:
            subscription.close()
