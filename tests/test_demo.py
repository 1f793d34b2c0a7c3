"""The pretend Palworld server behaves as the real one does, as far as that is known."""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.banlist import BanList
from demo.console import Console
from demo.faults import Faults
from demo.game import Game
from demo.life import Life
from demo.savefile import SaveFileError, read_save_file
from demo.saving import Saver
from demo.settings import Settings
from demo.world import World
from tests.panel import find_free_port
from tests.waiting import wait_until

PROJECT = Path(__file__).resolve().parent.parent
PASSWORD = "pal pass:word"
DEADLINE_SECONDS = 60
NOT_FOUND = {"errorCode": "errors.com.epicgames.httpserver.route_handler_not_found", "errorMessage": ""}


class Server:
    """A pretend server in a process of its own."""

    def __init__(self, folder: Path, is_rest_forced: bool = False, **variables: str) -> None:
        self.saved = folder / "Saved"
        self.rest_port, self.control_port = find_free_port(), find_free_port()
        self._log = folder / f"{self.rest_port}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "ADMIN_PASSWORD": PASSWORD,
            "REST_API_PORT": str(self.rest_port),
            "DEMO_CONTROL_PORT": str(self.control_port),
            "DEMO_SAVED_PATH": str(self.saved),
            "DEMO_BOOT_SECONDS": "0",
            "DEMO_LIVELY": "0",
            "AUTO_SAVE_SPAN": "3600",
            # Each start has ports of its own, so the file of the start before must not hold.
            "DEMO_GENERATE_SETTINGS": "true",
            **variables,
        }
        arguments = ["-restapi", f"-restapiport={self.rest_port}"] if is_rest_forced else []
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo", *arguments],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def get(self, endpoint: str, password: str = PASSWORD) -> requests.Response:
        return requests.get(self.url(endpoint), auth=("admin", password), timeout=10)

    def post(self, endpoint: str, body: object = None, timeout: float = 20) -> requests.Response:
        return requests.post(self.url(endpoint), auth=("admin", PASSWORD), json=body or {}, timeout=timeout)

    def url(self, endpoint: str) -> str:
        return f"http://127.0.0.1:{self.rest_port}/v1/api/{endpoint}"

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = requests.request(
            method, f"http://127.0.0.1:{self.control_port}{path}", json=body, timeout=60
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def faults(self, **changes: object) -> None:
        self.control("POST", "/faults", changes)

    def is_ready(self) -> bool:
        return "Running Palworld dedicated server" in self.log() and self.process.poll() is None

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def world(self) -> Path:
        guid: str = self.get("info").json()["worldguid"]
        return self.saved / "SaveGames" / "0" / guid

    def ini(self) -> Path:
        return self.saved / "Config" / "LinuxServer" / "PalWorldSettings.ini"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def exit_code(self) -> int:
        return self.process.wait(DEADLINE_SECONDS)


Start = Callable[..., Server]


def save_numbers(world: Path) -> set[object]:
    """The numbers of the saves that the files of this world come from."""
    files = (world / "Level.sav", world / "LevelMeta.sav", *world.glob("Players/*.sav"))
    return {read_save_file(file)["save_number"] for file in files}


def content_of(world: Path) -> dict[str, bytes]:
    return {str(file.relative_to(world)): file.read_bytes() for file in world.rglob("*.sav")}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers on one saved folder, and ends them."""
    servers: list[Server] = []

    def start_server(is_awaited: bool = True, **options: Any) -> Server:
        servers.append(Server(tmp_path, **options))
        if is_awaited:
            wait_until(servers[-1].is_ready, "the server is ready")
        return servers[-1]

    yield start_server
    for server in servers:
        server.kill()


@pytest.fixture
def server(start: Start) -> Server:
    """A server in good health."""
    return start()


def test_info_names_the_world_by_its_folder(server: Server):
    """GET /info shows the version and the guid, which is the save folder's name."""
    info = server.get("info").json()
    assert info["version"] == "v1.0.3.101283"
    assert re.fullmatch("[0-9A-F]{32}", info["worldguid"])
    assert (server.world() / "Level.sav").exists()


def test_a_wrong_password_is_refused(server: Server):
    """Wrong credentials are 401 with the realm Pal, and the log has them under the root."""
    answer = server.get("info", password="wrong")
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert answer.headers["www-authenticate"] == 'Basic realm="Pal"'
    assert "[LOG] REST accessed endpoint / Unauthorized\n\n" in server.log()


def test_an_empty_password_refuses_everybody(start: Start):
    """Without an admin password every call is 401, whatever is sent."""
    server = start(ADMIN_PASSWORD="")
    for password in ("", PASSWORD):
        answer = server.get("players", password=password)
        assert (answer.status_code, answer.text) == (401, "Unauthorized (AdminPassword is empty)")
    assert "REST accessed endpoint / Unauthorized (AdminPassword is empty)" in server.log()


@pytest.mark.parametrize(("method", "endpoint"), [("GET", "nope"), ("GET", "save"), ("POST", "info")])
def test_an_unknown_route_is_the_engines_404(server: Server, method: str, endpoint: str):
    """The engine answers for routes the game has not bound, before it asks for a password."""
    answer = requests.request(method, server.url(endpoint), timeout=10)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_game_data_is_not_enabled(server: Server):
    """GET /game-data needs a launch argument; without it, a 404 in plain text."""
    answer = server.get("game-data")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_post_needs_a_length(server: Server):
    """A POST without Content-Length is 411, and GET /calls shows what was sent."""
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=10) as client:
        client.sendall(b"POST /v1/api/save HTTP/1.1\r\nHost: pal\r\nX-Mark: here\r\n\r\n")
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 411 ")
    (call,) = server.control("GET", "/calls")
    assert (call["method"], call["path"], call["body"]) == ("POST", "/v1/api/save", "")
    assert call["headers"] == {"host": "pal", "x-mark": "here"}


