"""The log of an instance: live, and as text."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response
from simple_websocket import Server

from palserver.clock import parse_time, utc_now
from palserver.errors import Invalid
from palserver.fanout import Subscription
from palserver.services.logs.messages import make_gap
from palserver.services.logs.search import LogFilter, compile_expression
from palserver.store.log_ring import Message
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require
from palserver.web.inputs import read_query
from palserver.web.messages import LogMessage
from palserver.web.replies import reply
from palserver.web.sockets import open_viewer, socket_route
from palserver.web.viewers import Viewer

bp = Blueprint("logs", __name__, url_prefix="/api/instances")


class LogQuery(msgspec.Struct, frozen=True):
    """`after` resumes behind a line's number; without it the newest `tail` lines come first."""

    tail: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 200
    after: Annotated[int, msgspec.Meta(ge=0)] | None = None


class LogTextQuery(msgspec.Struct, frozen=True):
    """All that is given must hold. `since` and `until` are RFC 3339, `q` is a regular expression.

    `before` and `after` are numbers of lines. `tail` keeps the newest so many of what was found, `head` the
    oldest; without both everything comes. `polling=0` leaves out what the panel's own polling has caused.
    `format=json` answers with a page: its lines have numbers, and by those the next page is asked for.
    """

    tail: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    head: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    before: Annotated[int, msgspec.Meta(ge=0)] | None = None
    after: Annotated[int, msgspec.Meta(ge=0)] | None = None
    since: str | None = None
    until: str | None = None
    q: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    stream: Literal["stdout", "stderr"] | None = None
    polling: bool = True
    format: Literal["text", "json"] = "text"
    download: bool = False


class LogPage(msgspec.Struct, frozen=True):
    """Part of the kept log, the oldest first; without `head` and `tail` the newest lines that fit.

    `before` and `after` ask for what is older and what is newer; null where there is no more. Fewer lines
    than asked for and yet a number: the page was full, or the search took too long. It can be gone on with.
    """

    messages: list[LogMessage]
    before: int | None
    after: int | None


@socket_route(bp, "/<instance_name>/logs", query=LogQuery, messages=LogMessage)
@require("viewer", ticket=True)
def follow_log(ws: Server, instance_name: str) -> None:
    """The log of an instance, line by line as it is written."""
    query = read_query(LogQuery)
    with (
        open_viewer(ws, role="viewer", instance=instance_name) as viewer,
        services().logs.open(instance_name) as feed,
    ):
        opened = feed.subscribe(query.tail, query.after)
        try:
            viewer.follow(opened.rest)
            for message in opened.first:
                viewer.send_json(message.payload)
            _relay(viewer, opened.rest)
        finally:
            opened.rest.close()


@bp.get("/<instance_name>/logs")
@require("viewer", ticket=True)
@answers(200, media="text/plain")
def show_log(instance_name: str, query: LogTextQuery) -> Response | LogPage:
    """The kept log as text, a line each with its time and its stream; or as a page, in JSON.

    A line that begins with `…` says how many lines are missing there, or that a search took too long.
    """
    wanted = _read_filter(query)
    if query.format == "json":
        page = services().logs.read_page(instance_name, wanted)
        messages = [msgspec.Raw(message.payload) for message in page.messages]
        return reply({"messages": messages, "before": page.before, "after": page.after})
    response = Response(services().logs.search(instance_name, wanted), mimetype="text/plain")
    if query.download:
        stamp = utc_now()[:19].replace(":", "-")
        response.headers["Content-Disposition"] = f'attachment; filename="{instance_name}-{stamp}.log"'
    return response


def _relay(viewer: Viewer, subscription: Subscription[Message]) -> None:
    """What a slow viewer lost is told before what comes next, so that the numbers add up."""
    while (taken := subscription.take()) is not None:
        if taken.lost != 0:
            viewer.send_json(make_gap(0, taken.lost).payload)
        for message in taken.items:
            viewer.send_json(message.payload)


def _read_filter(query: LogTextQuery) -> LogFilter:
    """Raises Invalid."""
    if query.head is not None and query.tail is not None:
        raise Invalid(fields={"head": "cannot be had together with tail"})
    return LogFilter(
        since=_read_time("since", query.since) or "",
        until=_read_time("until", query.until) or "~",
        after=-1 if query.after is None else query.after,
        before=sys.maxsize if query.before is None else query.before,
        stream=query.stream,
        polling=query.polling,
        matches=None if query.q is None else compile_expression(query.q),
        head=query.head,
        tail=query.tail,
    )


def _read_time(name: str, text: str | None) -> str | None:
    """As the engine writes times, so that they can be compared as text. Raises Invalid."""
    if text is None:
        return None
    try:
        # A `+` that was not escaped in the address comes as a space.
        moment = parse_time(text.replace(" ", "+")).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(fields={name: "must be a time like 2026-09-01T20:15:00Z"}) from error
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}000Z"
