"""Clients that no browser is: what they send harms nobody but themselves."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path

import docker
import pytest

from palserver.web.http_server import HttpServer, open_listener
from palserver.web.request_reader import MAX_REQUEST_BYTES
from tests.panel import PROJECT, Panel
from tests.waiting import wait_until

POST = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
HANDSHAKE = (
    b"GET /api/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
# A process of its own, so that it is as fast as somebody else's would be. What comes back is thrown away.
SENDER = """
import socket, sys, threading
port, first, again = int(sys.argv[1]), *map(bytes.fromhex, sys.argv[2:])
connection = socket.create_connection(("127.0.0.1", port))
def take():
    while connection.recv(1 << 20):
        pass
threading.Thread(target=take, daemon=True).start()
connection.sendall(first)
print("begun", flush=True)
while True:
    connection.sendall(again * 10_000)
"""


@contextmanager
def flood(panel: Panel, first: bytes, again: bytes) -> Iterator[None]:
    """Somebody sends `first` and then `again` for ever, on one connection."""
    arguments = [sys.executable, "-c", SENDER, str(panel.port), first.hex(), again.hex()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as sender:
        try:
            assert sender.stdout is not None
            assert sender.stdout.readline() == b"begun\n"
            yield
        finally:
            sender.kill()


def send(panel: Panel, data: bytes) -> bytes:
    """What comes back to it before the connection is closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", panel.port), 30) as connection:
        connection.sendall(data)
        while piece := connection.recv(65536):
            received += piece
    return received


def bearer(panel: Panel) -> bytes:
    panel.token = panel.token or panel.sign_in()
    return f"Authorization: Bearer {panel.token}\r\n".encode()


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (CHUNKED, b"1\r\n \r\n"),
        (CHUNKED, b"1;" + b"x" * 50 + b"\r\n \r\n"),
        (CHUNKED + b"0\r\n", b"a: b\r\n"),
        (b"", HEALTH),
    ],
    ids=["small chunks", "extensions", "trailers", "requests"],
)
def test_a_flood_holds_up_nobody_else(panel, first, again):
    """While one connection, signed in nowhere, sends faster than it is read, others get their answers."""
    with flood(panel, first, again):
        for _ in range(10):
            assert panel.call("GET", "/health", token="", timeout=60).status_code == 200


@pytest.mark.parametrize("frame", [b"\x89\x80\0\0\0\0", b"\x81\x80\0\0\0\0"], ids=["pings", "texts"])
def test_a_viewer_that_floods_holds_up_nobody_else(panel, frame):
    """Its frames are read, those that come with the handshake too, and others have their turns in between."""
    with flood(panel, HANDSHAKE + bearer(panel) + b"\r\n" + frame * 5_000, frame):
        for _ in range(10):
            assert panel.call("GET", "/health", token="", timeout=60).status_code == 200


def test_a_body_without_an_end_is_cut_off(panel):
    """After the refusal the rest is thrown away, but not for ever."""
    body = b"x" * 1024 * 1024
    with socket.create_connection(("127.0.0.1", panel.port), 30) as connection:
        connection.sendall(POST + b"Content-Length: 1000000000000\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(10 * MAX_REQUEST_BYTES // len(body)):
                connection.sendall(body)


def test_the_answer_to_a_head_has_no_body(panel, game):
    """Not even the end of one, which the next answer on the same connection would begin with."""
    panel.adopt(game.name)
    path = f"/api/instances/{game.name}/logs".encode()
    head = b"HEAD " + path + b" HTTP/1.1\r\nHost: x\r\n" + bearer(panel) + b"\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    first, _, rest = send(panel, head + last).partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200")
    assert rest.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 0_2\r\n\r\n{}",
        b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 2\r\n\r\n{}",
        b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_request_with_several_ends_is_refused(panel, headers):
    """A proxy that reads it in another way could be made to hand on a second one that nobody has checked."""
    answer = send(panel, POST + headers)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.lower().count(b"http/1.1") == 1
    assert b"connection: close" in answer.lower()


def test_too_many_headers_are_no_news(panel):
    """They are refused, and leave one line in the log and no stack trace."""
    headers = b"".join(b"X-%d: y\r\n" % number for number in range(200))
    assert send(panel, b"GET /health HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n").startswith(b"HTTP/1.1 400")
    assert "Traceback" not in panel.read_log()


@pytest.mark.parametrize(
    "headers",
    [
        b"Sec-WebSocket-Version: 13\r\n",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        b"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    ],
)
def test_half_a_handshake_is_invalid(panel, headers):
    """Somebody who is signed in and opens a WebSocket in the wrong way gets a 400 that says so."""
    upgrade = b"GET /api/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = send(panel, upgrade + headers + bearer(panel) + b"\r\n" + last)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"key":"invalid"' in answer
    assert "Traceback" not in panel.read_log()


def test_many_connections_leave_files_for_the_rest(make_panel, tmp_path):
    """Whoever opens as many as he likes does not keep the panel from opening what it needs."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("palserver", "migrations.py"):
        (project / name).symlink_to(PROJECT / name)
    limits = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (300, 400))\n"
    (project / "app.py").write_text(limits + (PROJECT / "app.py").read_text(encoding="utf-8"))
    panel = make_panel(PYTHONPATH=str(PROJECT))
    panel.project = project
    panel.start()
    panel.sign_in()
    assert panel.get("/api/host")["memory_total_bytes"] is not None
    before = count_descriptors(panel)
    with ExitStack() as stack:
        for _ in range(400):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", panel.port))
        wait_until(lambda: count_descriptors(panel) > before + 50, "many are open")
        for _ in range(3):
            assert panel.get("/api/host")["memory_total_bytes"] is not None
    wait_until(lambda: panel.call("GET", "/health", token="").status_code == 200, "others come in again")


def count_descriptors(panel: Panel) -> int:
    assert panel.process is not None
    return len(list(Path(f"/proc/{panel.process.pid}/fd").iterdir()))


def find_bridge_address(engine: docker.DockerClient) -> str:
    """This host's own in the network of its containers; an engine that found it there does not name it."""
    (network,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    return str(network.get("Gateway") or next(ip_network(network["Subnet"]).hosts()))


def test_another_host_may_take_half_of_the_connections(app, engine):
    """One more is closed at once, and others still come in."""
    ours = find_bridge_address(engine)
    everywhere = "0.0.0.0"  # noqa: S104 - so that one host can come from two addresses
    server = HttpServer(open_listener(everywhere, 0), app, max_connections=8)
    server.start()
    try:
        with ExitStack() as stack:
            held = [
                stack.enter_context(socket.create_connection((ours, server.address[1]), 30)) for _ in range(5)
            ]
            for connection in held[:4]:
                connection.sendall(HEALTH)
                assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            assert held[4].recv(1) == b""
            local = stack.enter_context(socket.create_connection(("127.0.0.1", server.address[1]), 30))
            local.sendall(HEALTH)
            assert local.recv(65536).startswith(b"HTTP/1.1 200")
            held[0].close()
            wait_until(lambda: server.pool.free_count() == 4, "one is gone")
            again = stack.enter_context(socket.create_connection((ours, server.address[1]), 30))
            again.sendall(HEALTH)
            assert again.recv(65536).startswith(b"HTTP/1.1 200")
    finally:
        server.stop(timeout=0)