def test_a_successful_order_is_answered_with_nothing(server: Server):
    """The 200 of a POST is empty plain text, and announcing leaves no words in the log."""
    answer = server.post("announce", {"message": "hello 안녕"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "REST accessed endpoint /v1/api/announce OK\n\n" in server.log()
    assert "hello" not in server.log()


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("announce", b"{}"),
        ("announce", b"{not json"),
        ("announce", b""),
        ("kick", b"{}"),
        ("kick", b'{"userid": "steam_76561190000000404"}'),
        ("ban", b'{"userid": "AF6D9A43000000000000000000000000"}'),
        ("unban", b'{"userid": 7}'),
        ("shutdown", b"{}"),
        ("shutdown", b'{"waittime": 0}'),
    ],
)
def test_an_order_that_lacks_something_is_refused(server: Server, endpoint: str, body: bytes):
    """Missing fields, no JSON, nobody by that id and no waiting time: 400."""
    answer = requests.post(server.url(endpoint), data=body, auth=("admin", PASSWORD), timeout=10)
    assert answer.status_code == 400


def test_settings_are_text_with_small_differences_from_the_ini(server: Server):
    """GET /settings is tabbed JSON declared as text, with lists as arrays and no passwords."""
    answer = server.get("settings")
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"
    assert answer.text.startswith('{\n\t"Difficulty": "None"')
    settings = answer.json()
    assert settings["CrossplayPlatforms"] == ["Steam", "Xbox", "PS5", "Mac"]
    assert settings["DenyTechnologyList"] == []
    assert '"autoSaveSpan": 3600,' in answer.text
    assert settings.keys().isdisjoint({"AutoSaveSpan", "AdminPassword", "ServerPassword"})


def test_a_loading_player_is_nobody_yet(server: Server):
    """Until loading is over the id is the word None; then it is 32 digits, and the log says joined."""
    loading = server.control("POST", "/players", {"name": "여우 [1]", "loading": True})
    assert server.get("players").json()["players"] == [loading]
    assert loading["playerId"] == "None"
    server.control("POST", "/players", {"name": "여우 [1]"})
    (player,) = server.get("players").json()["players"]
    assert re.fullmatch("[0-9A-F]{8}0{24}", player["playerId"])
    assert player["iP"] == "203.0.113.10"
    assert player.keys().isdisjoint({"ip", "building_count"})
    ids = rf"\(User id: {player['userId']}, Player id: {player['playerId']}\)\n"
    stamp = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[LOG\] "
    assert re.search(stamp + r"여우 \[1\] joined the server\. " + ids, server.log())


