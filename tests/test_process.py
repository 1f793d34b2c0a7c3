"""The process: how it starts, what it refuses, how it stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from migrations import MIGRATIONS
from tests.game import Game
from tests.panel import PASSWORD, Panel
from tests.waiting import wait_until

MakePanel = Callable[..., Panel]


def list_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()]


def test_a_fresh_folder_is_enough(make_panel: MakePanel, tmp_path):
    """The first start makes the folder, the tables, the key and an admin."""
    panel = make_panel(PALSERVER_BASE_DIR=str(tmp_path / "new" / "base"))
    panel.start()
    assert panel.sign_in()
    files = sorted(path.name for path in (tmp_path / "new" / "base" / "server").iterdir())
    assert "paladmin.db" in files
    for path in (tmp_path / "new" / "base" / "server").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_default_admin_can_do_nothing_but_change_the_password(make_panel: MakePanel):
    """`admin`/`admin` opens only the door to a password of one's own."""
    panel = make_panel(PALSERVER_ADMIN_PASSWORD="")
    panel.start()
    token = panel.sign_in("admin", "admin")
    for path in ("/api/instances", "/api/users", "/api/host", "/api/jobs"):
        answer = panel.call("GET", path, token=token)
        assert (answer.status_code, answer.json()["key"]) == (403, "password_change_required"), path
    assert panel.get("/api/auth/me", token=token)["must_change_password"] is True
    change = {"current_password": "admin", "new_password": PASSWORD}
    assert panel.call("POST", "/api/auth/password", change, token=token).status_code == 204
    assert panel.call("GET", "/api/instances", token=panel.sign_in()).status_code == 200


def test_all_mistakes_of_the_configuration_are_told_at_once(make_panel: MakePanel):
    """The process ends with 2 and names every wrong variable."""
    panel = make_panel(PALSERVER_PORT="seventy", LOG_LEVEL="LOUD", DOCKER_HOST="ssh://x")
    assert panel.launch().wait(60) == 2
    for name in ("PALSERVER_PORT", "LOG_LEVEL", "DOCKER_HOST"):
        assert name in panel.read_log()


def test_check_prints_the_configuration_and_starts_nothing(make_panel: MakePanel, tmp_path):
    """Secrets are hidden, and no file is made."""
    panel = make_panel(
        PALSERVER_BASE_DIR=str(tmp_path / "base"), SECRET_KEY="hidden-key-hidden-key-hidden-key"
    )
    assert panel.launch("--check").wait(60) == 0
    assert "PALSERVER_BASE_DIR" in panel.read_log()
    assert "hidden-key" not in panel.read_log()
    assert PASSWORD not in panel.read_log()
    assert not (tmp_path / "base").exists()


def test_check_tells_what_is_wrong(make_panel: MakePanel):
    """As a start would, and with the same exit code."""
    panel = make_panel(PALSERVER_PORT="x")
    assert panel.launch("--check").wait(60) == 2
    assert "PALSERVER_PORT" in panel.read_log()


def test_a_port_in_use_stops_the_start_with_a_sentence(make_panel: MakePanel):
    """No stack trace, and the exit code says that it failed."""
    panel = make_panel()
    with socket.socket() as other:
        other.bind(("127.0.0.1", panel.port))
        other.listen()
        assert panel.launch().wait(60) == 1
    assert "cannot start" in panel.read_log()
    assert "Traceback" not in panel.read_log()


def test_a_database_newer_than_the_code_is_refused(make_panel: MakePanel):
    """It is left as it is."""
    panel = make_panel()
    panel.start()
    assert panel.stop() == 0
    path = panel.folder / "server" / "paladmin.db"
    with sqlite3.connect(path) as conn:
        conn.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    assert panel.launch().wait(60) == 1
    assert "newer PalServer" in panel.read_log()
    assert "Traceback" not in panel.read_log()


def test_a_foreign_database_is_refused(make_panel: MakePanel):
    """An older panel's file of the same name is left as it is, and the sentence names it."""
    panel = make_panel()
    path = panel.folder / "server" / "paladmin.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE users (username TEXT)")
    assert panel.launch().wait(60) == 1
    assert f"cannot use {path} as its database" in panel.read_log()
    assert "Traceback" not in panel.read_log()
    with closing(sqlite3.connect(path)) as conn:
        assert [row[0] for row in conn.execute("SELECT name FROM sqlite_master")] == ["users"]


def test_a_second_panel_on_the_same_database_is_refused(make_panel: MakePanel):
    """The first one goes on."""
    first, second = make_panel(), make_panel()
    first.start()
    assert second.launch().wait(60) == 1
    assert "Another PalServer" in second.read_log()
    assert first.get("/api/auth/me")["username"] == "admin"


def test_who_looks_into_the_database_takes_nothing_from_it(make_panel: MakePanel):
    """Another program opens and closes it while a first start runs; what the panel writes then is kept."""
    panel = make_panel()
    panel.start()
    (file,) = panel.folder.rglob("paladmin.db")
    with closing(sqlite3.connect(file)) as other:
        other.execute("SELECT count(*) FROM users").fetchone()
    panel.call("POST", "/api/users", {"username": "vera", "password": "second password", "role": "viewer"})
    panel.kill()
    panel.start()
    assert {user["username"] for user in panel.get("/api/users")["users"]} == {"admin", "vera"}


def test_signed_in_stays_signed_in_over_a_restart(make_panel: MakePanel):
    """The key that signs the tokens is made once and kept."""
    panel = make_panel()
    panel.start()
    token = panel.sign_in()
    assert panel.stop() == 0
    panel.start()
    assert panel.call("GET", "/api/auth/me", token=token).status_code == 200


