"""Instances: list, show, adopt, and the jobs that start, stop and change them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint

from palserver import errors
from palserver.names import VERSION
from palserver.services.containers.adoption import Adoptable
from palserver.services.containers.changes import ChangeList, Changes
from palserver.services.games.countdown import Countdown
from palserver.services.instances import InstanceView
from palserver.services.jobs.jobs import Job
from palserver.web import audit
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require, signed_in
from palserver.web.jobs import WaitQuery, starts_job, starts_job_or

bp = Blueprint("instances", __name__, url_prefix="/api/instances")

Message = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
DRY_RUN = "Change nothing, and answer with what would be different."


class InstanceList(msgspec.Struct, frozen=True):
    instances: list[InstanceView]


class AdoptableList(msgspec.Struct, frozen=True):
    containers: list[Adoptable]


ADOPTION_ERRORS = (
    errors.ContainerNotFound,
    errors.NotAPalworldServer,
    errors.InstanceExists,
    errors.ContainerManaged,
    errors.EngineUnreachable,
    errors.EngineRefused,
)


class AdoptBody(msgspec.Struct, frozen=True):
    """`name` is what the server is to be called; without it, as its container is."""

    container: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    name: str | None = None


class CountdownBody(msgspec.Struct, frozen=True):
    """Players are told `message` and the time that is left; `wait_seconds` 0 is at once."""

    wait_seconds: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0
    message: Message | None = None

    @property
    def countdown(self) -> Countdown:
        return Countdown(self.wait_seconds, self.message)


class BackupBody(msgspec.Struct, frozen=True):
    note: Annotated[str, msgspec.Meta(max_length=300)] | None = None


class UpdateBody(CountdownBody, frozen=True, kw_only=True):
    """`version` is a tag of the instance's image. The countdown begins when that is at hand."""

    version: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{VERSION}$"})]


class ChangeQuery(WaitQuery, frozen=True):
    dry_run: Annotated[bool, msgspec.Meta(description=DRY_RUN)] = False


@bp.get("")
@require("viewer")
@answers(200)
def list_instances() -> InstanceList:
    """All servers that are managed, by name."""
    return InstanceList(services().instances.list_views())


@bp.get("/adoptable")
@require("admin")
@answers(200, raises=(errors.EngineUnreachable, errors.EngineRefused))
def list_adoptable() -> AdoptableList:
    """Containers that look like Palworld servers and are not managed yet."""
    return AdoptableList(services().adoption.list_adoptable())


@bp.post("/adopt")
@require("admin")
@answers(201, raises=ADOPTION_ERRORS)
def adopt(body: AdoptBody) -> InstanceView:
    """Manage a container that is there already. Nothing in it is changed."""
    audit.note(target=body.name or body.container)
    instance = services().adoption.adopt(body.container, body.name)
    return services().instances.view(instance)


@bp.get("/<instance_name>")
@require("viewer")
@answers(200)
def show(instance_name: str) -> InstanceView:
    """One server."""
    instances = services().instances
    return instances.view(instances.get(instance_name))


@bp.patch("/<instance_name>")
@require("admin")
@starts_job_or(errors.PortInUse, errors.EngineUnreachable, errors.EngineRefused)
def change(instance_name: str, query: ChangeQuery, body: Changes) -> Job | ChangeList:
    """Change what the container is made from, and how the game is reached where looking for it fails.

    A new container takes the old one's place as in an update: the server is saved and stopped, a backup is
    made, and where the new one does not come up the old one is back.
    """
    if query.dry_run:
        audit.note_reading()
        return services().tasks.preview_change(instance_name, body)
    return services().tasks.change(instance_name, signed_in().username, body)


@bp.post("/<instance_name>/start")
@require("operator")
@starts_job
def start(instance_name: str) -> Job:
    """Start the container. The job has succeeded when it runs; `game.status` says when players can join."""
    return services().tasks.start(instance_name, signed_in().username)


@bp.post("/<instance_name>/stop")
@require("operator")
@starts_job
def stop(instance_name: str, body: CountdownBody) -> Job:
    """Save the world and stop, after a countdown that players see."""
    return services().tasks.stop(instance_name, signed_in().username, body.countdown)


@bp.post("/<instance_name>/restart")
@require("operator")
@starts_job
def restart(instance_name: str, body: CountdownBody) -> Job:
    """Save the world, stop, and start again, after a countdown that players see."""
    return services().tasks.restart(instance_name, signed_in().username, body.countdown)


@bp.post("/<instance_name>/kill")
@require("operator")
@starts_job
def kill(instance_name: str) -> Job:
    """End the container on the spot. What was not saved is lost."""
    return services().tasks.kill(instance_name, signed_in().username)


@bp.post("/<instance_name>/backup")
@require("operator")
@starts_job
def back_up(instance_name: str, body: BackupBody) -> Job:
    """Save the world and keep a copy of it."""
    return services().tasks.back_up(instance_name, signed_in().username, body.note)


@bp.post("/<instance_name>/update")
@require("operator")
@starts_job
def update(instance_name: str, body: UpdateBody) -> Job:
    """Replace the container by one with another version of its image."""
    return services().tasks.update(instance_name, signed_in().username, body.version, body.countdown)
