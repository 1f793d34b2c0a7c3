"""gevent's WSGI server with what it lacks: no 44 ms answers, idle time-outs, an orderly stop."""

from __future__ import annotations

import io
import logging
import resource
import socket
import time
from collections import Counter
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from typing import Any

from flask import Flask
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from palserver.errors import ShuttingDown
from palserver.web.problems import render
from palserver.web.request_reader import RequestReader

log = logging.getLogger(__name__)

IDLE_SECONDS = 75
MAX_CONNECTIONS = 4000
# How many files may be open at once. A connection takes two when it is a WebSocket, and however many come in,
# jobs, the database and the engine must find some left.
OPEN_FILES = 2 * MAX_CONNECTIONS + 1000
KEPT_FILES = 256
HANDLER = "palserver.handler"


class Handler(WSGIHandler):  # type: ignore[misc] # gevent comes without types
    """One connection. Views reach it through the WSGI environment under `HANDLER`."""

    _joined: bytearray | None = None

    def __init__(self, connection: socket.socket, address: Any, server: HttpServer) -> None:
        self._reader = RequestReader(connection)
        super().__init__(connection, address, server, io.BufferedReader(self._reader))

    def handle(self) -> None:
        """A connection that neither asks nor reads for a while is closed: it would be held for ever."""
        self.socket.settimeout(IDLE_SECONDS)
        super().handle()

    def handle_one_request(self) -> Any:
        self._reader.begin_request()
        return super().handle_one_request()

    def read_request(self, raw_requestline: str) -> Any:
        """Raises ValueError, which is answered with 400."""
        try:
            is_read = super().read_request(raw_requestline)
        except HTTPException as error:
            raise ValueError(str(error)) from error
        if is_read and _is_ambiguous(self.headers):
            raise ValueError("It has several ends.")
        return is_read

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[HANDLER] = self
        # simple-websocket accepts compression whenever it is offered: 240 KiB and triple CPU for each viewer.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return environ

    def handle_one_response(self) -> None:
        self._reader.turn.rest()  # also between requests that came together
        self.server.active_requests += 1
        try:
            if self.server.is_stopping:
                self.application = _refuse
            super().handle_one_response()
            if self._reader.is_used_up:
                self.close_connection = True
        finally:
            self.server.active_requests -= 1

    def finalize_headers(self) -> None:
        """An answer to HEAD has no body, and so no last chunk of one: it would be read as the next answer."""
        super().finalize_headers()
        if self.command == "HEAD":
            self.response_use_chunked = False

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

    def __init__(self, listener: socket.socket, app: Flask, max_connections: int | None = None) -> None:
        max_connections = max_connections or _count_connections()
        super().__init__(listener, app, spawn=Pool(max_connections), log=None, error_log=log)
        self._max_from_one = max_connections // 2
        self._open: Counter[str] = Counter()
        self.active_requests = 0
        self.is_stopping = False

    def handle(self, connection: socket.socket, address: tuple[Any, ...]) -> None:
        """No other host may take more than half of the connections; on this one there may be a proxy."""
        host = str(address[0])
        self._open[host] += 1
        try:
            if self._open[host] <= self._max_from_one or ip_address(host).is_loopback:
                super().handle(connection, address)
            else:
                connection.close()
        finally:
            self._open[host] -= 1
            if self._open[host] == 0:
                del self._open[host]


def _count_connections() -> int:
    """How many there may be, once as many files may be open as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, min(MAX_CONNECTIONS, (allowed - KEPT_FILES) // 2))


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


def _is_ambiguous(headers: HTTPMessage) -> bool:
    """Whether a proxy in front of us may think that the request ends elsewhere, and slip in another one."""
    lengths = [length.strip(" \t") for length in headers.get_all("Content-Length", [])]
    codings = [coding.lower() for coding in headers.get_all("Transfer-Encoding", [])]
    is_length_plain = all(length.isascii() and length.isdigit() for length in lengths)
    return len(lengths) > 1 or not is_length_plain or codings not in ([], ["chunked"])


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
