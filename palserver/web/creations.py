"""Servers that come and go: create, clone, delete, and leave with a compose file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response

from palserver import errors
from palserver.services.compose.out import render_compose
from palserver.services.containers.cloning import Clone
from palserver.services.containers.creation_checks import Creation
from palserver.services.containers.creation_form import CreationForm, read_form
from palserver.services.containers.deletions import Data
from palserver.services.jobs.jobs import Job, JobView
from palserver.web import audit
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require, signed_in
from palserver.web.jobs import WaitQuery, starts_job, starts_job_or, wait_for_end

bp = Blueprint("creations", __name__, url_prefix="/api")

ENGINE_ERRORS = (errors.EngineUnreachable, errors.EngineRefused)
NAME_ERRORS = (errors.InstanceExists, errors.WorldExists, errors.PortInUse, *ENGINE_ERRORS)
CREATION_ERRORS = (
    errors.InstanceBusy,
    errors.ImageNotOffered,
    errors.WorldMissing,
    errors.WorldInUse,
    *NAME_ERRORS,
)
DATA = "What becomes of the world. What other servers use, and backups, is kept in any case."
CONTAINER = "`keep` forgets the server and touches nothing of it; then `data` means nothing."


class CreationAnswer(msgspec.Struct, frozen=True):
    """`generated` are the passwords that were made up, by their fields. They are told only here."""

    job: JobView
    generated: dict[str, str]


class DeletionQuery(WaitQuery, frozen=True):
    data: Annotated[Data, msgspec.Meta(description=DATA)] = "keep"
    container: Annotated[Literal["remove", "keep"], msgspec.Meta(description=CONTAINER)] = "remove"


@bp.get("/creation")
@require("admin")
@answers(200, raises=ENGINE_ERRORS)
def show_form() -> CreationForm:
    """What a form for a new server needs: the known images, free ports, and worlds that were kept."""
    return read_form(services().creations)


@bp.post("/instances")
@require("admin")
@answers(202, 200, raises=CREATION_ERRORS)
def create(query: WaitQuery, body: Creation) -> tuple[CreationAnswer, int]:
    """Make a server.

    The job has succeeded when its container runs; a job that fails leaves nothing of it behind. REST and RCON
    are published on the host's loopback only.
    """
    audit.note(target=body.name)
    job, generated = services().creations.start(body, signed_in().username)
    status = wait_for_end(job, query.wait)
    return CreationAnswer(job.view, generated), status


@bp.post("/instances/<instance_name>/clone")
@require("admin")
@starts_job_or(errors.CannotClone, *NAME_ERRORS)
def clone(instance_name: str, body: Clone) -> Job:
    """Make a second server like this one, with its world or with one of its own."""
    return services().tasks.clone(instance_name, signed_in().username, body)


@bp.delete("/instances/<instance_name>")
@require("admin")
@starts_job
def delete(instance_name: str, query: DeletionQuery) -> Job:
    """Save, stop, and remove the container; the world is kept unless told otherwise."""
    keeps_container = query.container == "keep"
    return services().tasks.delete(
        instance_name, signed_in().username, query.data, keeps_container=keeps_container
    )


@bp.get("/instances/<instance_name>/compose")
@require("admin", ticket=True)
@answers(200, media="application/yaml", raises=ENGINE_ERRORS)
def show_compose(instance_name: str) -> Response:
    """A compose file that runs the same server without PalServer; what is secret stands as `${VARIABLES}`."""
    instance = services().instances.get(instance_name)
    text = render_compose(instance.name, instance.container, services().respecs.find_spec(instance))
    name = f"docker-compose-{instance.name}.yml"
    return Response(
        text, mimetype="application/yaml", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
