"""Restores: what one would do, the job that does it, and the way back from an update."""

from __future__ import annotations

import msgspec
from flask import Blueprint

from palserver import errors
from palserver.services.containers.updates import WayBack
from palserver.services.jobs.jobs import Job
from palserver.services.restores.previewing import Preview
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require, signed_in
from palserver.web.instances import CountdownBody
from palserver.web.jobs import starts_job, starts_job_or

bp = Blueprint("restores", __name__, url_prefix="/api/instances/<instance_name>")

PREVIEW_ERRORS = (
    errors.BackupForeign,
    errors.BackupNotFound,
    errors.BackupUnreadable,
    errors.ContainerMissing,
    errors.EngineUnreachable,
    errors.EngineRefused,
    errors.ScriptFailed,
    errors.ScriptTimedOut,
)


class RollbackBody(CountdownBody, frozen=True):
    """`world`: also bring back the world as it was before the update. What was played since is then lost."""

    world: bool = False


class RollbackAnswer(msgspec.Struct, frozen=True):
    """Null where there is no update to go back from."""

    rollback: WayBack | None


@bp.get("/backups/<backup_id>/preview")
@require("viewer")
@answers(200, raises=PREVIEW_ERRORS)
def preview(instance_name: str, backup_id: str) -> Preview:
    """What a restore would add, change and remove. The present files are read and compared for it."""
    instance = services().instances.get(instance_name)
    return services().restore_previews.get(instance, backup_id)


@bp.post("/backups/<backup_id>/restore")
@require("operator")
@starts_job_or(errors.BackupForeign, errors.BackupUnreadable)
def restore(instance_name: str, backup_id: str, body: CountdownBody) -> Job:
    """Put a backup's world in the live one's place, or change nothing. A copy of the live one comes first.

    The countdown begins when the backup has been checked.
    """
    return services().tasks.restore(instance_name, signed_in().username, backup_id, body.countdown)


@bp.get("/rollback")
@require("viewer")
@answers(200)
def show_rollback(instance_name: str) -> RollbackAnswer:
    """Where a rollback would lead."""
    instance = services().instances.get(instance_name)
    return RollbackAnswer(services().updates.find_way_back(instance))


@bp.post("/rollback")
@require("operator")
@starts_job
def roll_back(instance_name: str, body: RollbackBody) -> Job:
    """Go back to the image, and with `world` to the world, of before the last update."""
    return services().tasks.roll_back(instance_name, signed_in().username, body.world, body.countdown)
