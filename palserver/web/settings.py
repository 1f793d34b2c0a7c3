"""The settings of a game: what they are, and changing them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Blueprint

from palserver import errors
from palserver.services.settings.settings import Wanted
from palserver.services.settings.views import SettingsView
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require, signed_in

bp = Blueprint("settings", __name__, url_prefix="/api/instances/<instance_name>/settings")

READ_ERRORS = (
    errors.ContainerMissing,
    errors.SettingsUnreadable,
    errors.EngineUnreachable,
    errors.EngineRefused,
)
WRITE_ERRORS = (
    *READ_ERRORS,
    errors.SettingsChanged,
    errors.WorldNotOnVolume,
    errors.NoSideContainer,
    errors.NotEnoughSpace,
)
DISCARD = "Forget what waits so far, before `options` are taken."


class SettingsBody(msgspec.Struct, frozen=True):
    """`options` are the new values by key; what is not named stays as it is, pending or not."""

    revision: str
    options: dict[str, Any]
    discard_pending: Annotated[bool, msgspec.Meta(description=DISCARD)] = False


@bp.get("")
@require("viewer")
@answers(200, raises=READ_ERRORS)
def show(instance_name: str) -> SettingsView:
    """What the file has, what waits to be written to it, what the game plays by, and what stands above it."""
    return services().settings.view(instance_name)


@bp.put("")
@require("operator")
@answers(200, raises=WRITE_ERRORS)
def change(instance_name: str, body: SettingsBody) -> SettingsView:
    """Change settings: in the file at once if the server is stopped, else when it stops or is restarted here.

    Where the engine starts a server again by itself, after a crash or with the host, the game is up again at
    once: then what waits goes on waiting.
    """
    wanted = Wanted(body.revision, body.options, body.discard_pending)
    return services().settings.change(instance_name, signed_in().username, wanted)
