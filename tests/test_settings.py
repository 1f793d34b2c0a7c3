"""Facts about the settings of a game: real files in real containers, read and written through the panel."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import signal
import sqlite3
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from palserver.services.games.addresses import SETTINGS_PATH
from palserver.services.settings.files import REPLACE, UPLOAD
from tests.game import ADMIN_PASSWORD, SAVED_PATH, Game, list_helpers
from tests.panel import Panel
from tests.test_game_access import put_file
from tests.waiting import wait_until

SECTION = "[/Script/Pal.PalGameWorldSettings]"
PATH = f"{SAVED_PATH}/{SETTINGS_PATH}"
OWN = (
    f'\ufeff{SECTION}\r\nOptionSettings=(Difficulty=None,Mine=(a,"b,c"),ServerName="팰월드, (친구)",'
    f'ExpRate=1.5,RESTAPIEnabled=True,AdminPassword="{ADMIN_PASSWORD}",ServerPassword="door")\r\n'
)
WORLD_OPTION = f"{SECTION}\nOptionSettings=(ExpRate=3.000000)\n".encode()


def read_member(game: Game, path: str = PATH) -> tuple[tarfile.TarInfo, bytes]:
    stream, _ = game.client.api.get_archive(game.name, path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        (member,) = archive.getmembers()
        content = archive.extractfile(member)
        assert content is not None
        return member, content.read()


def read_ini(game: Game) -> str:
    return read_member(game)[1].decode()


class Server:
    """One game that a panel looks after, and its settings."""

    def __init__(self, panel: Panel, game: Game) -> None:
        self.panel, self.game = panel, game
        self.instance = f"/api/instances/{game.name}"
        self.path = f"{self.instance}/settings"
        panel.adopt(game.name)

    def read(self) -> Any:
        return self.panel.get(self.path)

    def option(self, key: str, settings: Any = None) -> Any:
        settings = settings or self.read()
        return next(option for option in settings["options"] if option["key"] == key)

    def put(self, options: dict[str, Any], **more: Any) -> Any:
        """Change it as it is now; returns the answer."""
        body = {"revision": self.read()["revision"], "options": options, **more}
        return self.panel.call("PUT", self.path, body)

    def set(self, options: dict[str, Any], **more: Any) -> Any:
        answer = self.put(options, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop(self) -> Any:
        return self.panel.run_job(f"{self.instance}/stop")

    def restart(self) -> Any:
        job = self.panel.run_job(f"{self.instance}/restart")
        self.wait_until_ready()
        return job

    def change(self, **changes: Any) -> Any:
        """What the container is made from, and how the game is reached; the job when it has ended."""
        return self.panel.wait_for_job(
            self.panel.call("PATCH", f"{self.instance}?wait=60", changes).json()["job"]["id"]
        )

    def wait_until_ready(self) -> None:
        self.game.wait_until_ready()
        wait_until(lambda: self.option("ExpRate")["effective"] is not None, "the game tells its settings")

    def wait_until_written(self) -> None:
        wait_until(lambda: self.read()["pending"] is None, "nothing is pending")


@pytest.fixture
def server(panel: Panel, game: Game) -> Server:
    """A running one, with the file that its image has made."""
    return Server(panel, game)


@pytest.fixture
def stopped(panel: Panel, make_game: Callable[..., Game]) -> Server:
    """One that has never run, with a file of somebody's own."""
    game = make_game()
    put_file(game, SAVED_PATH, SETTINGS_PATH, OWN.encode())
    return Server(panel, game)


def put_ini(game: Game, text: str, mode: int = 0o644, owner: int = 1000, age: int = -1) -> None:
    """As somebody writes it by hand, now, or so many seconds ago."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(SETTINGS_PATH)
        member.size, member.mode, member.mtime = len(text.encode()), mode, int(time.time()) - age
        member.uid = member.gid = owner
        archive.addfile(member, io.BytesIO(text.encode()))
    assert game.container.put_archive(SAVED_PATH, packed.getvalue())


def send_and_forget(panel: Panel, path: str, body: Any) -> None:
    """Whatever comes of it: whoever sent it will not live to hear."""

    def send() -> None:
        with contextlib.suppress(requests.RequestException):
            panel.call("PUT", path, body)

    threading.Thread(target=send, daemon=True).start()


def is_ordered(panel: Panel) -> bool:
    """Whether somebody's wish is in the database, where the next panel finds it."""
    with contextlib.closing(sqlite3.connect(panel.folder / "server" / "paladmin.db")) as conn:
        return bool(conn.execute("SELECT instance FROM settings").fetchall())


