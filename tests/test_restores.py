"""Restores on real containers: another world in the live one's place, or nothing changed at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.game import ADMIN_PASSWORD, SAVED_PATH, Game
from tests.made_backups import GUID
from tests.panel import Panel
from tests.saved_trees import (
    Found,
    find_traces,
    hash_world,
    keep_tree,
    read_tree,
    read_world,
    rename_world,
)
from tests.waiting import wait_until

ID = "20260101-120000"
SPAN = {"AUTO_SAVE_SPAN": "3600"}


def order_game(game: Game, order: str, body: Any = None) -> None:
    import requests

    answer = requests.post(f"{game.rest_url}/{order}", json=body, auth=("admin", ADMIN_PASSWORD), timeout=20)
    assert answer.status_code == 200, answer.text


def live_on(game: Game, day: int) -> None:
    """The world is of another day, and saved."""
    game.control("POST", "/world", {"days": day})
    order_game(game, "save")


def find_guid(tree: dict[str, Found]) -> str:
    (level,) = [name for name in tree if name.endswith("/Level.sav")]
    return level.split("/")[3]


class Restored:
    """A server of the panel with a backup of day 5, on which it is day 9 by now."""

    def __init__(self, panel: Panel, game: Game) -> None:
        self.panel, self.game = panel, game
        self.path = f"/api/instances/{game.name}"
        self.backups = panel.folder / "server" / "backup" / game.name
        live_on(game, 5)
        self.tree = read_world(game)
        self.guid = find_guid(self.tree)
        keep_tree(self.backups, self.tree)
        order_game(game, "ban", {"userid": "steam_76561190000000001"})
        live_on(game, 9)

    def adopt(self) -> None:
        answer = self.panel.call("POST", "/api/instances/adopt", {"container": self.game.name})
        assert answer.status_code == 201, answer.text

    def restore(self) -> Any:
        return self.panel.run_job(f"{self.path}/backups/{ID}/restore")

    def check_whole(self) -> None:
        """Nothing left beside the world, and the policy as it was."""
        assert find_traces(self.game) == []
        assert self.game.restart_policy == "unless-stopped"


@pytest.fixture
def make_restored(panel: Panel, make_game: Callable[..., Game]) -> Callable[..., Restored]:
    def make(**options: Any) -> Restored:
        environment = {**SPAN, **options.pop("environment", {})}
        restored = Restored(panel, make_game(environment=environment, **options).start())
        restored.adopt()
        return restored

    return make


def show_info(game: Game) -> Any:
    import requests

    return requests.get(f"{game.rest_url}/info", auth=("admin", ADMIN_PASSWORD), timeout=5).json()


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
    from tests.made_backups import describe  # noqa: F401

    job = restored.restore()
    assert (job["state"], job["error"]["key"]) == ("failed", "world_unclear")
    manifest = keep_tree(restored.backups, worlds)
    import msgspec

    from palserver.store.backups import set_manifest

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


def test_an_image_without_a_shell(make_restored):
    """Nothing is touched before that is known."""
    restored = make_restored()
    game = restored.game
    wait_until(lambda: game.state == "running", "it runs")
    assert game.container.exec_run("true").exit_code == 0
