"""The live state of everything: one snapshot, then changes."""

from __future__ import annotations

from flask import Blueprint
from simple_websocket import Server

from palserver.services.accounts.auth import ROLES, SignedIn
from palserver.services.news import Hint
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
    live, auth = services().live, services().auth
    with open_viewer(ws, role="viewer") as viewer:
        subscription = live.topic.subscribe()
        try:
            viewer.follow(subscription)
            viewer.send_json(live.snapshot())
            while (taken := subscription.take()) is not None:
                if taken.lost != 0:
                    viewer.send_json(encode(Gap(taken.lost)))
                for message in taken.items:
                    if isinstance(message, bytes):
                        viewer.send_json(message)
                    elif _may_hear(auth.find_signed_in(viewer.user.session_id), message.hint):
                        viewer.send_json(message.payload)
        finally:
            subscription.close()


def _may_hear(user: SignedIn | None, hint: Hint) -> bool:
    """By what he may at this moment, and not when the socket was opened."""
    if user is None or ROLES.index(user.role) < ROLES.index(hint.role):
        return False
    return hint.username in (None, user.username)
