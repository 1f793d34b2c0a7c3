"""Backups through the API: made, listed, checked, pinned, downloaded in parts, removed."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.savefile import read_save_file
from tests.game import SAVED_PATH, Game
from tests.panel import Panel
from tests.waiting import wait_until

FIELDS = {
    "id", "created_at", "size_bytes", "sha256", "kind", "pinned", "consistent", "reason", "verified_at",
    "world_guid", "game_version", "image", "note", "actions", "reasons",
}  # fmt: skip


class Server:
    """An adopted server and its backups; `address` is where they are listed."""

    def __init__(self, panel: Panel, game: Game) -> None:
        self.panel, self.game = panel, game
        self.folder = panel.folder / "server" / "backup" / game.name
        self.address = f"/api/instances/{game.name}/backups"
        panel.adopt(game.name)

    def back_up(self, **body: Any) -> Any:
        """The job, which must succeed."""
        job = self.panel.run_job(f"/api/instances/{self.game.name}/backup", body)
        assert job["state"] == "succeeded", job
        return job

    def list_backups(self) -> Any:
        return self.panel.get(self.address)["backups"]

    def find_archive(self, backup_id: str) -> Path:
        return self.folder / f"{backup_id}.tar.gz"

    def verify(self, backup_id: str) -> Any:
        return self.panel.run_job(f"{self.address}/{backup_id}/verify")

    def read_output(self, job: Any) -> str:
        return self.panel.call("GET", f"/api/jobs/{job['id']}/output").text

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        answer = self.panel.call(method, f"{self.address}{path}", body, **options)
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture(scope="module")
def server(panel: Panel, engine) -> Iterator[Server]:
    """One server for the tests that leave it as it is."""
    game = Game(engine)
    yield Server(panel, game.start())
    game.remove()


@pytest.fixture
def make_server(panel: Panel, make_game: Callable[..., Game]) -> Callable[..., Server]:
    return lambda **options: Server(panel, make_game(**options).start())


def test_a_backup_of_a_running_server(server):
    """Of one moment, read back, and described: which world, which game, which image, by whom and why."""
    server.game.join("Anna")
    job = server.back_up(note="before the raid")
    (newest, *_) = server.list_backups()
    assert set(newest) == FIELDS
    assert job["result"]["backup"] == newest["id"]
    assert (job["result"]["saved"], job["result"]["copies"], job["result"]["consistent"]) == (True, 1, True)
    assert (newest["kind"], newest["note"], newest["pinned"]) == ("manual", "before the raid", False)
    assert (newest["consistent"], newest["reason"]) == (True, None)
    assert newest["verified_at"] >= newest["created_at"]
    info = server.panel.get(f"/api/server/{server.game.name}/info")
    assert (newest["world_guid"], newest["game_version"]) == (info["world_guid"], info["version"])
    assert newest["image"] == "palserver:local"
    archive = server.find_archive(newest["id"])
    assert newest["size_bytes"] == archive.stat().st_size
    assert newest["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    status, manifest = server.ask("GET", f"/{newest['id']}/manifest")
    assert (status, manifest) == (200, read_manifest(server, newest["id"]))


def test_a_world_taken_from_a_backup_is_whole(server, tmp_path):
    """Every save can be decompressed to its last byte, and all of them are of the same save."""
    backup = server.back_up()["result"]["backup"]
    with tarfile.open(server.find_archive(backup)) as archive:
        archive.extractall(tmp_path, filter="data")
    saves = list(tmp_path.glob("Saved/SaveGames/0/*/**/*.sav"))
    assert len(saves) >= 2
    assert len({read_save_file(path)["save_number"] for path in saves}) == 1
    assert (tmp_path / "Saved/Config/LinuxServer/PalWorldSettings.ini").is_file()
    assert (tmp_path / "Saved/Config/LinuxServer/GameUserSettings.ini").is_file()


def test_a_game_that_does_not_save(make_server):
    """Its backup is kept, and marked."""
    server = make_server()
    server.game.set_faults(save_fails=True)
    job = server.back_up()
    assert (job["result"]["saved"], job["result"]["consistent"]) == (False, False)
    (backup,) = server.list_backups()
    assert backup["reason"].startswith("The game did not save first")


def test_a_stopped_server_with_a_zeroed_save(make_server):
    """The file is named, and the backup is neither consistent nor verified."""
    server = make_server()
    server.panel.run_job(f"/api/instances/{server.game.name}/stop")
    zero = f"head -c 1000 /dev/zero >$(echo {SAVED_PATH}/SaveGames/0/*)/LevelMeta.sav"
    server.game.client.containers.run(
        "python:3.11-slim", ["sh", "-c", zero], volumes_from=[server.game.name], remove=True
    )
    job = server.back_up()
    assert (job["result"]["saved"], job["result"]["consistent"]) == (None, False)
    (backup,) = server.list_backups()
    assert backup["reason"].endswith("/LevelMeta.sav is nothing but zeros.")
    (reason,) = backup["reasons"]
    assert (reason["key"], reason["values"]["file"].endswith("/LevelMeta.sav")) == ("broken_save", True)
    assert (backup["consistent"], backup["verified_at"]) == (False, None)
    checked = server.verify(backup["id"])
    assert (checked["state"], checked["error"]["key"]) == ("failed", "backup_broken")
    assert "LevelMeta.sav is nothing but zeros." in server.read_output(checked)


def run_beside(server: Server, script: str) -> None:
    server.game.client.containers.run(
        "python:3.11-slim",
        ["sh", "-ec", script, "sh", SAVED_PATH],
        volumes_from=[server.game.name],
        remove=True,
    )


UNNAMED = 'sed -i /DedicatedServerName/d "$1/Config/LinuxServer/GameUserSettings.ini"\n'
ANOTHER = 'cp -a "$1"/SaveGames/0/* "$1/SaveGames/0/A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4"\n'


def test_a_stopped_server_whose_settings_name_no_world(make_server):
    """The one that is there is it, also where it is restored."""
    server = make_server()
    guid = server.panel.get(f"/api/server/{server.game.name}/info")["world_guid"]
    server.panel.run_job(f"/api/instances/{server.game.name}/stop")
    run_beside(server, UNNAMED)
    server.back_up()
    (backup,) = server.list_backups()
    assert (backup["consistent"], backup["world_guid"]) == (True, guid)
    restored = server.panel.run_job(f"{server.address}/{backup['id']}/restore")
    assert (restored["state"], restored["result"]["world_guid"]) == ("succeeded", guid)


def test_a_backup_that_no_restore_would_take(make_server):
    """It says so at once: two worlds, and nothing tells which is the live one."""
    server = make_server()
    server.panel.run_job(f"/api/instances/{server.game.name}/stop")
    run_beside(server, UNNAMED + ANOTHER)
    job = server.back_up()
    assert job["result"]["consistent"] is False
    (backup,) = server.list_backups()
    assert (backup["verified_at"], backup["reasons"]) == (None, [{"key": "not_one_world", "values": {}}])
    assert server.verify(backup["id"])["error"]["key"] == "backup_broken"
    assert server.list_backups() == [backup]


def test_a_flipped_bit_is_found_and_named(server):
    """Where it hit; and when the disk has come to its senses, the backup is verified again."""
    backup = server.back_up()["result"]["backup"]
    path = server.find_archive(backup)
    whole = path.read_bytes()
    name = next(
        each["path"] for each in read_manifest(server, backup)["files"] if "/Level.sav" in each["path"]
    )
    with tarfile.open(path) as archive:
        offset = whole.index(archive.extractfile(name).read()[:5000])  # type: ignore[union-attr]
    path.write_bytes(flip(whole, offset + 4000))
    checked = server.verify(backup)
    assert (checked["state"], checked["error"]["key"]) == ("failed", "backup_broken")
    assert f"{name} is not what was written." in server.read_output(checked)
    shown = find(server, backup)
    assert (shown["verified_at"], shown["consistent"]) == (None, False)
    path.write_bytes(whole)
    checked = server.verify(backup)
    assert checked["state"] == "succeeded"
    shown = find(server, backup)
    assert (shown["verified_at"], shown["consistent"]) == (checked["result"]["verified_at"], True)


def flip(content: bytes, offset: int) -> bytes:
    return content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]


def find(server: Server, backup_id: str) -> Any:
    return next(backup for backup in server.list_backups() if backup["id"] == backup_id)


def read_manifest(server: Server, backup_id: str) -> Any:
    return json.loads((server.folder / f"{backup_id}.json").read_text(encoding="utf-8"))


def test_pins_and_notes(server):
    """A pinned backup stays; what is not mentioned is not changed."""
    backup = server.back_up(note="first")["result"]["backup"]
    status, changed = server.ask("PATCH", f"/{backup}", {"pinned": True})
    assert (status, changed["pinned"], changed["note"]) == (200, True, "first")
    status, refused = server.ask("DELETE", f"/{backup}")
    assert (status, refused["key"]) == (409, "backup_pinned")
    status, changed = server.ask("PATCH", f"/{backup}", {"pinned": False, "note": None})
    assert (changed["pinned"], changed["note"]) == (False, None)
    assert server.ask("DELETE", f"/{backup}") == (204, None)
    assert not server.find_archive(backup).exists()
    assert server.ask("DELETE", f"/{backup}")[0] == 404


def test_no_backup_is_removed_while_a_job_runs(server):
    """It might be reading it."""
    backup = server.back_up()["result"]["backup"]
    stop = f"/api/instances/{server.game.name}/stop"
    job = server.panel.call("POST", stop, {"wait_seconds": 600}).json()["job"]
    status, refused = server.ask("DELETE", f"/{backup}")
    assert (status, refused["key"], refused["fields"]["job"]) == (409, "instance_busy", job["id"])
    server.panel.call("POST", f"/api/jobs/{job['id']}/cancel")
    server.panel.get(f"/api/jobs/{job['id']}?wait=20")
    assert server.ask("DELETE", f"/{backup}")[0] == 204


def test_downloads_and_parts_of_them(server):
    """The bytes of the archive, all of them or those that were asked for, by a header or by a ticket."""
    backup = server.back_up()["result"]["backup"]
    whole = server.find_archive(backup).read_bytes()
    path = f"{server.address}/{backup}/download"

    def download(wanted: str = "", **options: Any) -> tuple[int, bytes]:
        headers = {"Range": wanted, "Accept-Encoding": "gzip"} if wanted else {"Accept-Encoding": "gzip"}
        answer = server.panel.call("GET", path, headers=headers, **options)
        assert "Content-Encoding" not in answer.headers
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        return answer.status_code, answer.content

    assert download() == (200, whole)
    assert download("bytes=0-99") == (206, whole[:100])
    assert download("bytes=100000-") == (206, whole[100000:])
    assert download("bytes=-7") == (206, whole[-7:])
    answer = server.panel.call("GET", path, headers={"Range": f"bytes={len(whole)}-"})
    assert (answer.status_code, answer.json()["key"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"
    answer = server.panel.call("HEAD", path)
    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="{server.game.name}-{backup}.tar.gz"'
    )
    assert (answer.headers["Content-Length"], answer.headers["Accept-Ranges"]) == (str(len(whole)), "bytes")
    ticket = server.panel.call("POST", "/api/auth/ticket").json()["ticket"]
    path = f"{path}?ticket={ticket}"
    assert download(token="") == (200, whole)
    assert server.panel.call("GET", path, token="").status_code == 401


def test_a_large_download_does_not_fill_the_memory(server):
    """Half a gigabyte that is never read: the panel holds no more of it than a few pieces."""
    huge = server.folder / "huge.tar"
    huge.parent.mkdir(exist_ok=True)
    with huge.open("wb") as file:
        file.truncate(512 * 1024 * 1024)
    before = server.panel.get("/api/host")["panel"]["memory_bytes"]
    answer = server.panel.call("GET", f"{server.address}/huge.tar/download", stream=True)
    assert answer.status_code == 200
    taken = sum(len(piece) for piece, _ in zip(answer.iter_content(65536), range(2000), strict=False))
    assert taken > 64 * 1024 * 1024
    assert server.panel.get("/api/host")["panel"]["memory_bytes"] - before < 16 * 1024 * 1024
    answer.close()
    huge.unlink()


def test_roles(server):
    """A viewer may look; the archive has passwords in it."""
    viewer = server.panel.add_user("looks", "viewer")
    backup = server.back_up()["result"]["backup"]
    assert server.ask("GET", "", token=viewer)[0] == 200
    for method, path in (("GET", "/download"), ("PATCH", ""), ("DELETE", ""), ("POST", "/verify")):
        assert server.ask(method, f"/{backup}{path}", token=viewer)[0] == 403


@pytest.mark.parametrize(
    "backup_id", ["20260101-120000", "..", "%2e%2e", ".20260101-120000.tar.gz.part", "a%00b"]
)
def test_what_is_no_backup(server, backup_id):
    """It is not there, whatever it is called."""
    for method, path in (("GET", "/download"), ("PATCH", ""), ("DELETE", ""), ("POST", "/verify")):
        assert server.ask(method, f"/{backup_id}{path}")[0] in (404, 405)


def test_copies_of_an_operators_own_script(make_panel, make_game, tmp_path):
    """They are listed and can be downloaded, and PalServer lays no hand on them."""
    panel: Panel = make_panel()
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "backup.sh").write_text(
        'folder=$PALSERVER_BACKUP_DIR\nmkdir -p "$folder/$1-20260101-1200/Saved" "$folder/$1"\n'
        'printf 12345 >"$folder/$1-20260101-1200/Saved/a"\nprintf 123 >"$folder/$1/copy.zip"\n'
    )
    panel.environment["PALSERVER_SCRIPTS_DIR"] = str(scripts)
    panel.start()
    server = Server(panel, make_game().start())
    job = server.back_up()
    assert (job["result"]["copies"], job["result"]["backup"]) == (2, None)
    name = f"{server.game.name}-20260101-1200"
    listed = {backup["id"]: backup for backup in server.list_backups()}
    assert {each: backup["size_bytes"] for each, backup in listed.items()} == {name: 5, "copy.zip": 3}
    for backup in listed.values():
        assert (backup["kind"], backup["consistent"], backup["sha256"]) == ("script", None, None)
    assert panel.call("GET", f"{server.address}/copy.zip/download").content == b"123"
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/verify")):
        for each in listed:
            status, refused = server.ask(method, f"/{each}{path}")
            assert (status, refused["key"]) == (409, "backup_foreign")
    assert server.ask("GET", f"/{name}/download")[0] == 409


def test_the_list_follows_what_happens_on_the_disk(server):
    """An archive that somebody has taken away is no backup any more, and what is damaged is not ours."""
    backup = server.back_up()["result"]["backup"]
    server.find_archive(backup).rename(server.folder / ".away")
    assert backup not in [each["id"] for each in server.list_backups()]
    assert server.ask("GET", f"/{backup}/download")[0] == 404
    (server.folder / ".away").rename(server.find_archive(backup))
    (server.folder / f"{backup}.json").write_text("{")
    assert find(server, f"{backup}.tar.gz")["kind"] == "script"


def test_what_a_killed_panel_leaves_of_backups(make_panel, make_game):
    """It is gone after the next start, without any job."""
    panel = make_panel()
    panel.start()
    server = Server(panel, make_game().start())
    backup = server.back_up()["result"]["backup"]
    panel.kill()
    (server.folder / f".{backup}.json.part").write_text("half a pin")
    (server.folder / ".copy.palserver-removed").mkdir()
    panel.start()
    names = {f"{backup}.json", f"{backup}.tar.gz"}
    wait_until(lambda: {path.name for path in server.folder.iterdir()} == names, "nothing else is left")
