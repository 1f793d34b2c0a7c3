"""Restores on real containers: another world in the live one's place, or nothing changed at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.containers import Containers
from tests.game import LABELS, SAVED_PATH, Game, remove_container
from tests.made_backups import GUID, make_save
from tests.panel import Panel
from tests.restored import (
    ID,
    SPAN,
    Restored,
    cancel_countdown,
    list_announcements,
    list_posts,
    order_game,
    show_info,
)
from tests.saved_trees import (
    find_traces,
    hash_archive,
    hash_world,
    keep_tree,
    read_tree,
    read_world,
    rename_world,
)
from tests.waiting import wait_until


@pytest.fixture
def containers(engine) -> Iterator[Containers]:
    containers = Containers(engine)
    yield containers
    containers.remove_all()


@pytest.fixture
def make_restored(panel: Panel, make_game: Callable[..., Game]) -> Callable[..., Restored]:
    def make(**options: Any) -> Restored:
        environment = {**SPAN, **options.pop("environment", {})}
        restored = Restored(panel, make_game(environment=environment, **options).start())
        restored.adopt()
        return restored

    return make


@pytest.fixture
def bind(tmp_path: Path) -> dict[str, Any]:
    folder = tmp_path / "saved"
    folder.mkdir()
    folder.chmod(0o777)
    return {"volumes": [f"{folder}:{SAVED_PATH}"]}


@pytest.mark.parametrize("kind", ["volume", "bind", "above"])
def test_a_running_server_gets_its_world_back(make_restored, bind, tmp_path, kind):
    """Byte for byte, with its owners and modes; the server runs on it, and the bans are those of then."""
    if kind == "above":
        (tmp_path / "saved" / "Saved").mkdir()
        (tmp_path / "saved" / "Saved").chmod(0o777)
        bind = {"volumes": [f"{tmp_path / 'saved'}:{SAVED_PATH.removesuffix('/Saved')}"]}
    restored = make_restored(**({} if kind == "volume" else bind))
    game = restored.game
    assert "Saved/SaveGames/banlist.txt" in read_tree(game)
    job = restored.restore()
    assert job["state"] == "succeeded", restored.panel.read_log()
    game.wait_until_ready()
    assert read_world(game) == restored.tree
    assert show_info(game)["worldguid"] == restored.guid
    assert game.state == "running"
    restored.check_whole()
    result = job["result"]
    assert (result["backup"], result["world_guid"]) == (ID, restored.guid)
    assert (result["was_running"], result["saved"]) == (True, True)


def test_a_stopped_server_stays_stopped(make_restored):
    """And what else lies in its save folder stays, too: other worlds, other settings, logs."""
    restored = make_restored()
    game = restored.game
    others = f"{SAVED_PATH}/SaveGames/0/{'C' * 32}"
    script = f"mkdir -p {others} {SAVED_PATH}/Logs; echo 1 >{others}/Level.sav; echo 2 >{SAVED_PATH}/Logs/x"
    script += f"; echo 3 >{SAVED_PATH}/Config/LinuxServer/Engine.ini"
    assert game.container.exec_run(["sh", "-ec", script]).exit_code == 0
    restored.panel.run_job(f"{restored.path}/stop")
    job = restored.restore()
    assert job["state"] == "succeeded"
    tree = read_tree(game)
    rest = {name: found.content for name, found in tree.items() if name not in restored.tree}
    assert rest == {
        f"Saved/SaveGames/0/{'C' * 32}/Level.sav": b"1\n",
        "Saved/Logs/x": b"2\n",
        "Saved/Config/LinuxServer/Engine.ini": b"3\n",
    }
    assert {name: found for name, found in tree.items() if name in restored.tree} == restored.tree
    assert game.state == "exited"
    restored.check_whole()
    game.start()
    assert show_info(game)["worldguid"] == restored.guid


def test_players_are_warned_of_a_restore(make_restored):
    """When the backup has passed. A cancel then leaves everything as it was; else the world is saved next."""
    restored = make_restored()
    panel, game = restored.panel, restored.game
    before = read_world(game)
    cancel_countdown(panel, game, f"{restored.path}/backups/{ID}/restore", {"message": "점검합니다"})
    assert list_announcements(game) == ["점검합니다 (10 min)", "Cancelled: the server keeps running."]
    assert (read_world(game), restored.list_copies()) == (before, [])
    restored.check_whole()
    posts = len(list_posts(game))
    game.set_faults(never_exit=True)  # so that it can be asked what it was told
    answer = panel.call("POST", f"{restored.path}/backups/{ID}/restore", {"wait_seconds": 2})
    job_id = answer.json()["job"]["id"]
    wait_until(lambda: "shutdown" in list_posts(game), "the game is asked to end")
    assert list_posts(game)[posts:] == ["announce", "save", "shutdown"]
    assert list_announcements(game)[-1] == "The server stops soon. (2 s)"
    game.control("POST", "/crash", {"exit_code": 0})
    assert panel.wait_for_job(job_id)["state"] == "succeeded"
    assert read_world(game) == restored.tree
    restored.check_whole()


def test_nobody_is_warned_of_a_restore_that_is_not_to_be(make_restored):
    """What can be checked while people play is checked before they are told anything."""
    restored = make_restored()
    (archive,) = restored.backups.glob("*.tar.gz")
    content = archive.read_bytes()
    archive.write_bytes(content[:-100] + bytes(100))
    job = restored.restore(wait_seconds=600)
    assert job["state"] == "failed"
    assert list_announcements(restored.game) == []
    assert restored.game.state == "running"


def test_a_stopped_server_waits_for_nobody(make_restored):
    """Where nobody can play there is no countdown."""
    restored = make_restored()
    restored.panel.run_job(f"{restored.path}/stop")
    assert restored.restore(wait_seconds=3600)["state"] == "succeeded"
    assert restored.game.state == "exited"
    restored.check_whole()


def test_a_world_of_another_guid(make_restored):
    """The settings name it, the game opens it, and the one before is in the safety copy only."""
    restored = make_restored()
    tree = rename_world(restored.tree, restored.guid)
    keep_tree(restored.backups, tree)
    job = restored.restore()
    assert job["state"] == "succeeded", restored.panel.read_log()
    restored.game.wait_until_ready()
    assert show_info(restored.game)["worldguid"] == GUID
    assert read_world(restored.game) == tree
    restored.check_whole()
    assert len(list(restored.backups.glob("*.tar.gz"))) == 2


def test_a_world_without_settings(make_restored):
    """The live settings are kept, but for the name of the world; of two nobody knows which."""
    restored = make_restored()
    tree = rename_world(restored.tree, restored.guid)
    worlds = {name: found for name, found in tree.items() if "/Config/" not in name}
    keep_tree(restored.backups, worlds | rename_world(worlds, GUID, "B" * 32))
    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "world_unclear")
    keep_tree(restored.backups, worlds)
    assert restored.restore()["state"] == "succeeded"
    restored.game.wait_until_ready()
    assert read_world(restored.game).keys() == tree.keys()
    assert show_info(restored.game)["worldguid"] == GUID


def test_a_preview(make_restored):
    """What is added, changed, removed and left alone, and what it takes; nothing is touched for it."""
    restored = make_restored()
    game = restored.game
    before = hash_world(game)
    preview = restored.panel.get(f"{restored.path}/backups/{ID}/preview")
    changed = {name for name in restored.tree if before[name] != restored.tree[name].digest}
    assert changed
    assert set(preview["changed"]) == changed
    assert "Saved/SaveGames/banlist.txt" in preview["removed"]
    assert (preview["added"], preview["players"]) == ([], [])
    assert preview["unchanged_count"] == len(restored.tree) - len(changed)
    assert preview["needed_bytes"] == sum(len(found.content) for found in restored.tree.values())
    assert (preview["world_guid"], preview["is_running"]) == (restored.guid, True)
    assert preview["free_bytes"] > 1_000_000
    assert hash_world(game) == before
    assert find_traces(game) == []
    missing = restored.panel.call("GET", f"{restored.path}/backups/20200101-000000/preview")
    assert (missing.status_code, missing.json()["key"]) == (404, "backup_not_found")
    odd = restored.panel.call("POST", f"{restored.path}/backups/..%2f..%2fx/restore")
    assert odd.status_code in (404, 405)


def test_a_preview_names_who_would_lose_a_character(panel, make_game):
    """By the name that the game told; who was never told of stays an id, and nothing is known of others."""
    restored = Restored(panel, make_game(environment=SPAN).start())
    address, game = f"{restored.path}/backups/{ID}/preview", restored.game
    never_told = game.join("unseen", userId="steam_1", loading=True)
    assert never_told["playerId"] == "None"
    anna = game.join("<b>Anna</b>\u202e", userId="steam_2")["playerId"]
    order_game(game, "save")
    restored.adopt()
    told = wait_until(lambda: find_named(panel.get(address)), "the name is known", 60)
    assert told == [{"player_uid": anna, "name": "<b>Anna</b>\u202e", "change": "removed"}]
    preview = panel.get(address)
    (nameless,) = [player for player in preview["players"] if player["name"] is None]
    assert nameless["change"] == "removed"
    assert {path.rpartition("/")[2] for path in preview["removed"]} == {
        "banlist.txt",
        f"{anna}.sav",
        f"{nameless['player_uid']}.sav",
    }


def find_named(preview: dict[str, Any]) -> list[dict[str, Any]]:
    return [player for player in preview["players"] if player["name"] is not None]


def test_a_damaged_backup_is_refused_while_the_players_play_on(make_restored):
    """A flipped bit; the reason is in our words, and the server was never stopped."""
    restored = make_restored()
    started_at = restored.game.container.attrs["State"]["StartedAt"]
    path = restored.backups / f"{ID}.tar.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "archive_broken")
    restored.game.container.reload()
    assert restored.game.container.attrs["State"]["StartedAt"] == started_at
    restored.check_whole()


def test_a_world_that_lies_on_no_volume(make_restored):
    """It would not survive an update."""
    restored = make_restored(volumes=[])
    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "world_not_on_volume")
    assert restored.game.state == "running"


def test_an_image_without_a_shell(make_restored, containers):
    """Nothing is touched before that is known."""
    maker = containers.client.containers.create(
        "palserver:local",
        name=containers.name("maker"),
        user="0",
        entrypoint=["python3", "-c", "import os; os.remove('/bin/sh')"],
        labels=LABELS,
    )
    maker.start()
    assert maker.wait()["StatusCode"] == 0
    maker.commit(containers.name("image"), "bare", conf={"User": "palserver", "Entrypoint": []})
    restored = make_restored(image=containers.keep_image(f"{containers.name('image')}:bare"))
    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "no_side_container")
    assert restored.game.state == "running"
    restored.check_whole()
    remove_container(restored.game.client, restored.game.name)


def test_a_world_that_the_game_cannot_open(make_restored):
    """It passes every check and ends the game: the old one is put back, and the server runs on it."""
    restored = make_restored()
    game = restored.game
    level = next(name for name in restored.tree if name.endswith("/Level.sav"))
    found = restored.tree[level]
    keep_tree(restored.backups, {**restored.tree, level: replace(found, content=make_save(b"rubbish"))})
    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "game_not_ready")
    output = restored.panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert "That did not work. The old world is in its place, as it was." in output
    game.wait_until_ready()
    (copy,) = restored.list_copies()
    assert hash_world(game) == hash_archive(copy)
    restored.check_whole()
