"""gevent's WSGI server with what it lacks: no 44 ms answers, idle time-outs, an orderly stop."""

from __future__ import annotations

import logging
import socket
import time
from typing import Any

from flask import Flask
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from palserver.errors import ShuttingDown
from palserver.web.problems import render

log = logging.getLogger(__name__)

IDLE_SECONDS = 75
MAX_CONNECTIONS = 4000
HANDLER = "palserver.handler"


class Handler(WSGIHandler):  # type: ignore[misc] # gevent comes without types
    """One connection. Views reach it through the WSGI environment under `HANDLER`."""

    _joined: bytearray | None = None

    def handle(self) -> None:
        """A connection that neither asks nor reads for a while is closed: it would be held for ever."""
        self.socket.settimeout(IDLE_SECONDS)
        super().handle()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[HANDLER] = self
        # simple-websocket accepts compression whenever it is offered: 240 KiB and triple CPU for each viewer.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return environ

    def handle_one_response(self) -> None:
        self.server.active_requests += 1
        try:
            if self.server.is_stopping:
                self.application = _refuse
            super().handle_one_response()
        finally:
            self.server.active_requests -= 1

    def _write_with_headers(self, data: bytes) -> None:
        """Header and body leave in one send; two small ones wait for each other's acknowledgement."""
        joined = self._joined = bytearray()
        try:
            super()._write_with_headers(data)
        finally:
            self._joined = None
        self._sendall(bytes(joined))

    def _sendall(self, data: bytes) -> None:
        if self._joined is None:
            super()._sendall(data)
        else:
            self._joined += data

    def log_request(self) -> None:
        """Paths only: query strings carry tickets."""
        path = self.environ.get("PATH_INFO", "-") if self.environ else "-"
        milliseconds = (self.time_finish - self.time_start) * 1000
        log.debug("%s %s %s %.1f ms", self.command, path, self.code, milliseconds)


class HttpServer(WSGIServer):  # type: ignore[misc] # gevent comes without types
    """Serves `app` on `listener`. `is_stopping` refuses new requests; `active_requests` counts open ones."""

    handler_class = Handler

    def __init__(self, listener: socket.socket, app: Flask) -> None:
        super().__init__(listener, app, spawn=Pool(MAX_CONNECTIONS), log=None, error_log=log)
        self.active_requests = 0
        self.is_stopping = False


def open_listener(host: str, port: int) -> socket.socket:
    """A listening socket whose connections send at once (`TCP_NODELAY` is inherited). Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _refuse(environ: dict[str, Any], start_response: Any) -> Any:
    response = render(ShuttingDown())
    response.headers["Connection"] = "close"
    return response(environ, start_response)


def wait_for_requests(server: HttpServer, deadline: float) -> bool:
    """Wait until no request is open; False when the monotonic `deadline` came first."""
    while server.active_requests > 0:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True
