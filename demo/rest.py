"""The REST port: who may call what, what the log says of it, and the faults on the way."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from threading import Lock

from demo import orders, reading
from demo.calls import CallRecord
from demo.game import Game
from demo.wire import Answer, Door, Request, engine_error

_BASE = "/v1/api"
_ENDPOINTS: dict[tuple[str, str], Callable[[Game, Request], Answer]] = {
    ("GET", f"{_BASE}/info"): reading.info,
    ("GET", f"{_BASE}/players"): reading.players,
    ("GET", f"{_BASE}/settings"): reading.settings,
    ("GET", f"{_BASE}/metrics"): reading.metrics,
    ("GET", f"{_BASE}/game-data"): reading.game_data,
    ("POST", f"{_BASE}/announce"): orders.announce,
    ("POST", f"{_BASE}/kick"): orders.kick,
    ("POST", f"{_BASE}/ban"): orders.ban,
    ("POST", f"{_BASE}/unban"): orders.unban,
    ("POST", f"{_BASE}/save"): orders.save,
    ("POST", f"{_BASE}/shutdown"): orders.shutdown,
    ("POST", f"{_BASE}/stop"): orders.stop,
}
_GARBAGE = b"<html>\x00\xff not what you came for"


class RestApi:
    """The REST API of one game, and the door it is reached through."""

    def __init__(self, game: Game, calls: CallRecord, idle_seconds: float) -> None:
        self._game = game
        self._calls = calls
        self._idle_seconds = idle_seconds
        self._door: Door | None = None
        self._is_started = False
        self._lock = Lock()

    @property
    def port(self) -> int:
        """The port the settings name."""
        return int(self._game.settings.number("RESTAPIPort"))

    def start(self) -> None:
        """Open the door, the game being ready; raises OSError when the port is taken."""
        self._is_started = True
        self.follow_faults()

    def follow_faults(self) -> None:
        """Close the door when connections are to be refused, and open it again when they are not."""
        with self._lock:
            is_wanted = self._is_started and not self._game.faults.current.refuse
            if is_wanted and self._door is None:
                self._door = Door(self.port, self.respond, self._idle_seconds)
                self._door.open()
            elif not is_wanted and self._door is not None:
                self._door.close()
                self._door = None

    def respond(self, request: Request) -> Answer | None:
        """Answer a call, or return None to drop it, as the faults will have it."""
        self._calls.add(request)
        was_hanging = self._game.faults.wait_while_hanging()
        faults = self._game.faults.current
        if was_hanging or faults.drop_connections or faults.refuse:
            return None
        if faults.garbage_status is not None:
            return Answer(faults.garbage_status, _GARBAGE)
        answer = self._answer(request)
        if faults.bad_json and request.method == "GET" and answer.status == HTTPStatus.OK:
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.method == "POST" and request.body is None:
            return engine_error(HTTPStatus.LENGTH_REQUIRED, "missing_content_length_header")
        endpoint = _ENDPOINTS.get((request.method, request.path))
        if endpoint is None:
            return engine_error(HTTPStatus.NOT_FOUND, "route_handler_not_found")
        refusal = self._refusal(request)
        if refusal:
            # A stranger's call is logged under the root, wherever it went.
            self._game.console.access("/", refusal)
            challenge = {"www-authenticate": 'Basic realm="Pal"'}
            return Answer(HTTPStatus.UNAUTHORIZED, refusal.encode(), headers=challenge)
        try:
            answer = endpoint(self._game, request)
        except orders.OrderError as error:
            answer = Answer(HTTPStatus.BAD_REQUEST, str(error).encode())
        self._game.console.access(request.path, HTTPStatus(answer.status).phrase)
        return answer

    def _refusal(self, request: Request) -> str | None:
        password = self._game.settings.text("AdminPassword")
        if not password:
            return "Unauthorized (AdminPassword is empty)"
        expected = base64.b64encode(f"admin:{password}".encode()).decode()
        is_known = request.headers.get("authorization", "") == f"Basic {expected}"
        return None if is_known and not self._game.faults.current.unauthorized else "Unauthorized"