def test_kicking_makes_somebody_leave(server: Server):
    """A kicked player is gone from the list and from the count, and the log says so."""
    user_id = server.control("POST", "/players", {"name": "Lamia"})["userId"]
    assert server.get("metrics").json()["currentplayernum"] == 1
    assert server.post("kick", {"userid": user_id}).status_code == 200
    assert server.get("metrics").json()["currentplayernum"] == 0
    assert f"[LOG] Lamia left the server. (User id: {user_id})\n" in server.log()


def test_bans_are_lines_in_a_file(server: Server):
    """Anybody can be banned, even if never seen; lifting the ban leaves an empty line."""
    banlist = server.saved / "SaveGames" / "banlist.txt"
    assert server.post("ban", {"userid": "steam_76561190000000404"}).status_code == 200
    assert banlist.read_text() == f"steam_76561190000000404,{'0' * 32}\n"
    with pytest.raises(AssertionError, match="banned"):
        server.control("POST", "/players", {"name": "x", "userId": "steam_76561190000000404"})
    server.post("unban", {"userid": "steam_76561190000000404"})
    assert banlist.read_text() == "\n"


def test_connections_are_kept_for_a_while(start: Start):
    """Several calls share a connection, which says how long it may idle and is then closed."""
    server = start(DEMO_IDLE_SECONDS="2.5")
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=10) as client:
        reader = client.makefile("rb")
        for _ in range(2):
            client.sendall(b"GET /v1/api/nope HTTP/1.1\r\nHost: pal\r\n\r\n")
            head = dict(line.rstrip().split(b": ", 1) for line in list(iter(reader.readline, b"\r\n"))[1:])
            reader.read(int(head[b"content-length"]))
            assert head[b"keep-alive"] == b"timeout=2.500000"
        assert reader.read() == b""


def test_a_connection_may_idle_for_fifteen_seconds(server: Server):
    """As the engine does, every answer says so."""
    assert server.get("info").headers["keep-alive"] == "timeout=15.000000"


def test_the_port_is_closed_until_the_boot_is_over(start: Start):
    """Connections are refused while the server boots; the control port is there all the time."""
    server = start(is_awaited=False, DEMO_BOOT_SECONDS="3600")
    wait_until(lambda: is_answered(lambda: server.control("GET", "/faults")), "the control port is open")
    assert not is_answered(lambda: server.get("info"))
    server.process.terminate()
    assert server.exit_code() == 143


def is_answered(call: Callable[[], object]) -> bool:
    try:
        call()
    except requests.ConnectionError:
        return False
    return True


def test_a_save_rewrites_every_file_whole(server: Server):
    """After /save all files are of the same moment and as long as they say; the game keeps a copy inside."""
    world = server.world()
    assert not (world / "Players").exists()
    server.control("POST", "/players", {"name": "Lamia"})
    assert server.post("save").status_code == 200
    assert len(list(world.glob("Players/*.sav"))) == 1
    assert save_numbers(world) == {2}
    assert list(world.glob("backup/world/*/Level.sav"))
    assert not list(world.rglob("*.tmp"))


def test_the_world_is_as_big_as_wanted(start: Start):
    """DEMO_WORLD_BYTES is the size of Level.sav, which does not get smaller by compressing it."""
    level = start(DEMO_WORLD_BYTES="3000000").world() / "Level.sav"
    assert level.stat().st_size == pytest.approx(3_000_000, rel=0.01)
    assert len(zlib.compress(level.read_bytes())) > 2_900_000


def test_a_torn_save_file_is_noticed(server: Server):
    """Reading a save file goes to its last byte: cut short or filled with zeros, it is refused."""
    level = server.world() / "Level.sav"
    whole = level.read_bytes()
    for broken in (whole[:-1], whole[:5], bytes(len(whole)), whole + b"\0"):
        level.write_bytes(broken)
        with pytest.raises(SaveFileError):
            read_save_file(level)


