"""A program of its own: ten people who sign in, all of them once a second. `sign_in_all` starts it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.wire import LOOPBACK
from tests.panel import FIRST_PASSWORD, Panel

PEOPLE = 10


def add_people(panel: Panel) -> None:
    for number in range(PEOPLE):
        body = {"username": f"person{number}", "password": FIRST_PASSWORD, "role": "viewer"}
        assert panel.call("POST", "/api/users", body).status_code == 201


@contextmanager
def sign_in_all(panel: Panel) -> Iterator[None]:
    """While the block runs. Fails when nobody got in."""
    command = [sys.executable, "-m", "bench.signing_in", str(panel.port), FIRST_PASSWORD]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield
        output, _ = process.communicate("", timeout=60)
    finally:
        process.kill()
        process.wait()
    assert int(output) > 0, "nobody could sign in"


def main(port: int, password: str) -> None:
    """Until the standard input ends; then say how many sign-ins there were."""
    done = threading.Event()
    signed_in: list[int] = []
    people = [
        threading.Thread(target=_sign_in, args=(port, f"person{number}", password, done, signed_in))
        for number in range(PEOPLE)
    ]
    for person in people:
        person.start()
    sys.stdin.read()
    done.set()
    for person in people:
        person.join()
    sys.stdout.write(str(len(signed_in)))


def _sign_in(port: int, username: str, password: str, done: threading.Event, signed_in: list[int]) -> None:
    body = json.dumps({"username": username, "password": password})
    while not done.is_set():
        again_at = time.monotonic() + 1.0
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        connection.request("POST", "/api/auth/login", body, {"Content-Type": "application/json"})
        if connection.getresponse().status == 200:  # or 429, which tells to wait
            signed_in.append(1)
        connection.close()
        done.wait(max(0.0, again_at - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
