"""Talking to the game of an instance: what it says, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response

from palserver.clients.palworld import Player
from palserver.names import USER_ID
from palserver.web.context import services
from palserver.web.guards import require, signed_in
from palserver.web.inputs import read_body
from palserver.web.replies import reply

bp = Blueprint("game", __name__, url_prefix="/api/server/<instance_name>")

# `$` alone would let a line end pass after the last character.
Message = Annotated[
    str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")
]
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
def show_info(instance_name: str) -> Response:
    return reply(services().games.info(instance_name))


@bp.get("/players")
@require("viewer")
def list_players(instance_name: str) -> Response:
    players = services().games.players(instance_name)
    if signed_in().role == "viewer":
        players = [msgspec.structs.replace(player, ip=None) for player in players]
    return reply(Players(players))


@bp.get("/metrics")
@require("viewer")
def show_metrics(instance_name: str) -> Response:
    return reply(services().games.metrics(instance_name))


@bp.get("/settings")
@require("viewer")
def show_settings(instance_name: str) -> Response:
    return reply(GameSettings(services().games.settings(instance_name)))


@bp.post("/announce")
@require("operator")
def announce(instance_name: str) -> Response:
    services().games.announce(instance_name, read_body(AnnounceBody).message)
    return reply(Sent())


@bp.post("/save")
@require("operator")
def save(instance_name: str) -> Response:
    services().games.save(instance_name)
    return reply(Sent())


@bp.post("/kick")
@require("operator")
def kick(instance_name: str) -> Response:
    body = read_body(RemovalBody)
    services().games.kick(instance_name, body.user_id, body.message)
    return reply(Sent())


@bp.post("/ban")
@require("operator")
def ban(instance_name: str) -> Response:
    body = read_body(RemovalBody)
    services().games.ban(instance_name, body.user_id, body.message)
    return reply(Sent())


@bp.post("/unban")
@require("operator")
def unban(instance_name: str) -> Response:
    services().games.unban(instance_name, read_body(UnbanBody).user_id)
    return reply(Sent())