def test_the_world_remembers(start: Start):
    """A shutdown saves and ends with 0; the next start has the same world, day and players."""
    server = start()
    guid = server.get("info").json()["worldguid"]
    server.control("POST", "/world", {"days": 32})
    server.control("POST", "/players", {"name": "Lamia"})
    assert server.post("shutdown", {"waittime": 1, "message": "bye"}).status_code == 200
    assert server.exit_code() == 0
    server = start()
    assert server.get("info").json()["worldguid"] == guid
    metrics = server.get("metrics").json()
    assert (metrics["days"], metrics["basecampnum"], metrics["currentplayernum"]) == (32, 1, 0)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_it_without_a_save(server: Server, number: signal.Signals, exit_code: int):
    """SIGTERM and SIGINT end the process and nothing is saved; SIGCONT does nothing."""
    world = server.world()
    before = content_of(world)
    server.control("POST", "/world", {"days": 9})
    server.process.send_signal(signal.SIGCONT)
    assert server.get("info").status_code == 200
    server.process.send_signal(number)
    assert server.exit_code() == exit_code
    assert content_of(world) == before


# Runs it with the signal coming in the middle of its imports.
HASTY = """
import os, runpy, signal, sys

class Haste:
    def find_spec(self, name, *_):
        if name == "demo.game":
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Haste())
runpy.run_module("demo", run_name="__main__")
"""


def test_a_signal_that_comes_before_it_has_begun(tmp_path: Path):
    """It is not lost, nor does it end the process in another way than later."""
    environment = {"PATH": os.environ["PATH"], "DEMO_SAVED_PATH": str(tmp_path), "DEMO_CONTROL_PORT": "0"}
    words = [sys.executable, "-c", HASTY]
    hasty = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, timeout=60)
    assert hasty.returncode == 143, hasty.stderr


def test_stop_is_at_once(server: Server):
    """/stop drops the connection and saves nothing."""
    world = server.world()
    before = content_of(world)
    with pytest.raises(requests.ConnectionError):
        server.post("stop")
    assert server.exit_code() == 0
    assert content_of(world) == before


def test_it_saves_by_itself(start: Start):
    """Every AutoSaveSpan seconds the world is saved without anybody asking."""
    server = start(AUTO_SAVE_SPAN="1")
    world = server.world()
    wait_until(lambda: save_numbers(world) != {1}, "a save that nobody asked for")


def test_an_ini_that_is_there_wins(start: Start):
    """The ini is one line made from the environment at the first start; from then on the file counts."""
    first = start(SERVER_NAME="First", DEMO_GENERATE_SETTINGS="false")
    text = first.ini().read_text()
    assert text.count("\n") == 2
    assert 'ServerName="First",' in text
    first.kill()
    first.ini().write_text(text.replace("ExpRate=1.000000", "exprate=2.5,Unknown=(a,b)"))
    start(SERVER_NAME="Second", DEMO_GENERATE_SETTINGS="false")
    settings = first.get("settings").json()
    assert (settings["ServerName"], settings["ExpRate"]) == ("First", 2.5)


def test_the_ini_can_be_made_anew_at_each_start(start: Start):
    """DEMO_GENERATE_SETTINGS has the environment win, as an image does that writes the ini at every boot."""
    start(SERVER_NAME="First").kill()
    assert start(SERVER_NAME="Second").get("info").json()["servername"] == "Second"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('ServerDescription=""', 'ServerDescription="'),
        ("RESTAPIEnabled=True", "RESTAPIEnabled=true"),
        ("CrossplayPlatforms=(Steam,", "CrossplayPlatforms=(Steam\n"),
        ("ServerPlayerMaxNum=32", "ServerPlayerMaxNum=many"),
        ("DisplayCacheTTLSeconds=60)", "DisplayCacheTTLSeconds=60"),
    ],
)
def test_a_broken_ini_is_silently_the_defaults(start: Start, good: str, bad: str):
    """One bad character makes every option its default: an empty password, and no REST API by itself."""
    first = start()
    first.kill()
    text = first.ini().read_text()
    assert good in text
    first.ini().write_text(text.replace(good, bad))
    assert "REST API started" not in start(DEMO_GENERATE_SETTINGS="false").log()
    forced = start(DEMO_GENERATE_SETTINGS="false", is_rest_forced=True)
    assert forced.get("info").text == "Unauthorized (AdminPassword is empty)"


