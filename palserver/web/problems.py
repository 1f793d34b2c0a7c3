"""Failures as RFC 9457 problem JSON, rendered here and nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from wsproto.utilities import RemoteProtocolError

from palserver import errors
from palserver.web.replies import encode

log = logging.getLogger(__name__)

MEDIA = "application/problem+json"

_BY_STATUS: dict[int, type[errors.PalError]] = {
    400: errors.Invalid,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
    416: errors.RangeNotSatisfiable,
}


class Problem(msgspec.Struct, frozen=True):
    """What went wrong (RFC 9457). `key` is stable; `fields` says what is wrong with each part, by name."""

    title: str
    status: int
    detail: str
    key: str
    fields: dict[str, Any]


def install(app: Flask) -> None:
    """On the app and not on blueprints: theirs never see an address that matches no route."""
    app.register_error_handler(errors.PalError, render)
    app.register_error_handler(HTTPException, _render_http)
    app.register_error_handler(RemoteProtocolError, _render_handshake)
    app.register_error_handler(Exception, _render_unexpected)


def render(error: errors.PalError) -> Response:
    problem = Problem(
        title=error.key.replace("_", " ").capitalize(),
        status=error.status,
        detail=error.detail,
        key=error.key,
        fields=error.fields,
    )
    response = Response(encode(problem), error.status, content_type=MEDIA)
    if isinstance(error, errors.TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="PalServer"'
    return response


def _render_http(error: HTTPException) -> Response:
    """Flask's own refusals. Their headers (Allow, Location, Content-Range) are kept."""
    if error.code is not None and error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    ours = _BY_STATUS.get(error.code or 500, errors.PalError)
    response = render(ours())
    for name, value in error.get_headers():
        if name.lower() in ("allow", "content-range"):
            response.headers[name] = value
    return response


def _render_handshake(_: RemoteProtocolError) -> Response:
    """Before a WebSocket is open; what comes later ends it."""
    return render(errors.Invalid("This is not how a WebSocket is opened."))


def _render_unexpected(error: Exception) -> Response:
    log.error("A request failed", exc_info=error)
    return render(errors.PalError())
