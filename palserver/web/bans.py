"""Who is banned from a server."""

from __future__ import annotations

from flask import Blueprint

from palserver import errors
from palserver.services.games.bans import Bans
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require

bp = Blueprint("bans", __name__, url_prefix="/api/instances/<instance_name>/bans")

RAISES = (errors.ContainerMissing, errors.BansUnreadable, errors.EngineUnreachable, errors.EngineRefused)


@bp.get("")
@require("viewer")
@answers(200, raises=RAISES)
def list_bans(instance_name: str) -> Bans:
    """Who is banned, as the game's list in the save folder says, whether the server runs or not."""
    return services().bans.view(instance_name)
