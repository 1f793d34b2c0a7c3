"""Requests a second of a signed-in JSON route, against the same route on FastAPI and uvicorn."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import jwt
import requests

from bench.lab import Lab
from bench.load import Target, run_load
from bench.table import Row, at_least
from bench.wire import LOOPBACK
from tests.panel import find_free_port
from tests.waiting import wait_until

PATH = "/api/auth/me"
CONNECTIONS = (1, 32)
ROUNDS = 5
SECONDS = 3.0
FLOOR = 0.8
SCHEMA = """
    CREATE TABLE users (username TEXT PRIMARY KEY, role TEXT, must_change_password INTEGER);
    CREATE TABLE sessions (id TEXT PRIMARY KEY, username TEXT);
    INSERT INTO users VALUES ('admin', 'admin', 0);
    INSERT INTO sessions VALUES ('the-session', 'admin');
"""


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    ours = Target(panel.port, PATH, panel.token)
    with _fastapi_running(lab.make_folder()) as theirs:
        for connections in CONNECTIONS:
            yield _compare(ours, theirs, connections)


def _compare(ours: Target, theirs: Target, connections: int) -> Row:
    """Taking turns, so that both meet the same machine."""
    rates = [
        [run_load(one, connections, SECONDS).per_second for one in (ours, theirs)] for _ in range(ROUNDS)
    ]
    our_rate, their_rate = (median(column) for column in zip(*rates, strict=True))
    ratio = median(mine / other for mine, other in rates)
    what = f"signed-in JSON route, {connections} connection{'s' * (connections > 1)}, against FastAPI"
    return at_least(what, f"{our_rate:,.0f}/s", f"{their_rate:,.0f}/s", ratio, FLOOR)


@contextmanager
def _fastapi_running(folder: Path) -> Iterator[Target]:
    key, port = secrets.token_hex(32), find_free_port()
    with sqlite3.connect(folder / "bench.db") as database:
        database.executescript(SCHEMA)
    database.close()
    environment = os.environ | {"BENCH_KEY": key, "BENCH_DATABASE": str(folder / "bench.db")}
    address = ["--host", LOOPBACK, "--port", str(port)]
    options = ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "bench.fastapi_app:app", *address, *options], env=environment
    )
    try:
        claims = {"sub": "admin", "sid": "the-session", "exp": time.time() + 3600}
        server = Target(port, PATH, jwt.encode(claims, key, algorithm="HS256"))
        wait_until(lambda: _answers(server), "FastAPI answers")
        yield server
    finally:
        process.kill()
        process.wait()


def _answers(server: Target) -> bool:
    headers = {"Authorization": f"Bearer {server.token}"}
    try:
        return requests.get(f"http://{LOOPBACK}:{server.port}{PATH}", headers=headers, timeout=5).ok
    except requests.ConnectionError:
        return False
