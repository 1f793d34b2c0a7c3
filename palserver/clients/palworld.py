"""The game's REST API in our words. What it leaves out or garbles is None here; nothing is made up.

Every function may raise GameUnreachable, GameUnauthorized or GameBadAnswer, the orders GameRefused too.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from palserver.clients.palworld_http import GameAddress, GameHungUp, get_object, post
from palserver.errors import GameBadAnswer

ORDER_SECONDS = 8.0
SAVE_SECONDS = 60.0  # a big world stops the game for a while
ATTEMPTS = 2


class Info(msgspec.Struct, frozen=True):
    """`world_guid` is also the name of the world's folder."""

    version: str | None
    server_name: str | None
    description: str | None
    world_guid: str | None


class Metrics(msgspec.Struct, frozen=True):
    """`days` are those of the world, `uptime_seconds` counts from the start of the game's process."""

    fps: float | None
    fps_average: float | None
    frame_time_ms: float | None
    players: int | None
    max_players: int | None
    uptime_seconds: int | None
    days: int | None
    base_camps: int | None


class Location(msgspec.Struct, frozen=True):
    """Centimetres from the middle of the world."""

    x: float | None
    y: float | None


class Player(msgspec.Struct, frozen=True):
    """`user_id` is who it is, and what kick and ban take; `loading` players have no `player_id` yet."""

    name: str | None
    account_name: str | None
    player_id: str | None
    user_id: str | None
    ip: str | None
    ping_ms: float | None
    level: int | None
    location: Location
    building_count: int | None
    loading: bool


def get_info(address: GameAddress, attempts: int = ATTEMPTS) -> Info:
    said = get_object(address, "info", attempts)
    return _with_something(
        Info(
            version=_text(said.get("version")) or None,
            server_name=_text(said.get("servername")),
            description=_text(said.get("description")),
            world_guid=_text(said.get("worldguid")) or None,
        )
    )


def get_metrics(address: GameAddress, attempts: int = ATTEMPTS) -> Metrics:
    said = get_object(address, "metrics", attempts)
    return _with_something(
        Metrics(
            fps=_number(said.get("serverfps")),
            fps_average=_number(said.get("serverfpsaverage")),
            frame_time_ms=_number(said.get("serverframetime")),
            players=_integer(said.get("currentplayernum")),
            max_players=_integer(said.get("maxplayernum")),
            uptime_seconds=_integer(said.get("uptime")),
            days=_integer(said.get("days")),
            base_camps=_integer(said.get("basecampnum")),
        )
    )


def get_players(address: GameAddress, attempts: int = ATTEMPTS) -> list[Player]:
    """Who is on. A row without a userId is somebody too, only nobody who could be kicked: it is kept."""
    rows = get_object(address, "players", attempts).get("players")
    if not isinstance(rows, list):
        raise GameBadAnswer()
    return [_read_player(row) for row in rows if isinstance(row, dict)]


def get_settings(address: GameAddress, attempts: int = ATTEMPTS) -> dict[str, Any]:
    """What the running game uses, as it names it. It leaves the passwords out; should it ever not, we do."""
    said = get_object(address, "settings", attempts)
    return {name: value for name, value in said.items() if "password" not in name.lower()}


def announce(address: GameAddress, message: str) -> None:
    post(address, "announce", {"message": message}, ORDER_SECONDS)


def save(address: GameAddress) -> None:
    """Returns when the world is on the disk."""
    post(address, "save", {}, SAVE_SECONDS)


def kick(address: GameAddress, user_id: str, message: str | None = None) -> None:
    post(address, "kick", _about(user_id, message), ORDER_SECONDS)


def ban(address: GameAddress, user_id: str, message: str | None = None) -> None:
    post(address, "ban", _about(user_id, message), ORDER_SECONDS)


def unban(address: GameAddress, user_id: str) -> None:
    post(address, "unban", {"userid": user_id}, ORDER_SECONDS)


def shutdown(address: GameAddress, wait_seconds: int, message: str | None = None) -> None:
    """Ask the game to save and end. It refuses a wait below one second."""
    fields: dict[str, object] = {"waittime": max(1, wait_seconds)}
    if message is not None:
        fields["message"] = message
    # It may be gone before it answers, which is what it was asked for; its exit tells the rest.
    with suppress(GameHungUp):
        post(address, "shutdown", fields, ORDER_SECONDS)


def _about(user_id: str, message: str | None) -> dict[str, object]:
    return {"userid": user_id} if message is None else {"userid": user_id, "message": message}


def _read_player(row: dict[str, Any]) -> Player:
    player_id = _player_id(row.get("playerId"))
    return Player(
        name=_text(row.get("name")) or None,
        account_name=_text(row.get("accountName")) or None,
        player_id=player_id,
        user_id=_text(row.get("userId")) or None,
        # Documented as `ip`, sent as `iP`.
        ip=_text(row.get("ip")) or _text(row.get("iP")) or None,
        ping_ms=_number(row.get("ping")),
        level=_integer(row.get("level")),
        location=Location(_number(row.get("location_x")), _number(row.get("location_y"))),
        building_count=_integer(row.get("building_count")),
        loading=player_id is None,
    )


def _player_id(value: object) -> str | None:
    """None while somebody logs in or makes a character: the game then writes `None`, zeros or a number."""
    text = _text(value)
    return None if not text or text == "None" or not text.strip("0-") else text


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    """A finite number; the game writes 1 for 1.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _integer(value: object) -> int | None:
    """A whole number, also when it was written as 3.0."""
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


Known = TypeVar("Known", Info, Metrics)


def _with_something(known: Known) -> Known:
    """An object in which we know nothing is no answer of a Palworld server. Raises GameBadAnswer."""
    if all(value is None for value in msgspec.structs.astuple(known)):
        raise GameBadAnswer()
    return known
