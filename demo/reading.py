"""The GET endpoints of the REST API."""

from __future__ import annotations

import json
import time
from http import HTTPStatus

from demo.game import VERSION, Game
from demo.wire import JSON, PLAIN, Answer, Request


def info(game: Game, _request: Request) -> Answer:
    """Who the server is."""
    return _shown(
        {
            "version": VERSION,
            "servername": game.settings.text("ServerName"),
            "description": game.settings.text("ServerDescription"),
            "worldguid": game.world.guid,
        }
    )


def players(game: Game, _request: Request) -> Answer:
    """Who is connected."""
    return _shown({"players": [player.for_rest() for player in game.roster.list_players()]})


def settings(game: Game, _request: Request) -> Answer:
    """What the process runs with, declared as plain text."""
    return _shown(game.settings.for_rest(), PLAIN)


def metrics(game: Game, _request: Request) -> Answer:
    """How the server fares."""
    return _shown(
        {
            "currentplayernum": len(game.roster),
            "serverfps": round(game.pace.fps),
            "serverfpsaverage": game.pace.fps_average,
            "serverframetime": game.pace.frame_milliseconds,
            "days": game.world.days,
            "maxplayernum": game.settings.player_limit,
            "basecampnum": len(game.world.characters),
            "uptime": int(time.monotonic() - game.started_at),
        }
    )


def game_data(_game: Game, _request: Request) -> Answer:
    """Needs a launch argument that this server was not given."""
    return Answer(HTTPStatus.NOT_FOUND, b"PalGameDataBridge API is not enabled")


def _shown(value: dict[str, object], content_type: str = JSON) -> Answer:
    text = json.dumps(_without_points(value), indent="\t", ensure_ascii=False)
    return Answer(body=text.encode("utf-8", "replace"), content_type=content_type)


def _without_points(value: object) -> object:
    """Turn 60.0 into 60: the engine writes whole numbers without a point, wherever they stand."""
    if isinstance(value, dict):
        return {name: _without_points(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_points(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
