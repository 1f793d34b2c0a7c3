"""Backups: listed, checked, pinned, downloaded, removed. Making one is asked of its instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from flask import Blueprint, Response, request

from palserver import errors
from palserver.services.backups.downloads import Download, FolderDownload
from palserver.services.backups.files import BackupView
from palserver.services.jobs.jobs import Job
from palserver.store.backups import Manifest
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.downloads import FilePieces, TarPieces
from palserver.web.guards import require, signed_in
from palserver.web.jobs import starts_job_or

bp = Blueprint("backups", __name__, url_prefix="/api/instances/<instance_name>/backups")

MEDIA = "application/octet-stream"
CONFIRM = "Also what PalServer did not make: a copy of an operator's own script, or of the panel before."


DOWNLOAD_ERRORS = (
    errors.ArchiveUnsafe,
    errors.BackupForeign,
    errors.BackupUnreadable,
    errors.RangeNotSatisfiable,
)
REMOVE_ERRORS = (
    errors.BackupForeign,
    errors.BackupPinned,
    errors.BackupReadOnly,
    errors.InstanceBusy,
)


class BackupList(msgspec.Struct, frozen=True):
    backups: list[BackupView]


class BackupChanges(msgspec.Struct, frozen=True):
    """What is left out stays. A note of null is none."""

    pinned: bool | msgspec.UnsetType = msgspec.UNSET
    note: Annotated[str, msgspec.Meta(max_length=300)] | msgspec.UnsetType | None = msgspec.UNSET


class RemoveQuery(msgspec.Struct, frozen=True):
    confirm: Annotated[bool, msgspec.Meta(description=CONFIRM)] = False


@bp.get("")
@require("viewer")
@answers(200)
def list_backups(instance_name: str) -> BackupList:
    """The backups of a server, the newest first, and what an operator's own script has left."""
    return BackupList(services().backups.list_views(instance_name))


@bp.get("/<backup_id>/download")
@require("operator", ticket=True)
@answers(200, 206, 304, media=MEDIA, raises=DOWNLOAD_ERRORS)
def download(instance_name: str, backup_id: str) -> Response:
    """The archive as it lies on the disk; parts of it, too. The game's passwords are in there.

    A folder, as an operator's own script makes them, comes as a tar that is made on the way, as a whole.
    """
    found = services().backups.get_download(instance_name, backup_id)
    return _send_folder(found) if isinstance(found, FolderDownload) else _send(found)


@bp.get("/<backup_id>/manifest")
@require("viewer", ticket=True)
@answers(200, raises=(errors.BackupForeign,))
def show_manifest(instance_name: str, backup_id: str) -> Manifest:
    """What lies beside an archive: what is known of it, and each file in it with its SHA-256."""
    return services().backups.get_ours(instance_name, backup_id)


@bp.patch("/<backup_id>")
@require("operator")
@answers(200, raises=(errors.BackupForeign,))
def change(instance_name: str, backup_id: str, body: BackupChanges) -> BackupView:
    """Pin a backup, so that nothing removes it, or write something beside it."""
    facts = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET
    }
    return services().backups.change(instance_name, backup_id, facts)


@bp.delete("/<backup_id>")
@require("operator")
@answers(204, raises=REMOVE_ERRORS)
def remove(instance_name: str, backup_id: str, query: RemoveQuery) -> None:
    """Remove a backup for good."""
    services().tasks.remove_backup(instance_name, backup_id, is_confirmed=query.confirm)


@bp.post("/<backup_id>/verify")
@require("operator")
@starts_job_or(errors.BackupForeign, errors.BackupUnreadable)
def verify(instance_name: str, backup_id: str) -> Job:
    """Read all of a backup and hold it against what was written: every file, and every save's header."""
    return services().tasks.verify(instance_name, signed_in().username, backup_id)


def _send_folder(folder: FolderDownload) -> Response:
    return _attach(TarPieces(folder.tar, folder.size_bytes, services().backups.readers), folder)


def _attach(pieces: Iterable[bytes], file: Download | FolderDownload) -> Response:
    response = Response(pieces, mimetype=MEDIA)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.content_length = file.size_bytes
    return response


def _send(file: Download) -> Response:
    """Piece by piece, as fast as it is taken."""
    pieces = FilePieces(file.path, file.size_bytes, services().backups.readers)
    response = _attach(pieces, file)
    response.set_etag(file.etag)
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=file.size_bytes)
    except BaseException:
        pieces.close()
        raise
    return response