def check_nothing_left(game: Game) -> None:
    """No helper's container, and nothing unpacked beside the world."""
    assert game.name not in list_helpers(game.client).values()
    stream, _ = game.client.api.get_archive(game.name, f"{SAVED_PATH}/")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        names = [name for name in archive.getnames() if "palserver" in name.rpartition("/")[2]]
    assert [name for name in names if not name.endswith(".palserver-old")] == []


class TestReading:
    def test_what_a_stopped_server_has(self, stopped):
        """Each option of the game: as the file has it, else null; nothing of what the game would say."""
        settings = stopped.read()
        by_key = {option["key"]: option for option in settings["options"]}
        assert len(by_key) == 119
        exp = by_key["ExpRate"]
        assert (exp["type"], exp["file"], exp["default"], exp["min"], exp["max"]) == (
            "float",
            1.5,
            1,
            0.1,
            20,
        )
        assert (exp["pending"], exp["effective"], exp["not_taken"]) == (None, None, None)
        assert by_key["ServerName"]["file"] == "팰월드, (친구)"
        assert by_key["PalCaptureRate"]["file"] is None
        assert by_key["bHardcore"]["danger"] == "destroys_data"
        assert (settings["file"], settings["unknown"], settings["pending"]) == ("whole", ["Mine"], None)
        assert (settings["is_running"], settings["overridden_by"]) == (False, [])

    def test_what_a_running_game_plays_by(self, server):
        """The game is asked, and what it says stands beside the file."""
        server.wait_until_ready()
        settings = server.read()
        assert settings["is_running"]
        assert server.option("CrossplayPlatforms", settings)["effective"] == ["Steam", "Xbox", "PS5", "Mac"]
        assert server.option("AutoSaveSpan", settings)["effective"] == 30
        assert [each["key"] for each in settings["options"] if each["not_taken"]] == []

    def test_passwords_are_never_shown(self, stopped):
        """Only whether there is one; a change of one is seen as pending, and not told either."""
        text = stopped.panel.call("GET", stopped.path).text
        assert ADMIN_PASSWORD not in text
        assert '"door"' not in text
        password = stopped.option("ServerPassword")
        assert (password["file"], password["is_set"], password["is_secret"]) == (None, True, True)
        changed = stopped.put({"ServerPassword": "other-door", "AdminPassword": ""})
        assert "other-door" not in changed.text
        assert stopped.option("ServerPassword")["is_set"]
        assert not stopped.option("AdminPassword")["is_set"]
        assert 'ServerPassword="other-door"' in read_ini(stopped.game)
        jobs = stopped.panel.call("GET", f"/api/jobs?instance={stopped.game.name}").text
        assert "other-door" not in jobs + stopped.panel.call("GET", "/api/audit").text
        assert "other-door" not in stopped.panel.read_log()

    def test_a_missing_and_a_broken_file(self, panel, make_game):
        """Both mean the game's defaults, and are told apart."""
        server = Server(panel, make_game())
        assert server.read()["file"] == "missing"
        put_file(server.game, SAVED_PATH, SETTINGS_PATH, f'{SECTION}\nOptionSettings=(A="x\n'.encode())
        assert server.read()["file"] == "broken"
        assert server.option("ExpRate")["file"] is None

    def test_a_link_in_the_file_s_place(self, stopped):
        """It is neither read nor written: where it leads is nobody's to guess."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            link = tarfile.TarInfo(SETTINGS_PATH)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        assert stopped.game.container.put_archive(SAVED_PATH, packed.getvalue())
        answer = stopped.panel.call("GET", stopped.path)
        assert (answer.status_code, answer.json()["key"]) == (409, "settings_unreadable")

    def test_a_server_without_a_container(self, stopped):
        """Nothing is known then, and that is said."""
        stopped.game.container.remove()
        answer = stopped.panel.call("GET", stopped.path)
        assert answer.json()["key"] == "container_missing"


class TestWritingToAStoppedServer:
    def test_it_is_written_at_once(self, stopped):
        """Only the value changes, byte for byte; owner and mode stay, and the old file is kept."""
        put_ini(stopped.game, OWN, mode=0o640, owner=1234)
        settings = stopped.set({"ExpRate": 2, "PalCaptureRate": 1.25})
        assert (settings["pending"], stopped.option("ExpRate", settings)["file"]) == (None, 2)
        member, content = read_member(stopped.game)
        expected = OWN.replace("ExpRate=1.5", "ExpRate=2.000000").replace(
            ")\r\n", ",PalCaptureRate=1.250000)\r\n"
        )
        assert content.decode() == expected
        assert (member.uid, member.gid, member.mode & 0o7777) == (1234, 1234, 0o640)
        assert abs(member.mtime - time.time()) < 600
        assert read_member(stopped.game, f"{PATH}.palserver-old")[1].decode() == OWN
        check_nothing_left(stopped.game)

    def test_the_game_plays_by_it(self, stopped):
        """After a start it says the same, and of what was asked nothing is missing."""
        stopped.set(
            {"ExpRate": 2.5, "DeathPenalty": "All", "ServerName": "새 이름", "DenyTechnologyList": ["PALBOX"]}
        )
        stopped.panel.run_job(f"{stopped.instance}/start")
        stopped.wait_until_ready()
        settings = stopped.read()
        effective = {option["key"]: option["effective"] for option in settings["options"]}
        assert (effective["ExpRate"], effective["DeathPenalty"]) == (2.5, "All")
        assert (effective["ServerName"], effective["DenyTechnologyList"]) == ("새 이름", ["PALBOX"])
        assert [option["key"] for option in settings["options"] if option["not_taken"]] == []

    def test_a_missing_file_is_made(self, panel, make_game):
        """Of the game's defaults, in folders that are the game's own, which then plays by it."""
        server = Server(panel, make_game())
        server.set({"RESTAPIEnabled": True, "AdminPassword": ADMIN_PASSWORD, "ExpRate": 4})
        text = read_ini(server.game)
        assert text.startswith(f"{SECTION}\nOptionSettings=(Difficulty=None,")
        assert "ExpRate=4.000000" in text
        assert read_member(server.game)[0].uid == 1000
        panel.run_job(f"{server.instance}/start")
        server.wait_until_ready()
        assert server.option("ExpRate")["effective"] == 4

    def test_a_folder_of_the_host(self, panel, make_game, tmp_path):
        """A bind mount is written as a volume is, and belongs to whom it belonged."""
        config = tmp_path / "Config" / "LinuxServer"
        config.mkdir(parents=True)
        ini = config / "PalWorldSettings.ini"
        ini.write_text(OWN)
        ini.chmod(0o600)
        mount = {str(tmp_path): {"bind": SAVED_PATH, "mode": "rw"}}
        server = Server(panel, make_game(volumes=mount))
        server.set({"ExpRate": 2})
        assert "ExpRate=2.000000" in ini.read_text()
        assert ini.stat().st_mode & 0o777 == 0o600
        assert sorted(path.name for path in config.iterdir()) == [ini.name, f"{ini.name}.palserver-old"]

    def test_a_folder_that_is_no_volume(self, panel, make_game):
        """What would be gone with the container is not written, and that is said."""
        server = Server(panel, make_game(volumes={}))
        put_file(server.game, SAVED_PATH, SETTINGS_PATH, OWN.encode())
        answer = server.put({"ExpRate": 2})
        assert (answer.status_code, answer.json()["key"]) == (409, "world_not_on_volume")
        assert read_ini(server.game) == OWN
        assert server.read()["pending"]["problem"] == "world_not_on_volume"

    def test_nothing_of_bad_values_is_written(self, stopped):
        """All problems come at once, by key, and what was good among them waits for the rest."""
        answer = stopped.put({"ExpRate": 99, "ServerName": "ok", "Nothing": 1})
        assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
        assert set(answer.json()["fields"]) == {"ExpRate", "Nothing"}
        assert read_ini(stopped.game) == OWN

    def test_an_old_revision_is_refused(self, stopped):
        """Whoever changed it first, outside or here, is not overwritten by somebody who has not seen it."""
        old = stopped.read()["revision"]
        put_file(stopped.game, SAVED_PATH, SETTINGS_PATH, OWN.replace("1.5", "1.6").encode())
        body = {"revision": old, "options": {"ExpRate": 2}}
        answer = stopped.panel.call("PUT", stopped.path, body)
        assert (answer.status_code, answer.json()["key"]) == (409, "settings_changed")
        stopped.set({"PalCaptureRate": 2})
        assert stopped.panel.call("PUT", stopped.path, body).status_code == 409
        assert "ExpRate=1.6" in read_ini(stopped.game)

    def test_viewers_only_read(self, stopped):
        """They see it all, and change nothing."""
        viewer = stopped.panel.add_user("looker", "viewer")
        revision = stopped.panel.get(stopped.path, token=viewer)["revision"]
        body = {"revision": revision, "options": {"ExpRate": 2}}
        assert stopped.panel.call("PUT", stopped.path, body, token=viewer).status_code == 403


class TestPending:
    def test_it_waits_for_the_restart(self, server):
        """The running game's file is left alone; a restart writes it before the game starts again."""
        before = read_ini(server.game)
        settings = server.set({"ExpRate": 3})
        option = server.option("ExpRate", settings)
        assert (option["file"], option["pending"], option["is_pending"]) == (1, 3, True)
        assert settings["pending"]["actor"] == "admin"
        assert read_ini(server.game) == before
        job = server.restart()
        assert (job["state"], job["result"]["settings"]) == ("succeeded", "written")
        option = server.option("ExpRate")
        assert (option["file"], option["pending"], option["effective"]) == (3, None, 3)
        check_nothing_left(server.game)

    def test_it_is_written_when_the_server_is_stopped(self, server):
        """By the stop itself; and the game, asked to start, plays by it."""
        server.set({"ExpRate": 3})
        assert server.stop()["result"]["settings"] == "written"
        assert "ExpRate=3.000000" in read_ini(server.game)

    def test_it_is_written_when_the_server_ends_from_outside(self, server):
        """Nobody has to ask for it: the panel sees the end, and nothing waits any more."""
        server.set({"ExpRate": 3})
        server.game.container.stop(timeout=5)
        server.wait_until_written()
        assert "ExpRate=3.000000" in read_ini(server.game)

    def test_it_waits_on_where_the_engine_starts_it_again_by_itself(self, server):
        """After a crash, or with the host, the game is up again at once: nothing is written under it."""
        before, started = read_ini(server.game), server.panel.get(server.instance)["started_at"]
        server.set({"ExpRate": 3})
        server.game.container.exec_run(["sh", "-c", "kill -TERM 1"])
        wait_until(lambda: server.panel.get(server.instance)["started_at"] != started, "it is started again")
        server.wait_until_ready()
        option = server.option("ExpRate")
        assert (option["file"], option["pending"], option["effective"]) == (1, 3, 1)
        assert read_ini(server.game) == before
        assert server.restart()["result"]["settings"] == "written"
        option = server.option("ExpRate")
        assert (option["file"], option["is_pending"], option["effective"]) == (3, False, 3)

    def test_a_change_of_the_container_writes_it(self, server):
        """As an update does, once the server has stopped: the new container's game plays by it."""
        server.set({"ExpRate": 3})
        job = server.change(memory_limit_bytes=2**30)
        assert (job["state"], job["result"]["settings"]) == ("succeeded", "written")
        option = wait_until(lambda: (one := server.option("ExpRate"))["effective"] and one, "the game says")
        assert (option["file"], option["pending"], option["effective"]) == (3, None, 3)

    def test_a_change_that_does_not_work_has_written_it(self, server):
        """The old container is back, and its game plays by what was ordered."""
        before = server.game.container.id
        server.set({"ExpRate": 3})
        job = server.change(environment={"PATH": "/nowhere"})
        assert job["state"] == "failed"
        server.wait_until_ready()
        assert server.game.client.containers.get(server.game.name).id == before
        option = server.option("ExpRate")
        assert (option["file"], option["pending"], option["effective"]) == (3, None, 3)

    def test_a_change_takes_along_the_password_that_waited(self, server):
        """One that was set by hand for the panel stays the game's own, whatever else the change is about."""
        server.change(admin_password=ADMIN_PASSWORD)
        server.set({"AdminPassword": "another-secret"})
        job = server.change(memory_limit_bytes=2**30)
        assert job["state"] == "succeeded"
        with sqlite3.connect(server.panel.folder / "server" / "paladmin.db") as conn:
            kept = conn.execute("SELECT admin_password FROM instances WHERE name = ?", (server.game.name,))
            assert kept.fetchone() == ("another-secret",)

    def test_a_killed_server(self, server):
        """The end of a job that does not write by itself is an end, too."""
        server.set({"ExpRate": 3})
        server.panel.run_job(f"{server.instance}/kill")
        server.wait_until_written()
        assert "ExpRate=3.000000" in read_ini(server.game)

    def test_changes_add_up_and_can_be_taken_back(self, server):
        """What is set back to the file's value waits no more; all of it can be forgotten at once."""
        server.set({"ExpRate": 3, "PalCaptureRate": 2})
        settings = server.set({"ExpRate": 1, "WorkSpeedRate": 2})
        pending = {each["key"] for each in settings["options"] if each["is_pending"]}
        assert pending == {"PalCaptureRate", "WorkSpeedRate"}
        assert server.set({}, discard_pending=True)["pending"] is None

    def test_it_outlives_the_panel(self, make_panel, game):
        """A new process knows it, and writes it as soon as it finds the server stopped."""
        panel = make_panel()
        panel.start()
        server = Server(panel, game)
        server.set({"ExpRate": 3})
        panel.kill()
        game.container.stop(timeout=5)
        panel.start()
        server.wait_until_written()
        assert "ExpRate=3.000000" in read_ini(game)

    def test_a_file_that_was_changed_outside_meanwhile(self, server):
        """It is not overwritten: the change waits, says why, and is made when somebody looks and says so."""
        server.set({"ExpRate": 3})
        outside = read_ini(server.game).replace("WorkSpeedRate=1.000000", "WorkSpeedRate=2.000000")
        put_file(server.game, SAVED_PATH, SETTINGS_PATH, outside.encode())
        job = server.restart()
        assert (job["state"], job["result"]["settings"]) == ("succeeded", "settings_changed")
        assert read_ini(server.game) == outside
        settings = server.read()
        assert (settings["pending"]["problem"], server.option("ExpRate", settings)["pending"]) == (
            "settings_changed",
            3,
        )
        server.set({})
        server.stop()
        assert read_ini(server.game) == outside.replace("ExpRate=1.000000", "ExpRate=3.000000")

    def test_the_same_file_written_otherwise_is_no_change(self, server):
        """A game may write its file anew when it ends, as some have seen it do."""
        server.set({"ExpRate": 3})
        put_file(server.game, SAVED_PATH, SETTINGS_PATH, read_ini(server.game).replace(",", " , ").encode())
        server.stop()
        assert server.read()["pending"] is None
        assert "ExpRate=3.000000" in read_ini(server.game)

    def test_the_admin_password_takes_the_panel_along(self, server):
        """After the restart the panel reaches the game with the new one, also where it was set by hand."""
        assert server.change(admin_password=ADMIN_PASSWORD)["state"] == "succeeded"
        server.set({"AdminPassword": "another-secret"})
        server.panel.run_job(f"{server.instance}/restart")
        wait_until(lambda: server.option("ExpRate")["effective"], "the game answers to the new password")