def test_sigterm_tells_viewers_and_leaves_nothing(make_panel: MakePanel):
    """1001 to open sockets, exit code 0 within ten seconds, no child left."""
    panel = make_panel()
    panel.start()
    assert panel.process is not None
    with panel.watch("/api/events") as viewer:
        viewer.recv(60)
        began = time.monotonic()
        panel.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                viewer.recv(60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert panel.process.wait(10) == 0
    assert time.monotonic() - began < 10
    assert "Traceback" not in panel.read_log()


def test_sigterm_lets_a_request_finish(make_panel: MakePanel, make_game: Callable[..., Game]):
    """What was asked before is answered, and the answer arrives."""
    panel, game = make_panel(), make_game().start()
    panel.start()
    panel.adopt(game.name)
    panel.get(f"/api/server/{game.name}/info")
    game.set_faults(slow_save_seconds=1)
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(panel.call("POST", f"/api/server/{game.name}/save").status_code)
    )
    asking.start()
    wait_until(lambda: any(call["path"].endswith("/save") for call in game.list_calls()), "the save began")
    assert panel.stop() == 0
    asking.join(60)
    assert answers == [200]


def test_sigterm_ends_scripts(make_panel: MakePanel, make_game: Callable[..., Game], tmp_path):
    """A script that would run for an hour, and what it started, are gone with the panel."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "backup.sh").write_text("sleep 3601 & echo $! > child.pid; wait\n")
    panel, game = make_panel(PALSERVER_SCRIPTS_DIR=str(scripts)), make_game()
    panel.start()
    panel.adopt(game.name)
    panel.call("POST", f"/api/instances/{game.name}/backup")
    pid_file = scripts / "child.pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "the script runs")
    child = int(pid_file.read_text())
    assert panel.stop() == 0
    wait_until(lambda: not is_alive(child), "the script's child has ended")


def test_kill_9_ends_scripts_too(make_panel: MakePanel, make_game: Callable[..., Game], tmp_path):
    """Even a panel that gets no chance to tidy up leaves no script running."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "backup.sh").write_text("sleep 3602 & echo $! > child.pid; wait\n")
    panel, game = make_panel(PALSERVER_SCRIPTS_DIR=str(scripts)), make_game()
    panel.start()
    panel.adopt(game.name)
    panel.call("POST", f"/api/instances/{game.name}/backup")
    pid_file = scripts / "child.pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "the script runs")
    child = int(pid_file.read_text())
    panel.kill()
    wait_until(lambda: not is_alive(child), "the script's child has ended")


def is_alive(pid: int) -> bool:
    """A zombie that nobody has collected yet does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or before it was read
        return False
    return state != "Z"


def test_a_panel_without_an_engine_starts_and_says_so(make_panel: MakePanel, tmp_path):
    """Everything that needs no engine works; what needs it says why it does not."""
    panel = make_panel(DOCKER_HOST=f"unix://{tmp_path}/nothing.sock")
    panel.start()
    ready = panel.call("GET", "/ready", token="")
    assert (ready.status_code, ready.json()) == (503, {"database": "ok", "engine": "unreachable"})
    assert panel.get("/api/instances") == {"instances": []}
    adopting = panel.call("POST", "/api/instances/adopt", {"container": "some-game"})
    assert (adopting.status_code, adopting.json()["key"]) == (503, "engine_unreachable")
    host = panel.get("/api/host")
    assert host["engine"] == {"status": "unreachable", "version": None, "containers": None}
    assert host["memory_total_bytes"] > host["memory_available_bytes"] > 0
    assert panel.stop() == 0


def test_the_log_holds_no_secret(make_panel: MakePanel, tmp_path):
    """Neither passwords nor tokens nor tickets are written to the log, at any level."""
    panel = make_panel(LOG_LEVEL="DEBUG")
    panel.start()
    token = panel.sign_in()
    ticket = panel.call("POST", "/api/auth/ticket", token=token).json()["ticket"]
    with panel.watch(f"/api/events?ticket={ticket}", token="") as viewer:
        viewer.recv(60)
    panel.stop()
    log = panel.read_log()
    for secret in (PASSWORD, token, ticket):
        assert secret not in log


def test_a_garbage_request_harms_nobody(make_panel: MakePanel):
    """Whatever comes in, the process lives and answers the next request."""
    panel = make_panel()
    panel.start()
    for garbage in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /api/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ):
        with (
            suppress(OSError),  # a connection that is cut is a way of saying no, too
            socket.create_connection(("127.0.0.1", panel.port), 10) as connection,
        ):
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    assert panel.call("GET", "/health", token="").json() == {"status": "ok"}
    assert os.path.exists(panel.log_path)
    assert "Traceback" not in panel.read_log()


def test_unknown_addresses_and_wrong_methods_are_problems_too(panel: Panel):
    """Every refusal is problem JSON with a key of ours."""
    missing = panel.call("GET", "/api/nothing", token="")
    assert (missing.status_code, missing.json()["key"]) == (404, "not_found")
    assert missing.headers["Content-Type"] == "application/problem+json"
    wrong = panel.call("DELETE", "/api/auth/login", token="")
    assert (wrong.status_code, wrong.json()["key"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]
    typed = panel.http.post(f"{panel.url}/api/auth/login", data="a=b", timeout=10)
    assert (typed.status_code, typed.json()["key"]) == (415, "unsupported_media_type")
    large = panel.http.post(
        f"{panel.url}/api/auth/login",
        data=json.dumps({"username": "x" * 1_100_000, "password": "x"}),
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert (large.status_code, large.json()["key"]) == (413, "too_large")
