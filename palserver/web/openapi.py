"""The API's description of itself, made from its routes and the types they use, and a page that shows it."""

from __future__ import annotations

import inspect
import sys

import msgspec
from flask import Blueprint, Flask, Response, current_app

from palserver.version import VERSION
from palserver.web.contracts import answers
from palserver.web.guards import public
from palserver.web.operations import describe_operation, describe_socket
from palserver.web.page import Asset, list_assets, pack, send
from palserver.web.problems import Problem
from palserver.web.routes import list_routes
from palserver.web.schemas import Schema, Schemas

bp = Blueprint("openapi", __name__, url_prefix="/api")

EXTENSION = "palserver.openapi"
ABOUT = (
    "Looks after Palworld servers in Docker. Times are RFC 3339 in UTC, sizes bytes, durations seconds; what "
    "is not known is null. Errors are problems (RFC 9457); their `key` is stable. `x-role` is the role a "
    "call needs, `x-websocket` describes the socket that answers at the same address."
)
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An access token, from signing in."},
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "For WebSockets and downloads, where no header can be set. Each opens one, once.",
    },
}


@bp.get("/openapi.json")
@public
@answers(200, media="application/json")
def show_description() -> Response:
    """This description."""
    document: Asset | None = current_app.extensions.get(EXTENSION)
    if document is None:
        document = pack("application/json", msgspec.json.encode(describe(current_app)))
        current_app.extensions[EXTENSION] = document
    return send(document)


@bp.get("/docs")
@public
@answers(200, media="text/html")
def show_docs() -> Response:
    """This description as a page, for people."""
    return send(list_assets()["docs.html"])


def describe(app: Flask) -> Schema:
    """The whole document."""
    schemas = Schemas([route.contract for route in list_routes(app)], Problem)
    return {
        "openapi": "3.1.0",
        "info": {"title": "PalServer", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": _describe_tags(app),
        "paths": _describe_paths(app, schemas),
        "components": {"schemas": schemas.components, "securitySchemes": SECURITY_SCHEMES},
    }


def _describe_tags(app: Flask) -> list[Schema]:
    """One for each module of views, in its own words."""
    names = sorted({route.tag for route in list_routes(app)})
    modules = {name: sys.modules[app.blueprints[name].import_name] for name in names}
    return [{"name": name, "description": inspect.getdoc(module)} for name, module in modules.items()]


def _describe_paths(app: Flask, schemas: Schemas) -> dict[str, Schema]:
    """A WebSocket opens with a GET, so it stands beside what a plain GET of its path answers, if anything."""
    paths: dict[str, Schema] = {}
    for route in sorted(list_routes(app), key=lambda route: route.rule.websocket):
        methods = paths.setdefault(route.path, {})
        operation = methods.setdefault(route.method.lower(), describe_operation(route, schemas))
        if route.rule.websocket:
            operation["responses"].setdefault("101", {"description": "Switching Protocols"})
            operation["x-websocket"] = describe_socket(route, schemas)
    return dict(sorted(paths.items()))
