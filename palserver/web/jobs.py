"""Jobs: list, show, wait for, cancel, and their output as text and live."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Annotated, Any, get_type_hints

import msgspec
from flask import Blueprint, Response
from simple_websocket import Server

from palserver.errors import InstanceBusy, Invalid, NotCancellable, PalError
from palserver.fanout import Subscription, Taken
from palserver.names import INSTANCE, is_match
from palserver.services.jobs.jobs import STATES, Job, JobState, JobView
from palserver.web.context import services
from palserver.web.contracts import Contract, answers, list_answer_types, serve
from palserver.web.guards import require
from palserver.web.messages import Gap, JobEnded, OutputLines, OutputMessage
from palserver.web.replies import encode
from palserver.web.sockets import open_viewer, socket_route
from palserver.web.viewers import Viewer

bp = Blueprint("jobs", __name__, url_prefix="/api/jobs")

InstanceName = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{INSTANCE}$"})]
WAIT = "Answer as soon as the job has ended, or after so many seconds."


class ListQuery(msgspec.Struct, frozen=True):
    instance: InstanceName | None = None
    state: JobState | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class WaitQuery(msgspec.Struct, frozen=True):
    wait: Annotated[int, msgspec.Meta(ge=1, le=60, description=WAIT)] | None = None


class JobAnswer(msgspec.Struct, frozen=True):
    job: JobView


class JobList(msgspec.Struct, frozen=True):
    jobs: list[JobView]


def starts_job(view: Callable[..., Any]) -> Callable[..., Response]:
    """Serve a view that starts a job and returns it: 202, or 200 if it has ended within `?wait=`.

    A view may return something else instead, which is answered with 200; its own `query` is a WaitQuery too.
    """
    return _serve_job(view, ())


def starts_job_or(*raises: type[PalError]) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """As `starts_job`, for a view with errors of its own."""
    return lambda view: _serve_job(view, raises)


def _serve_job(view: Callable[..., Any], raises: tuple[type[PalError], ...]) -> Callable[..., Response]:
    hints = get_type_hints(view, include_extras=True)
    others = tuple(kind for kind in list_answer_types(hints["return"]) if kind is not Job)
    contract = Contract(
        query=hints.get("query", WaitQuery),
        body=hints.get("body"),
        answers={202: (JobAnswer,), 200: (JobAnswer, *others)},
        raises=(InstanceBusy, *raises),
    )

    def start(query: WaitQuery, **inputs: Any) -> tuple[Any, int]:
        outcome = view(query=query, **inputs) if "query" in hints else view(**inputs)
        return _wait(outcome, query.wait) if isinstance(outcome, Job) else (outcome, 200)

    return serve(update_wrapper(start, view), contract)


def _wait(job: Job, seconds: int | None) -> tuple[JobAnswer, int]:
    status = wait_for_end(job, seconds)
    return JobAnswer(job.view), status


def wait_for_end(job: Job, seconds: int | None) -> int:
    """The status of the answer: 200 if the job has ended within the time that somebody gives it, else 202."""
    if seconds is None:
        return 202
    return 200 if job.ended.wait(seconds) else 202


@bp.get("")
@require("viewer")
@answers(200)
def list_jobs(query: ListQuery) -> JobList:
    """The newest jobs, the newest first."""
    if query.state not in (None, *STATES):
        raise Invalid(fields={"state": f"must be one of {', '.join(STATES)}"})
    if query.instance is not None and not is_match(INSTANCE, query.instance):
        raise Invalid(fields={"instance": "is not a server's name"})
    return JobList(services().jobs.list_views(query.instance, query.state, query.limit))


@bp.get("/<job_id>")
@require("viewer")
@answers(200)
def show(job_id: str, query: WaitQuery) -> JobAnswer:
    """One job; with `?wait=` when it has ended."""
    job = services().jobs.get(job_id)
    job.ended.wait(query.wait or 0)
    return JobAnswer(job.view)


@bp.post("/<job_id>/cancel")
@require("operator")
@answers(202, raises=(NotCancellable,))
def cancel(job_id: str) -> JobAnswer:
    """Stop a job at the next place where that is safe."""
    return JobAnswer(services().jobs.cancel(job_id).view)


@bp.get("/<job_id>/output")
@require("viewer")
@answers(200)
def show_output(job_id: str) -> str:
    """What a job has written so far."""
    return "".join(f"{line}\n" for line in services().jobs.get(job_id).output)


@socket_route(bp, "/<job_id>/output", messages=OutputMessage)
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
                viewer.send_json(encode(JobEnded(job.view)))
        finally:
            subscription.close()


def _relay(viewer: Viewer, subscription: Subscription[str]) -> None:
    while (taken := subscription.take()) is not None:
        _send_lines(viewer, taken)


def _send_lines(viewer: Viewer, taken: Taken[str]) -> None:
    if taken.lost != 0:
        viewer.send_json(encode(Gap(taken.lost)))
    if taken.items:
        viewer.send_json(encode(OutputLines(taken.items)))
