"""Jobs: list, show, wait for, cancel, and their output as text and live."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, Response
from simple_websocket import Server

from palserver.errors import Invalid
from palserver.fanout import Subscription, Taken
from palserver.names import INSTANCE, is_match
from palserver.services.jobs import Job
from palserver.web.context import services
from palserver.web.guards import require
from palserver.web.inputs import read_query
from palserver.web.replies import encode, reply
from palserver.web.sockets import open_viewer, socket_route
from palserver.web.viewers import Viewer

bp = Blueprint("jobs", __name__, url_prefix="/api/jobs")

STATES = ("queued", "running", "succeeded", "failed", "cancelled", "interrupted")


class ListQuery(msgspec.Struct, frozen=True):
    instance: str | None = None
    state: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class WaitQuery(msgspec.Struct, frozen=True):
    wait: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None


def reply_with_job(job: Job) -> Response:
    """202, or with `?wait=` up to that many seconds later 200 if the job has ended by then."""
    wait_seconds = read_query(WaitQuery).wait
    if wait_seconds is not None:
        job.ended.wait(wait_seconds)
    has_answer = wait_seconds is not None and job.ended.is_set()
    return reply({"job": job.view}, 200 if has_answer else 202)


@bp.get("")
@require("viewer")
def list_jobs() -> Response:
    query = read_query(ListQuery)
    if query.state not in (None, *STATES):
        raise Invalid(fields={"state": f"must be one of {', '.join(STATES)}"})
    if query.instance is not None and not is_match(INSTANCE, query.instance):
        raise Invalid(fields={"instance": "is not a server's name"})
    return reply({"jobs": services().jobs.list_views(query.instance, query.state, query.limit)})


@bp.get("/<job_id>")
@require("viewer")
def show(job_id: str) -> Response:
    job = services().jobs.get(job_id)
    job.ended.wait(read_query(WaitQuery).wait or 0)
    return reply({"job": job.view})


@bp.post("/<job_id>/cancel")
@require("operator")
def cancel(job_id: str) -> Response:
    return reply({"job": services().jobs.cancel(job_id).view}, 202)


@bp.get("/<job_id>/output")
@require("viewer")
def show_output(job_id: str) -> Response:
    text = "".join(f"{line}\n" for line in services().jobs.get(job_id).output)
    return Response(text, mimetype="text/plain")


@socket_route(bp, "/<job_id>/output")
@require("viewer", ticket=True)
def follow_output(ws: Server, job_id: str) -> None:
    """Lines as they come, then the final job, then the end."""
    job = services().jobs.get(job_id)
    with open_viewer(ws, role="viewer") as viewer:
        kept, subscription = job.follow()
        try:
            viewer.follow(subscription)
            _send_lines(viewer, kept)
            _relay(viewer, subscription)
            if job.ended.is_set():
                viewer.send_json(encode({"type": "job", "job": job.view}))
        finally:
            subscription.close()


def _relay(viewer: Viewer, subscription: Subscription[str]) -> None:
    while (taken := subscription.take()) is not None:
        _send_lines(viewer, taken)


def _send_lines(viewer: Viewer, taken: Taken[str]) -> None:
    if taken.lost:
        viewer.send_json(encode({"type": "gap", "lost": taken.lost}))
    if taken.items:
        viewer.send_json(encode({"type": "lines", "lines": taken.items}))
