"""HTTP as the engine's built-in server speaks it: small, kept alive for a while, errors of its own make."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any

PLAIN = "text/plain;charset=utf-8"
JSON = "application/json"
_LARGEST_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One call; `headers` by lower-case names, `body` None when no length was given."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send; `then` is done after the last byte has left."""

    status: int = 200
    body: bytes = b""
    content_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)
    then: Callable[[], None] | None = None


Respond = Callable[[Request], Answer | None]


def engine_error(status: int, name: str) -> Answer:
    """An error the engine answers by itself, before the game hears of the call."""
    error = {"errorCode": f"errors.com.epicgames.httpserver.{name}", "errorMessage": ""}
    return Answer(status, json.dumps(error, separators=(",", ":")).encode(), JSON)


class Door(ThreadingMixIn, TCPServer):
    """A listener on all addresses; `respond` answers, or returns None to drop the connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, respond: Respond, idle_seconds: float) -> None:
        self.respond = respond
        self.idle_seconds = idle_seconds
        super().__init__(("", port), _Connection)

    def open(self) -> None:
        """Begin to answer."""
        Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        """Stop listening, so that new connections are refused."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    server: Door
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.idle_seconds)

    def answer(self) -> None:
        try:
            body = self._read_body()
        except ValueError:
            self._send_last(engine_error(HTTPStatus.LENGTH_REQUIRED, "invalid_content_length_header"))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path.partition("?")[0], headers, body)
        answer = self.server.respond(request)
        if answer is None:
            self.close_connection = True
        elif body is None and self.command != "GET":
            self._send_last(answer)
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the base class's names

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class finds wrong with a request, in the engine's words."""
        is_verb = code == HTTPStatus.NOT_IMPLEMENTED
        self._send_last(
            engine_error(HTTPStatus.METHOD_NOT_ALLOWED, "unknown_request_verb")
            if is_verb
            else engine_error(code, "malformed_request_header")
        )

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the real server prints its own line for a call, and none for a broken one."""

    def _read_body(self) -> bytes | None:
        length = self.headers.get("content-length")
        if length is None:
            return None
        count = int(length)
        if count not in range(_LARGEST_BODY_BYTES + 1):
            raise ValueError(f"a body of {count} bytes")
        return self.rfile.read(count)

    def _send_last(self, answer: Answer) -> None:
        # What follows on this connection may be the body of a call that had no length.
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        is_kept = not self.close_connection
        headers = {
            "content-type": answer.content_type,
            "content-length": str(len(answer.body)),
            "connection": "keep-alive" if is_kept else "close",
            **({"keep-alive": f"timeout={self.server.idle_seconds:f}"} if is_kept else {}),
            **answer.headers,
        }
        phrase, _ = self.responses.get(answer.status, ("Unknown", ""))
        head = f"HTTP/1.1 {answer.status} {phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        # One write: a head and a body in two would wait for each other in the client's kernel.
        self.wfile.write(head.encode("latin-1") + b"\r\n" + answer.body)
        if answer.then:
            answer.then()
