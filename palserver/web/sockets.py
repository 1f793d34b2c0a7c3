"""The door to WebSockets: flask-sock for routes and handshake, our viewers for everything after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, current_app, request
from flask_sock import Sock
from simple_websocket import Server

from palserver.web.context import VIEWERS, services
from palserver.web.contracts import Contract
from palserver.web.guards import signed_in
from palserver.web.http_server import HANDLER
from palserver.web.viewers import LateThread, Viewer, Viewers

SocketView = TypeVar("SocketView", bound=Callable[..., None])

_sock = Sock()

# What viewers send is never read; anything longer than a farewell or a ping is not meant for us.
SERVER_OPTIONS = {"max_message_size": 4096, "thread_class": LateThread}


def socket_route(
    bp: Blueprint, path: str, *, messages: Any, query: type[msgspec.Struct] | None = None
) -> Callable[[SocketView], None]:
    """Register a WebSocket view, guarded like any other: what is wrong, the query string included, is
    refused before the connection is upgraded. `messages` are the types of what it sends.
    """

    def register(view: SocketView) -> None:
        if query is not None:
            view.query_model = query  # type: ignore[attr-defined]
        view.contract = Contract(query=query, answers={101: ()}, messages=messages)  # type: ignore[attr-defined]
        _sock.route(path, bp=bp)(view)

    return register


@contextmanager
def open_viewer(ws: Server, role: str, instance: str | None = None) -> Iterator[Viewer]:
    """Must be a WebSocket view's first act. `role` and `instance` end the viewer when they are lost."""
    viewers: Viewers = current_app.extensions[VIEWERS]
    with (
        services().audience.watching(),
        viewers.open(ws, request.environ[HANDLER], signed_in(), role, instance) as viewer,
    ):
        yield viewer
