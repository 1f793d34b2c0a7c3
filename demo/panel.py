"""The demo's panel: a process with an empty database, and what the demo asks of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from demo.ports import LOOPBACK, find_free_port

PROJECT = Path(__file__).resolve().parent.parent
BASE_DIR = PROJECT / ".demo"
LOG = BASE_DIR / "panel.log"
# Everybody can read it here, so the panel must never listen on anything but the loopback.
PASSWORD = "pretend-worlds"  # noqa: S105 - no secret: it guards nothing but this demo
READY_SECONDS = 60
STOP_SECONDS = 60
REQUEST_SECONDS = 20


class PanelFailed(Exception):
    """The panel did not do what the demo needs; the message has the end of its log."""

    def __init__(self, what: str) -> None:
        with LOG.open(encoding="utf-8", errors="replace") as log:
            last_lines = "".join(deque(log, maxlen=20))
        super().__init__(f"{what} The end of its log:\n{last_lines}")


@contextmanager
def panel_running() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Have a panel for as long as the block lasts; yields its process and its address once it serves."""
    shutil.rmtree(BASE_DIR, ignore_errors=True)  # what a demo that was killed left behind
    BASE_DIR.mkdir()
    port = find_free_port(int(os.environ.get("PALSERVER_PORT") or 8000))
    address = f"http://{LOOPBACK}:{port}"
    panel = start_panel(port)
    try:
        wait_until_ready(panel, address)
        yield panel, address
    finally:
        stop_panel(panel)
        shutil.rmtree(BASE_DIR, ignore_errors=True)  # a file that stays behind is removed the next time


def start_panel(port: int) -> subprocess.Popen[bytes]:
    with LOG.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=PROJECT,
            env=panel_environment(os.environ, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the terminal's Ctrl-C is not for it: we stop it, once, in our turn
        )


def panel_environment(environ: Mapping[str, str], port: int) -> dict[str, str]:
    """The user's environment without anything that leads to the data of a panel in earnest."""
    settings = ("PALSERVER_", "DB_PATH", "SECRET_KEY")
    kept = {name: value for name, value in environ.items() if not name.startswith(settings)}
    return kept | {
        "PALSERVER_BASE_DIR": str(BASE_DIR),
        "PALSERVER_HOST": LOOPBACK,
        "PALSERVER_PORT": str(port),
        "PALSERVER_ADMIN_PASSWORD": PASSWORD,
    }


def stop_panel(panel: subprocess.Popen[bytes]) -> None:
    panel.terminate()
    try:
        panel.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        panel.kill()
        panel.wait()


def wait_until_ready(panel: subprocess.Popen[bytes], address: str) -> None:
    """Return when it serves; raises PanelFailed when it ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready(address):
        if panel.poll() is not None:
            raise PanelFailed("The panel has ended.")
        if time.monotonic() > deadline:
            raise PanelFailed(f"The panel was not ready within {READY_SECONDS} seconds.")
        time.sleep(0.1)


def is_ready(address: str) -> bool:
    try:
        with direct_session() as session:
            return session.get(f"{address}/ready", timeout=REQUEST_SECONDS).ok
    except requests.ConnectionError:
        return False  # it does not listen yet


def adopt_containers(address: str, names: Iterable[str]) -> None:
    """Let the panel look after these, as any script would: through its API. Raises requests.HTTPError."""
    with direct_session() as session:
        credentials = {"username": "admin", "password": PASSWORD}
        answer = session.post(f"{address}/api/auth/login", json=credentials, timeout=REQUEST_SECONDS)
        answer.raise_for_status()
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        for name in names:
            wanted = {"container": name}
            session.post(
                f"{address}/api/instances/adopt", json=wanted, timeout=REQUEST_SECONDS
            ).raise_for_status()
        # So that nobody wonders who else is signed in.
        session.post(f"{address}/api/auth/logout", timeout=REQUEST_SECONDS).raise_for_status()


def direct_session() -> requests.Session:
    """A session that reaches the panel directly, whatever proxy the user's environment names."""
    session = requests.Session()
    session.trust_env = False
    return session
