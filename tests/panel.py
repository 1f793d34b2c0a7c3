"""A panel as its owner runs it: `python app.py`, in a process, a folder and on a port of its own."""

from __future__ import annotations

import functools
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import jwt
import requests
from websockets.sync.client import ClientConnection, connect

from tests.waiting import wait_until

PROJECT = Path(__file__).parent.parent
PASSWORD = "correct horse"
FIRST_PASSWORD = "set by an admin"


# Below the range that the kernel takes the ports of outgoing connections from, and beside the game's own.
PORTS = range(10_000, 25_000)
OF_A_RUN = 1_000  # so many are one run's alone
_turns = itertools.count()


def find_free_port() -> int:
    """One that nothing listens on, neither by TCP nor by UDP; each call of a run returns another one."""
    ports, _ = _reserve_ports()
    for turn in itertools.islice(_turns, len(ports)):
        port = ports[turn % len(ports)]
        if all(_is_free(port, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port
    raise AssertionError("no port is free")


@functools.cache
def _reserve_ports() -> tuple[range, socket.socket]:
    """A part of them, and what keeps it from other runs for as long as this one lives.

    Between the choice of a port and its use there are seconds, in which another run might take it as well:
    the panel that comes second ends then, and its test talks to the first one, until that is gone.
    """
    for first in range(PORTS.start, PORTS.stop, OF_A_RUN):
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(f"\0palserver-tests-{first}")
        except OSError:
            lock.close()
        else:
            return range(first, first + OF_A_RUN), lock
    raise AssertionError("other runs have all ports")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


class Panel:
    """Starts at once; `stop` ends it as SIGTERM does, `kill` as a power cut does, `start` starts it again."""

    project = PROJECT  # where its code is
    command: tuple[str, ...] = (sys.executable,)
    open: ClassVar[set[Panel]] = set()  # their logs are shown beside a failure

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "panel.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PALSERVER_BASE_DIR": str(folder),
            "PALSERVER_PORT": str(self.port),
            "PALSERVER_ADMIN_PASSWORD": PASSWORD,
            "PYTHONFAULTHANDLER": "1",  # should it die of a signal, its log says where
            **{name: os.environ[name] for name in os.environ if name.startswith("DOCKER_")},
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""
        self.http = requests.Session()
        self.open.add(self)

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the process and do not wait for it to listen."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "app.py", *arguments],
                cwd=self.project,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def start(self) -> None:
        """Start, and wait until it serves."""
        process = self.launch()

        def serves() -> bool:
            assert process.poll() is None, f"the panel ended:\n{self.read_log()}"
            try:
                return self.http.get(f"{self.url}/health", timeout=5).status_code == 200
            except requests.RequestException:
                return False

        wait_until(serves, "the panel serves")

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        self.open.discard(self)
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def describe(self) -> str:
        """Whether its process runs, or how it ended."""
        if self.process is None:
            return "was not started"
        code = self.process.poll()
        return f"runs as {self.process.pid}" if code is None else f"ended with the exit code {code}"

    def read_log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def sign_in(self, username: str = "admin", password: str = PASSWORD) -> str:
        """Sign in and return the access token."""
        answer = self.call("POST", "/api/auth/login", {"username": username, "password": password}, token="")
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def _get_token(self) -> str:
        """One that lasts for a while yet: the tests of a file may take longer than the first one does."""
        if not self.token or _read_end(self.token) < time.time() + 300:
            self.token = self.sign_in()
        return self.token

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None, **options: Any
    ) -> requests.Response:
        """One request as the admin, or with another `token`, or with none (`""`)."""
        token = self._get_token() if token is None else token
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return self.http.request(
            method, self.url + path, json=body, headers=headers, timeout=options.pop("timeout", 90), **options
        )

    def get(self, path: str, **options: Any) -> Any:
        """The JSON answer of a GET that must succeed."""
        answer = self.call("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def adopt(self, container: str, **more: str) -> None:
        """Have a container looked after, under its own name unless there is another among the `more`."""
        answer = self.call("POST", "/api/instances/adopt", {"container": container, **more})
        assert answer.status_code == 201, answer.text

    def run_job(self, path: str, body: Any = None) -> Any:
        """Start a job and return it when it has ended."""
        answer = self.call("POST", f"{path}?wait=60", body)
        assert answer.status_code in (200, 202), answer.text
        return self.wait_for_job(answer.json()["job"]["id"])

    def wait_for_job(self, job_id: str) -> Any:
        """The job when it has ended, however long that takes."""
        while (job := self.get(f"/api/jobs/{job_id}?wait=60")["job"])["finished_at"] is None:
            continue
        return job

    def add_user(self, username: str, role: str) -> str:
        """Make a user who has changed the password already; returns the access token."""
        made = self.call(
            "POST", "/api/users", {"username": username, "password": FIRST_PASSWORD, "role": role}
        )
        assert made.status_code == 201, made.text
        token = self.sign_in(username, FIRST_PASSWORD)
        change = {"current_password": FIRST_PASSWORD, "new_password": PASSWORD}
        assert self.call("POST", "/api/auth/password", change, token=token).status_code == 204
        return self.sign_in(username, PASSWORD)

    def watch(self, path: str, token: str | None = None) -> ClientConnection:
        """Open a WebSocket with a bearer header, as scripts do."""
        token = self._get_token() if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers=headers,
            max_size=None,
            max_queue=None,
            proxy=None,
        )


def _read_end(token: str) -> float:
    """When it expires, as it says itself."""
    return float(jwt.decode(token, options={"verify_signature": False})["exp"])


def receive(socket: ClientConnection, seconds: float = 60.0) -> Any:
    """The next message of a WebSocket, decoded."""
    return json.loads(socket.recv(seconds))
