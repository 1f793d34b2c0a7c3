"""The POST endpoints of the REST API. A success is a 200 with nothing in it."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from demo.ending import end_process
from demo.game import Game
from demo.wire import Answer, Request

_USER_ID = re.compile(r"[a-z0-9]+_\w+")
_DONE = Answer()
_LONGEST_WAIT_SECONDS = 604_800
_NO_PLAYER_ID = "0" * 32


class OrderError(ValueError):
    """The call lacks something or names somebody who is not there."""


def announce(_game: Game, request: Request) -> Answer:
    """Tell everybody something; the server's log does not say what."""
    _text_field(_read_fields(request), "message")
    return _DONE


def kick(game: Game, request: Request) -> Answer:
    """Make somebody leave who is here."""
    if not game.leave(_user_id(request)):
        raise OrderError("nobody with this userid is connected")
    return _DONE


def ban(game: Game, request: Request) -> Answer:
    """Put anybody on the list, never seen or here, and make them leave."""
    user_id = _user_id(request)
    player = game.roster.find(user_id)
    game.bans.add(user_id, player.character.player_id if player else _NO_PLAYER_ID)
    game.leave(user_id)
    return _DONE


def unban(game: Game, request: Request) -> Answer:
    """Take somebody off the list."""
    game.bans.remove(_user_id(request))
    return _DONE


def save(game: Game, _request: Request) -> Answer:
    """Rewrite the save files, and answer when that is done."""
    if game.save():
        return _DONE
    return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"Failed to save.")


def shutdown(game: Game, request: Request) -> Answer:
    """Save and end, `waittime` seconds from now."""
    wait_seconds: Any = _read_fields(request).get("waittime")
    if type(wait_seconds) not in (int, float) or not 1 <= wait_seconds <= _LONGEST_WAIT_SECONDS:
        raise OrderError("waittime must be a number of seconds, and at least 1")
    game.start_shutdown(wait_seconds)
    return _DONE


def stop(game: Game, request: Request) -> Answer:
    """End at once, without a save and without an answer."""
    if not game.faults.current.never_exit:
        game.console.access(request.path, "OK")
        end_process(0)
    return _DONE


def _read_fields(request: Request) -> dict[str, Any]:
    try:
        fields = json.loads(request.body or b"")
    except ValueError as error:
        raise OrderError("the body is not JSON") from error
    if not isinstance(fields, dict):
        raise OrderError("the body is not an object")
    return fields


def _text_field(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise OrderError(f"{name} is missing")
    return value


def _user_id(request: Request) -> str:
    user_id = _text_field(_read_fields(request), "userid")
    if not _USER_ID.fullmatch(user_id):
        raise OrderError("userid is not a platform's user id")
    return user_id
