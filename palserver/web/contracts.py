"""What a view takes and gives: written once, in its own signature, which does the work and describes it.

    @bp.post("/announce")
    @require("operator")
    @answers(200)
    def announce(instance_name: str, body: AnnounceBody) -> Sent:

A parameter called `query` or `body` is read and checked before the view runs. What is returned is the
answer: a struct as JSON, a text as plain text, None as 204; a view of several statuses returns
`(value, status)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from flask import Response

from palserver.errors import PalError
from palserver.web.inputs import read_body, read_query
from palserver.web.replies import no_content, reply

Types = tuple[Any, ...]


class Contract(msgspec.Struct, frozen=True):
    """`answers` has, for each status that is no error, the types that its body may have; none: no body.

    `media` is the kind of what the view makes itself. `messages` are those of a WebSocket. `raises` are the
    errors that are the view's own: those of its guard, its path and its inputs follow from these.
    """

    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    answers: dict[int, Types] = {}
    media: str | None = None
    messages: Any = None
    raises: tuple[type[PalError], ...] = ()


def answers(
    *statuses: int, media: str | None = None, raises: tuple[type[PalError], ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Serve a view by its signature. The first status is that of an answer which does not bring its own.

    `media` is for a view that makes its `Response` itself, always or beside its types.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Response]:
        hints = get_type_hints(view, include_extras=True)
        types = list_answer_types(hints["return"])
        contract = Contract(
            query=hints.get("query"),
            body=hints.get("body"),
            answers={status: () if status == 204 else types for status in statuses},
            media=media,
            raises=raises,
        )
        return serve(view, contract)

    return declare


def serve(view: Callable[..., Any], contract: Contract) -> Callable[..., Response]:
    """The view as Flask calls it: inputs read, and what it returns made into a response."""

    @wraps(view)
    def call(**inputs: Any) -> Response:
        if contract.query is not None:
            inputs["query"] = read_query(contract.query)
        if contract.body is not None:
            inputs["body"] = read_body(contract.body)
        return _respond(view(**inputs), next(iter(contract.answers)))

    call.contract = contract  # type: ignore[attr-defined]
    return call


def list_answer_types(hint: Any) -> Types:
    """The members of a return annotation that are bodies; `(value, status)` counts as its value."""
    if get_origin(hint) is tuple:
        return list_answer_types(get_args(hint)[0])
    members = (hint,) if isinstance(hint, type) else get_args(hint)
    return tuple(member for member in members if member not in (NoneType, Response))


def _respond(value: Any, status: int) -> Response:
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple):
        value, status = value
    if value is None:
        return no_content()
    if isinstance(value, str):
        return Response(value, status, mimetype="text/plain")
    return reply(value, status)
