"""Every open WebSocket: one writer each that keeps frames whole, and one watch over all of them."""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import Semaphore
from simple_websocket import ConnectionClosed, Server

from palserver.background import Background
from palserver.fanout import Subscription
from palserver.services.accounts.auth import ROLES, Auth, SignedIn
from palserver.services.instances import Instances
from palserver.turns import Turn

log = logging.getLogger(__name__)

SIGNED_OUT, RIGHT_LOST, INSTANCE_GONE, GOING_AWAY = 4401, 4403, 4404, 1001

CHECK_SECONDS = 1.0
PING_SECONDS = 20.0
SILENT_SECONDS = 45.0
STALLED_SECONDS = 15.0
SEND_BUFFER_BYTES = 256 * 1024
PING_FRAME = b"\x89\x00"


def encode_text_head(size: int) -> bytes:
    """What stands before the payload of one unmasked, final text frame (RFC 6455, 5.2)."""
    if size < 126:
        return b"\x81" + bytes((size,))
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


class LateThread(Thread):
    """Reads for a simple-websocket `Server`, which starts it before there is a viewer.

    Until then it would read from the bare socket, which never gives way, and keep all that comes.
    """

    def start(self) -> None:
        pass

    def begin(self) -> None:
        super().start()


class Viewer:
    """Stands in for the socket of a simple-websocket `Server`.

    That library calls `socket.send` and takes it for granted that all went out; under gevent a slow reader
    would get parts of frames. Here every byte, pongs and closes included, passes one lock and leaves whole.
    """

    def __init__(self, ws: Server, handler: Any, user: SignedIn, role: str, instance: str | None) -> None:
        self.user, self.role, self.instance = user, role, instance
        self.received_at = time.monotonic()
        self._sending_since: float | None = None
        self._closed = Event()
        self._subscription: Subscription[Any] | None = None
        self._ws = ws
        self._socket: socket.socket = ws.sock
        self._lock = Semaphore()
        self._turn = Turn()
        handler.close_connection = True  # else the server would go on reading HTTP requests from it
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        ws.input_buffer = deque(maxlen=0)  # what viewers send is not read, so it must not pile up
        ws.sock = self
        ws.thread.begin()

    @property
    def is_stalled(self) -> bool:
        """A send has made no progress for a while: the reader is frozen, or gone without a word."""
        since = self._sending_since
        return since is not None and time.monotonic() - since > STALLED_SECONDS

    @property
    def is_silent(self) -> bool:
        return time.monotonic() - self.received_at > SILENT_SECONDS

    def send(self, data: bytes) -> int:
        """Write all of `data`, or raise OSError. Waits for a slow reader, and holds up nobody else."""
        self._send_all(b"", data)
        return len(data)

    def send_json(self, payload: bytes) -> None:
        """The payload is the same for all viewers, and nearly always leaves without being copied for one."""
        self._send_all(encode_text_head(len(payload)), payload)

    def _send_all(self, head: bytes, payload: bytes) -> None:
        with self._lock:
            self._sending_since = time.monotonic()
            try:
                sent = self._socket.sendmsg((head, payload))
                rest = memoryview(head + payload)[sent:] if sent < len(head) + len(payload) else b""
                while rest:
                    self._sending_since = time.monotonic()
                    rest = rest[self._socket.send(rest) :]
            finally:
                self._sending_since = None

    def ping(self) -> None:
        if not self._lock.locked():
            self.send(PING_FRAME)

    def recv(self, size: int) -> bytes:
        """Gives way: a viewer that floods us with frames would hold up everybody else."""
        self._turn.rest()
        self.received_at = time.monotonic()
        data: bytes = self._socket.recv(size)
        self.received_at = time.monotonic()
        return data

    def follow(self, subscription: Subscription[Any]) -> None:
        """End `subscription` when this viewer goes, so that a view waiting on it wakes up."""
        self._subscription = subscription
        if self._closed.is_set():
            subscription.end()

    def end(self, code: int) -> None:
        """Say good-bye with `code`, wait a second at most for the answer, and close."""
        with gevent.Timeout(1.0, False), suppress(ConnectionClosed, OSError):  # or it has gone already
            self._ws.close(code)
            self._closed.wait()
        self.close()

    def close(self) -> None:
        """Also called by simple-websocket's reader when the other side has gone; wakes everybody waiting."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._subscription is not None:
            self._subscription.end()
        with suppress(OSError):  # not connected any more
            # Closing alone is not enough: the server holds a duplicate of this descriptor.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Viewers:
    """All open viewers. Ends those whose session, right or instance is gone, and those that froze."""

    def __init__(self, background: Background, auth: Auth, instances: Instances) -> None:
        self._auth = auth
        self._instances = instances
        self._open: set[Viewer] = set()
        self._pinged_at = time.monotonic()
        self._background = background
        background.supervise("viewers", self._watch)

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def open(
        self, ws: Server, handler: Any, user: SignedIn, role: str, instance: str | None
    ) -> Iterator[Viewer]:
        """Count a viewer in while its view runs. An OSError inside means that it left, which is no error.

        Raises ConnectionClosed, which flask-sock takes for an end in order, when it left before it was here.
        """
        try:
            viewer = Viewer(ws, handler, user, role, instance)
        except OSError as error:
            raise ConnectionClosed() from error
        self._open.add(viewer)
        try:
            yield viewer
            viewer.end(1000)
        except (OSError, ConnectionClosed):
            log.debug("A viewer left")
        finally:
            self._open.discard(viewer)
            viewer.close()

    def end_all(self) -> None:
        """The process is stopping: tell everybody, at most a second each and all at once."""
        farewells = [self._background.spawn("end viewer", viewer.end, GOING_AWAY) for viewer in self._open]
        gevent.joinall(farewells, timeout=1.5)

    def _watch(self) -> None:
        while True:
            gevent.sleep(CHECK_SECONDS)
            is_ping_due = time.monotonic() - self._pinged_at > PING_SECONDS
            if is_ping_due:
                self._pinged_at = time.monotonic()
            for viewer in list(self._open):
                self._check(viewer, is_ping_due)

    def _check(self, viewer: Viewer, is_ping_due: bool) -> None:
        code = self._find_reason_to_end(viewer)
        if code is not None:
            self._background.spawn("end viewer", viewer.end, code)
        elif viewer.is_stalled or viewer.is_silent:
            viewer.close()
        elif is_ping_due:
            self._background.spawn("ping viewer", _ping, viewer)

    def _find_reason_to_end(self, viewer: Viewer) -> int | None:
        user = self._auth.find_signed_in(viewer.user.session_id)
        if user is None:
            return SIGNED_OUT
        if user.must_change_password or ROLES.index(user.role) < ROLES.index(viewer.role):
            return RIGHT_LOST
        if viewer.instance is not None and self._instances.find(viewer.instance) is None:
            return INSTANCE_GONE
        return None


def _ping(viewer: Viewer) -> None:
    try:
        viewer.ping()
    except OSError:
        viewer.close()
