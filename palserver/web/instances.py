"""Instances: list, show, adopt, and the jobs that start, stop and change them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, Response, request

from palserver.services.changes import Changes
from palserver.services.countdown import Countdown
from palserver.web.context import services
from palserver.web.guards import require, signed_in
from palserver.web.inputs import read_body
from palserver.web.jobs import reply_with_job
from palserver.web.replies import reply

bp = Blueprint("instances", __name__, url_prefix="/api/instances")

Message = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class AdoptBody(msgspec.Struct, frozen=True):
    container: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    name: str | None = None


class CountdownBody(msgspec.Struct, frozen=True):
    wait_seconds: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0
    message: Message | None = None


class BackupBody(msgspec.Struct, frozen=True):
    note: Annotated[str, msgspec.Meta(max_length=300)] | None = None


class UpdateBody(msgspec.Struct, frozen=True):
    version: str


@bp.get("")
@require("viewer")
def list_instances() -> Response:
    return reply({"instances": services().instances.list_views()})


@bp.get("/adoptable")
@require("admin")
def list_adoptable() -> Response:
    return reply({"containers": services().adoption.list_adoptable()})


@bp.post("/adopt")
@require("admin")
def adopt() -> Response:
    body = read_body(AdoptBody)
    instance = services().adoption.adopt(body.container, body.name)
    return reply(services().instances.view(instance), 201)


@bp.get("/<instance_name>")
@require("viewer")
def show(instance_name: str) -> Response:
    instances = services().instances
    return reply(instances.view(instances.get(instance_name)))


@bp.patch("/<instance_name>")
@require("admin")
def change(instance_name: str) -> Response:
    body = read_body(Changes)
    if request.args.get("dry_run") == "1":
        return reply({"changes": services().tasks.list_changes(instance_name, body)})
    return reply_with_job(services().tasks.change(instance_name, signed_in().username, body))


@bp.post("/<instance_name>/start")
@require("operator")
def start(instance_name: str) -> Response:
    return reply_with_job(services().tasks.start(instance_name, signed_in().username))


@bp.post("/<instance_name>/stop")
@require("operator")
def stop(instance_name: str) -> Response:
    return reply_with_job(services().tasks.stop(instance_name, signed_in().username, _read_countdown()))


@bp.post("/<instance_name>/restart")
@require("operator")
def restart(instance_name: str) -> Response:
    return reply_with_job(services().tasks.restart(instance_name, signed_in().username, _read_countdown()))


@bp.post("/<instance_name>/kill")
@require("operator")
def kill(instance_name: str) -> Response:
    return reply_with_job(services().tasks.kill(instance_name, signed_in().username))


@bp.post("/<instance_name>/backup")
@require("operator")
def back_up(instance_name: str) -> Response:
    body = read_body(BackupBody)
    return reply_with_job(services().tasks.back_up(instance_name, signed_in().username, body.note))


@bp.post("/<instance_name>/update")
@require("operator")
def update(instance_name: str) -> Response:
    body = read_body(UpdateBody)
    return reply_with_job(services().tasks.update(instance_name, signed_in().username, body.version))


def _read_countdown() -> Countdown:
    body = read_body(CountdownBody)
    return Countdown(body.wait_seconds, body.message)