def test_a_world_option_file_empties_the_password(start: Start):
    """After the import of a co-op world every call is 401, whatever the ini says."""
    server = start()
    (server.world() / "WorldOption.sav").touch()
    server.kill()
    assert start().get("info").text == "Unauthorized (AdminPassword is empty)"


@pytest.mark.parametrize("name", ["", "DedicatedServerName=elsewhere", f"DedicatedServerName={'0' * 32}"])
def test_a_wrong_world_name_makes_a_new_world(start: Start, name: str):
    """The old world stays where it is, untouched, and nobody plays on it; the seed does not matter."""
    server = start(DEMO_SEED="1")
    server.control("POST", "/world", {"days": 32})
    server.post("save")
    old_world = server.world()
    server.kill()
    before = content_of(old_world)
    ini = server.saved / "Config" / "LinuxServer" / "GameUserSettings.ini"
    ini.write_text(f"[/Script/Pal.PalGameLocalSettings]\n{name}\n")
    server = start(DEMO_SEED="1")
    assert server.get("metrics").json()["days"] == 1
    assert server.world() != old_world
    assert server.world().name in ini.read_text()
    assert content_of(old_world) == before


def test_a_restored_world_is_played_on(start: Start):
    """A world folder put back from a copy is the world at the next start."""
    server = start()
    world = server.world()
    copy = world.with_name("copy")
    shutil.copytree(world, copy)
    server.control("POST", "/world", {"days": 5})
    server.post("save")
    server.kill()
    shutil.rmtree(world)
    copy.rename(world)
    assert start().get("metrics").json()["days"] == 1


def test_a_broken_world_crashes_the_start(start: Start):
    """A Level.sav of zeros ends the start like a crash, exit code 139."""
    server = start()
    level = server.world() / "Level.sav"
    server.kill()
    level.write_bytes(bytes(10_000))
    server = start(is_awaited=False)
    assert server.exit_code() == 139
    assert "Signal 11 caught." in server.log()


def test_a_save_can_be_slow(server: Server):
    """The pause lies between the level and the players, so that a copy made meanwhile is of two moments."""
    world = server.world()
    server.control("POST", "/players", {"name": "Lamia"})
    server.post("save")
    server.faults(slow_save_seconds=3_600)
    with pytest.raises(requests.Timeout):
        server.post("save", timeout=0.5)
    wait_until(lambda: save_numbers(world) == {2, 3}, "a level that is newer than the player")


def test_a_save_can_fail(server: Server):
    """A failed save is 500, says so in the log and leaves the files as they were."""
    world = server.world()
    before = content_of(world)
    server.faults(save_fails=True)
    assert server.post("save").status_code == 500
    assert "Failed to save. Failed copy from backup.\n" in server.log()
    assert content_of(world) == before


def test_a_save_can_kill(server: Server):
    """A crash during a save leaves a level that is newer than the players."""
    world = server.world()
    server.control("POST", "/players", {"name": "Lamia"})
    server.post("save")
    server.faults(crash_on_save=True)
    with pytest.raises(requests.ConnectionError):
        server.post("save")
    assert server.exit_code() == 139
    assert save_numbers(world) == {2, 3}


def test_rest_can_hang(server: Server):
    """Connections are accepted and nothing comes; when the fault goes, the calls that hung are dropped."""
    server.faults(hang=True)
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=0.3) as client:
        client.sendall(b"GET /v1/api/info HTTP/1.1\r\nHost: pal\r\n\r\n")
        wait_until(lambda: server.control("GET", "/calls"), "the call has come in")
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        server.faults(hang=False)
        assert client.recv(1) == b""
    assert server.get("info").status_code == 200


def test_rest_can_refuse(server: Server):
    """The port closes and opens again, and a connection from before is of no use meanwhile."""
    with requests.Session() as kept:
        kept.auth = ("admin", PASSWORD)
        kept.get(server.url("info"), timeout=10)
        server.faults(refuse=True)
        assert not is_answered(lambda: kept.get(server.url("info"), timeout=10))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.rest_port), timeout=10)
    server.faults(refuse=False)
    assert server.get("info").status_code == 200


