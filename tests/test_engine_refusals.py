"""What the engine refuses, in the words of several of its versions, and what it refuses only for a moment."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from palserver import errors
from palserver.clients.engine import Engine
from palserver.clients.engine_refusals import NotNow, translate

ENDPOINT = "driver failed programming external connectivity on endpoint alpha (0b1c2d)"
TAKEN = "address already in use"
STOPPED = "Cannot update container 0b1c: cannot update a stopped container: unknown"
REMOVING = "removal of container alpha is already in progress"
READ = 'container 0b1c: driver "overlay2" failed to remove root filesystem: unlinkat /x: directory not empty'


class UnwillingEngine:
    """Refuses each call so many times, in its own words, before it does it."""

    def __init__(self, folder: Path, status: int, words: str, times: int, call_seconds: int) -> None:
        self.calls: list[str] = []
        self._server = socketserver.ThreadingUnixStreamServer(str(folder / "engine.sock"), self._handler())
        self._refusal = (status, {"message": words})
        self._times = times
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.engine = Engine({"DOCKER_HOST": f"unix://{folder}/engine.sock"}, call_seconds)

    def answer(self, call: str) -> tuple[int, object]:
        if "/version" in call:
            return 200, {"ApiVersion": "1.41", "Version": "1"}
        self.calls.append(call)
        return self._refusal if len(self.calls) <= self._times else (200, {})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        unwilling = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = unwilling.answer(f"{self.command} {self.path}")
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self.do_POST()

            def do_DELETE(self) -> None:
                self.do_POST()

            def log_message(self, *arguments: object) -> None:
                """The test says what it looks for."""

        return Handler

    def close(self) -> None:
        self.engine.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def make_unwilling(tmp_path: Path) -> Iterator[object]:
    made: list[UnwillingEngine] = []

    def make(status: int, words: str, times: int, call_seconds: int = 20) -> UnwillingEngine:
        made.append(UnwillingEngine(tmp_path, status, words, times, call_seconds))
        return made[-1]

    yield make
    for unwilling in made:
        unwilling.close()


@pytest.mark.parametrize(
    ("words", "port"),
    [
        (f"{ENDPOINT}: Bind for 0.0.0.0:8211 failed: port is already allocated", 8211),
        (f"{ENDPOINT}: Bind for :::8211 failed: port is already allocated", 8211),
        (f"{ENDPOINT}: Error starting userland proxy: listen udp4 0.0.0.0:8211: bind: {TAKEN}", 8211),
        (
            f"failed to set up container networking: {ENDPOINT}: failed to bind host port for "
            f"127.0.0.1:8212:172.17.0.2:8212/tcp: {TAKEN}",
            8212,
        ),
        ("failed to bind host port [::1]:8212/tcp: address already in use", 8212),
        ("Ports are not available: exposing port UDP 0.0.0.0:8211 -> 127.0.0.1:0: listen udp", 8211),
        ("rootlessport: address already in use", None),
    ],
)
def test_a_port_that_is_taken_is_told_by_its_number(words, port):
    """Whichever version of the engine says so; where none is named, that a port is."""
    error = translate(words)
    assert isinstance(error, errors.PortInUse)
    assert error.port == port
    assert (str(port) in error.detail) == (port is not None)


@pytest.mark.parametrize("status_words", [(500, STOPPED), (409, "Cannot update container a: marked")])
def test_a_restart_policy_is_set_on_one_that_ends_this_moment(make_unwilling, status_words):
    """The engine refuses while it has not noticed the end: it is asked again until it has."""
    unwilling = make_unwilling(*status_words, times=2)
    unwilling.engine.set_restart_policy("alpha", {"Name": "no"})
    assert len(unwilling.calls) == 3


@pytest.mark.parametrize("status_words", [(409, REMOVING), (500, READ)])
def test_one_that_is_being_removed_or_read(make_unwilling, status_words):
    """By the panel of before, perhaps, which was killed, or by a poll: the end of that is waited for."""
    unwilling = make_unwilling(*status_words, times=2)
    unwilling.engine.remove("alpha")
    assert len(unwilling.calls) == 3


def test_an_engine_that_never_ends_it_is_not_asked_for_ever(make_unwilling):
    """It is what it is: refused."""
    unwilling = make_unwilling(409, REMOVING, times=1000, call_seconds=2)
    with pytest.raises(NotNow) as raised:
        unwilling.engine.remove("alpha")
    assert raised.value.key == "engine_refused"


def test_what_is_refused_for_good_is_asked_for_once(make_unwilling):
    """Asking again would change nothing."""
    unwilling = make_unwilling(500, "something else", times=1000)
    with pytest.raises(errors.EngineRefused):
        unwilling.engine.remove("alpha")
    assert len(unwilling.calls) == 1