class TestWhatDidNotTake:
    def test_a_world_with_options_of_its_own(self, stopped):
        """The world's options win over all but the server's identity, and each that lost says so."""
        stopped.panel.run_job(f"{stopped.instance}/start")
        stopped.wait_until_ready()
        guid = stopped.panel.get(f"/api/server/{stopped.game.name}/info")["world_guid"]
        put_file(stopped.game, SAVED_PATH, f"SaveGames/0/{guid}/WorldOption.sav", WORLD_OPTION)
        stopped.set({"ExpRate": 2, "ServerName": "Mine"})
        stopped.restart()
        settings = stopped.read()
        exp, name = stopped.option("ExpRate", settings), stopped.option("ServerName", settings)
        assert (exp["file"], exp["effective"], exp["not_taken"]) == (2, 3, "world_option")
        assert (name["effective"], name["not_taken"]) == ("Mine", None)
        (source,) = settings["overridden_by"]
        assert source["source"] == "world_option"
        assert "ServerName" not in source["keys"]

    def test_the_command_line(self, panel, make_game):
        """An argument has the last word on its option."""
        game = make_game(command=["python3", "-m", "demo", "-players=8"]).start()
        server = Server(panel, game)
        server.set({"ServerPlayerMaxNum": 16, "ExpRate": 2})
        server.restart()
        option = server.option("ServerPlayerMaxNum")
        assert (option["file"], option["effective"], option["not_taken"]) == (16, 8, "command_line")
        assert server.option("ExpRate")["not_taken"] is None

    def test_an_image_of_which_nobody_knows_that_it_writes_the_file_anew(self, panel, make_game):
        """The order is lost at the start, and that is said; of a value that was not asked for nothing is."""
        anew = f"sed -i s/ExpRate=[0-9.]*/ExpRate=1.000000/ {PATH}; exec python3 -m demo"
        game = make_game(command=["sh", "-c", anew]).start()
        server = Server(panel, game)
        server.wait_until_ready()
        assert server.option("ExpRate")["not_taken"] is None
        server.set({"ExpRate": 5, "PalCaptureRate": 2})
        server.restart()
        settings = server.read()
        option = server.option("ExpRate", settings)
        assert (option["file"], option["effective"], option["not_taken"]) == (1, 1, "rewritten")
        told = [each["key"] for each in settings["options"] if each["not_taken"]]
        assert told == ["ExpRate"]

    def test_a_file_that_somebody_changed_before_the_start(self, stopped):
        """Whoever did it knows why: what was asked for before is no order any more."""
        stopped.set({"ExpRate": 5})
        put_ini(stopped.game, read_ini(stopped.game).replace("ExpRate=5.000000", "ExpRate=2.000000"), age=9)
        stopped.panel.run_job(f"{stopped.instance}/start")
        stopped.wait_until_ready()
        option = stopped.option("ExpRate")
        assert (option["file"], option["effective"], option["not_taken"]) == (2, 2, None)

    def test_a_file_that_was_changed_under_the_game(self, server):
        """It has not read it yet, and does so at its next start."""
        server.wait_until_ready()
        text = read_ini(server.game).replace("ExpRate=1.000000", "ExpRate=5.000000")
        put_ini(server.game, text)
        option = server.option("ExpRate")
        assert (option["file"], option["effective"], option["not_taken"]) == (5, 1, "restart")


