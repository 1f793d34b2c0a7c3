"""The versions that a server can be updated to without asking anybody."""

from __future__ import annotations

import msgspec
from flask import Blueprint

from palserver import errors
from palserver.services.images.versions import Version
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require

bp = Blueprint("versions", __name__, url_prefix="/api/instances/<instance_name>/versions")


class VersionList(msgspec.Struct, frozen=True):
    versions: list[Version]


@bp.get("")
@require("viewer")
@answers(200, raises=(errors.EngineUnreachable, errors.EngineRefused, errors.ImageMissing))
def list_versions(instance_name: str) -> VersionList:
    """The versions of a server's image that are at hand, the newest first."""
    instance = services().instances.get(instance_name)
    return VersionList(services().versions.list_versions(instance))
