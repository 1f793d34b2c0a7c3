"""Restores on real containers: another world in the live one's place, or nothing changed at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from palserver.store.backups import set_manifest
from tests.containers import Containers
from tests.game import LABELS, SAVED_PATH, Game, remove_container
from tests.made_backups import GUID, make_save
from tests.panel import Panel
from tests.restored import ID, SPAN, Restored, show_info
from tests.saved_trees import (
    find_traces,
    hash_archive,
    hash_world,
    keep_tree,
    read_tree,
    read_world,
    rename_world,
)


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
    """The live settings are kept, but for the name of the world."""
    restored = make_restored()
    tree = rename_world(restored.tree, restored.guid)
    worlds = {name: found for name, found in tree.items() if "/Config/" not in name}
    keep_tree(restored.backups, worlds)
    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "world_unclear")
    manifest = keep_tree(restored.backups, worlds)
    set_manifest(restored.backups, msgspec.structs.replace(manifest, world_guid=GUID))
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
    assert preview["added"] == []
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