def test_rest_can_answer_wrongly(server: Server):
    """It can deny a right password, stop in the middle of JSON, answer rubbish, or hang up."""
    server.faults(unauthorized=True)
    assert (server.get("info").status_code, server.get("info").text) == (401, "Unauthorized")
    server.faults(unauthorized=False, bad_json=True)
    assert server.get("info").status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        server.get("info").json()
    server.faults(bad_json=False, garbage_status=502)
    assert (server.get("info").status_code, server.post("save").status_code) == (502, 502)
    server.faults(garbage_status=None, drop_connections=True)
    assert not is_answered(lambda: server.get("info"))
    server.faults(drop_connections=False)
    assert server.get("info").status_code == 200


def test_it_can_refuse_to_end(start: Start):
    """A shutdown is promised and does not come, SIGTERM does nothing; faults can be preset."""
    server = start(DEMO_FAULTS='{"never_exit": true, "ignore_sigterm": true}')
    world = server.world()
    assert server.post("stop").status_code == 200
    assert server.post("shutdown", {"waittime": 1}).status_code == 200
    server.process.terminate()
    wait_until(lambda: save_numbers(world) == {2}, "the save before the end that does not come")
    assert server.get("info").status_code == 200
    server.faults(ignore_sigterm=False)
    server.process.terminate()
    assert server.exit_code() == 143


def test_unknown_faults_change_nothing(server: Server):
    """No such fault, or no such value for it: refused, together with what came with it."""
    before = server.control("GET", "/faults")
    for wrong in ({"hangs": True}, {"hang": "yes"}, {"garbage_status": True}, {"slow_save_seconds": -1}):
        with pytest.raises(AssertionError, match="error"):
            server.faults(save_fails=True, **wrong)
    assert server.control("GET", "/faults") == before


def test_it_can_be_made_to_print(server: Server):
    """One line as it is, or as many numbered ones as wanted, in order."""
    server.control("POST", "/say", {"line": "Ran out of memory", "stream": "stderr"})
    server.control("POST", "/say", {"line": "🐑", "repeat": 20_000})
    lines = server.log().splitlines()
    assert "Ran out of memory" in lines
    assert lines[-20_000:] == [f"🐑 {number}" for number in range(1, 20_001)]


def test_it_can_be_made_to_crash(server: Server):
    """The process ends with the wanted exit code, and the one who asked is told before."""
    server.control("POST", "/crash", {"exit_code": 77})
    assert server.exit_code() == 77


def test_a_bad_environment_stops_the_start(start: Start):
    """One sentence names every variable that cannot be used."""
    server = start(is_awaited=False, PORT="eight", DEMO_WORLD_BYTES="1")
    assert server.exit_code() == 2
    assert re.search(r"PORT: .*; DEMO_WORLD_BYTES: .*", server.log())


def test_a_lively_server_comes_to_life(start: Start):
    """Players come by themselves, load and join."""
    server = start(DEMO_LIVELY="1", DEMO_SEED="3")
    wait_until(lambda: " joined the server. (User id: " in server.log(), "a player", seconds=300)
    assert server.get("players").json()["players"]


def live(folder: Path, seed: int) -> str:
    """Let players live for half an hour of their time; return what the log says without the times of day."""
    output = io.BytesIO()
    console = Console(output, output)
    world = World(folder)
    faults = Faults({})
    settings = Settings({"AdminPassword": f'"{PASSWORD}"'})
    saver = Saver(world, faults, console, level_bytes=10_000)
    game = Game(settings, world, saver, BanList(folder / "banlist.txt"), faults, console)
    life = Life(game, random.Random(seed))
    for _ in range(1_800):
        life.tick()
    return re.sub(r"^\[[^\]]+\]", "", output.getvalue().decode(), flags=re.MULTILINE)


def test_a_seed_repeats_a_life(tmp_path: Path):
    """The same seed gives the same comings, goings and words, the admin password among them."""
    log = live(tmp_path, seed=1)
    assert log == live(tmp_path, seed=1) != live(tmp_path, seed=2)
    assert re.search(r" \[LOG\] .+ left the server\. \(User id: \w+\)\n", log)
    assert re.search(r" \[CHAT\] <.+> .+\n", log)
    assert f" executed the command. adminpassword {PASSWORD}\n" in log
