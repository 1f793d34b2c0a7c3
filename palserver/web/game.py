"""Talking to the game of an instance: what it says, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Blueprint

from palserver import errors
from palserver.clients.palworld import Info, Metrics, Player
from palserver.names import USER_ID
from palserver.web import audit
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require, signed_in

bp = Blueprint("game", __name__, url_prefix="/api/server/<instance_name>")

# `$` alone would let a line end pass after the last character.
Message = Annotated[
    str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")
]
# What every question to a game may end with, and an order too.
UNANSWERED = (
    errors.InstanceNotRunning,
    errors.EngineUnreachable,
    errors.EngineRefused,
    errors.GameUnreachable,
    errors.GameUnauthorized,
    errors.GameBadAnswer,
)
REFUSED = (*UNANSWERED, errors.GameRefused)

UserId = Annotated[str, msgspec.Meta(pattern=rf"^{USER_ID}$(?!\n)")]


class AnnounceBody(msgspec.Struct, frozen=True):
    message: Message


class RemovalBody(msgspec.Struct, frozen=True):
    """`message` is what the player is shown."""

    user_id: UserId
    message: Message | None = None


class UnbanBody(msgspec.Struct, frozen=True):
    user_id: UserId


class Players(msgspec.Struct, frozen=True):
    players: list[Player]


class GameSettings(msgspec.Struct, frozen=True):
    """As the game names them."""

    settings: dict[str, Any]


class Sent(msgspec.Struct, frozen=True):
    """The game said yes."""

    sent: bool = True


@bp.get("/info")
@require("viewer")
@answers(200, raises=UNANSWERED)
def show_info(instance_name: str) -> Info:
    """What the game says of itself."""
    return services().games.info(instance_name)


@bp.get("/players")
@require("viewer")
@answers(200, raises=UNANSWERED)
def list_players(instance_name: str) -> Players:
    """Who is on. Viewers are not shown addresses."""
    players = services().games.players(instance_name)
    if signed_in().role == "viewer":
        players = [msgspec.structs.replace(player, ip=None) for player in players]
    return Players(players)


@bp.get("/metrics")
@require("viewer")
@answers(200, raises=UNANSWERED)
def show_metrics(instance_name: str) -> Metrics:
    """The game's own figures."""
    return services().games.metrics(instance_name)


@bp.get("/settings")
@require("viewer")
@answers(200, raises=UNANSWERED)
def show_settings(instance_name: str) -> GameSettings:
    """What the running game uses; passwords are never shown."""
    return GameSettings(services().games.settings(instance_name))


@bp.post("/announce")
@require("operator")
@answers(200, raises=REFUSED)
def announce(instance_name: str, body: AnnounceBody) -> Sent:
    """Tell all players something."""
    services().games.announce(instance_name, body.message)
    return Sent()


@bp.post("/save")
@require("operator")
@answers(200, raises=REFUSED)
def save(instance_name: str) -> Sent:
    """Save the world. Answers when the game says that it is on the disk."""
    services().games.save(instance_name)
    return Sent()


@bp.post("/kick")
@require("operator")
@answers(200, raises=REFUSED)
def kick(instance_name: str, body: RemovalBody) -> Sent:
    """Send a player off the server."""
    audit.note(target=f"{instance_name}/{body.user_id}")
    services().games.kick(instance_name, body.user_id, body.message)
    return Sent()


@bp.post("/ban")
@require("operator")
@answers(200, raises=REFUSED)
def ban(instance_name: str, body: RemovalBody) -> Sent:
    """Send a player off the server for good."""
    audit.note(target=f"{instance_name}/{body.user_id}")
    services().bans.ban(instance_name, body.user_id, body.message, signed_in().username)
    return Sent()


@bp.post("/unban")
@require("operator")
@answers(200, raises=REFUSED)
def unban(instance_name: str, body: UnbanBody) -> Sent:
    """Let a banned player in again."""
    audit.note(target=f"{instance_name}/{body.user_id}")
    services().bans.unban(instance_name, body.user_id)
    return Sent()