class TestKilled:
    def test_nothing_is_left_once_the_new_file_is_in_its_place(self, tmp_path):
        """Nobody comes back there: what unpacked it may be ended at once, as by the next panel."""
        ini, sync = tmp_path / SETTINGS_PATH, tmp_path / "bin" / "sync"
        for path, text in ((ini, "old"), (tmp_path / UPLOAD, "new")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        sync.parent.mkdir()
        sync.write_text(f"#!/bin/sh\n! grep -q new {ini} || kill -KILL $PPID\n")
        sync.chmod(0o755)
        words = (tmp_path, UPLOAD, hashlib.sha256(b"old").hexdigest(), SETTINGS_PATH)
        environment = {"PATH": f"{sync.parent}:{os.environ['PATH']}"}
        ended = subprocess.run(["/bin/sh", "-ec", REPLACE, "sh", *words], env=environment)
        assert (ended.returncode, ini.read_text()) == (-signal.SIGKILL, "new")
        left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {ini.name, f"{ini.name}.palserver-old", sync.name}

    @pytest.mark.parametrize("delay_seconds", [0.0, 0.01, 0.15, 0.3, 0.45, 0.75, 1.15])
    def test_the_file_is_whole_whenever_the_panel_dies(self, make_panel, make_game, delay_seconds):
        """It is the old one or the new one, and in the end the new one: what was ordered is not forgotten.

        The time runs from when the order is written down, but for the first, which comes at any moment.
        """
        panel, game = make_panel(), make_game()
        put_file(game, SAVED_PATH, SETTINGS_PATH, OWN.encode())
        panel.start()
        server = Server(panel, game)
        old, new = OWN, OWN.replace("ExpRate=1.5", "ExpRate=2.000000")
        body = {"revision": server.read()["revision"], "options": {"ExpRate": 2}}
        send_and_forget(panel, server.path, body)
        if delay_seconds:
            wait_until(lambda: is_ordered(panel), "it is written down")
        time.sleep(delay_seconds)
        panel.kill()
        assert read_ini(game) in (old, new)
        panel.start()
        wait_until(lambda: panel.get(server.instance)["job"] is None, "nothing runs on it", 60)
        server.wait_until_written()
        assert read_ini(game) in (old, new)
        if delay_seconds:
            assert read_ini(game) == new
        check_nothing_left(game)
