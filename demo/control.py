"""The control port: what a test does to the game, without a password; the real one has nothing like it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

from demo.calls import CallRecord
from demo.console import Stream
from demo.ending import crash_process
from demo.faults import FaultError
from demo.game import Game, TurnedAwayError
from demo.players import Newcomer, make_user_id
from demo.rest import RestApi
from demo.wire import JSON, Answer, Request

_ADDRESS = "203.0.113.10"
_MOST_LINES = 10_000_000
Fields = dict[str, Any]


class ControlError(ValueError):
    """The call cannot be made sense of."""


class Control:
    """The routes of the control port."""

    def __init__(self, game: Game, rest: RestApi, calls: CallRecord) -> None:
        self._game = game
        self._rest = rest
        self._calls = calls
        self._routes: dict[tuple[str, str], Callable[[Fields], Answer]] = {
            ("GET", "/faults"): self._show_faults,
            ("POST", "/faults"): self._change_faults,
            ("GET", "/calls"): self._show_calls,
            ("POST", "/players"): self._join,
            ("POST", "/world"): self._change_world,
            ("POST", "/say"): self._say,
            ("POST", "/crash"): self._crash,
        }

    def respond(self, request: Request) -> Answer:
        """Answer a call: 200, 400 for nonsense, 404, or 409 when a player is turned away."""
        head, _slash, user_id = request.path.partition("/players/")
        if request.method == "DELETE" and not head and user_id:
            return self._leave(unquote(user_id))
        route = self._routes.get((request.method, request.path))
        if route is None:
            return _problem(HTTPStatus.NOT_FOUND, "no such route")
        try:
            return route(_read_fields(request))
        except (ControlError, FaultError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))
        except TurnedAwayError as error:
            return _problem(HTTPStatus.CONFLICT, str(error))

    def _show_faults(self, _fields: Fields) -> Answer:
        return _shown(self._game.faults.as_json())

    def _change_faults(self, fields: Fields) -> Answer:
        self._game.faults.merge(fields)
        self._rest.follow_faults()
        return self._show_faults(fields)

    def _show_calls(self, _fields: Fields) -> Answer:
        return _shown(self._calls.list_calls())

    def _join(self, fields: Fields) -> Answer:
        name = _field(fields, "name", str)
        newcomer = Newcomer(name, name, _field(fields, "userId", str, make_user_id(name)), _ADDRESS)
        player = self._game.connect(newcomer)
        if not _field(fields, "loading", bool, False):
            self._game.enter(player)
        return _shown(player.for_rest())

    def _leave(self, user_id: str) -> Answer:
        if self._game.leave(user_id):
            return _shown({})
        return _problem(HTTPStatus.NOT_FOUND, "nobody with this userId is connected")

    def _change_world(self, fields: Fields) -> Answer:
        self._game.world.days = _field(fields, "days", int)
        return _shown({"days": self._game.world.days, "save_number": self._game.world.save_number})

    def _say(self, fields: Fields) -> Answer:
        line = _field(fields, "line", str)
        stream = _field(fields, "stream", str, "stdout")
        if stream not in ("stdout", "stderr"):
            raise ControlError("stream must be stdout or stderr")
        count = _field(fields, "repeat", int, 1)
        if count not in range(1, _MOST_LINES + 1):
            raise ControlError(f"repeat must be 1 to {_MOST_LINES}")
        if count == 1:
            self._game.console.say(line, cast(Stream, stream))
        else:
            self._game.console.flood(line, cast(Stream, stream), count)
        return _shown({})

    def _crash(self, fields: Fields) -> Answer:
        exit_code = _field(fields, "exit_code", int, 139)
        if exit_code not in range(256):
            raise ControlError("exit_code must be 0 to 255")
        return Answer(then=partial(crash_process, self._game.console, exit_code))


def _read_fields(request: Request) -> Fields:
    try:
        fields = json.loads(request.body or b"{}")
    except ValueError as error:
        raise ControlError("the body is not JSON") from error
    if not isinstance(fields, dict):
        raise ControlError("the body is not an object")
    return fields


def _field(fields: Fields, name: str, kind: type, default: object = None) -> Any:
    value = fields.get(name, default)
    if type(value) is not kind:
        raise ControlError(f"{name} must be of type {kind.__name__}")
    return value


def _shown(value: object) -> Answer:
    return Answer(body=json.dumps(value).encode(), content_type=JSON)


def _problem(status: HTTPStatus, text: str) -> Answer:
    return Answer(status, json.dumps({"error": text}).encode(), JSON)
