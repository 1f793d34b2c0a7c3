"""A server with a backup of an earlier day, for tests that restore it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from tests.game import ADMIN_PASSWORD, Game
from tests.panel import Panel
from tests.saved_trees import Found, find_traces, keep_tree, read_world
from tests.waiting import wait_until

ID = "20260101-120000"
# It saves when it is told to, so that its files stay comparable.
SPAN = {"AUTO_SAVE_SPAN": "3600"}


def order_game(game: Game, order: str, body: Any = None) -> None:
    answer = requests.post(f"{game.rest_url}/{order}", json=body, auth=("admin", ADMIN_PASSWORD), timeout=120)
    assert answer.status_code == 200, answer.text


def live_on(game: Game, day: int) -> None:
    """The world is of another day, and saved."""
    game.control("POST", "/world", {"days": day})
    order_game(game, "save")


def list_announcements(game: Game) -> list[str]:
    """What the players on it have read, in order."""
    told = [call["body"] for call in game.list_calls() if call["path"].endswith("/announce")]
    return [json.loads(body)["message"] for body in told]


def cancel_countdown(panel: Panel, game: Game, path: str, body: dict[str, Any]) -> Any:
    """Order it with a countdown of ten minutes, and take it back in there; returns the job when it has ended.

    Nothing is held, saved or stopped: the very same process plays on, with the policy that it had.
    """
    game.container.reload()
    runs, posts = game.container.attrs["State"], list_posts(game)
    answer = panel.call("POST", path, {**body, "wait_seconds": 600})
    assert answer.status_code == 202, answer.text
    address = f"/api/jobs/{answer.json()['job']['id']}"

    def is_counting() -> bool:
        job = panel.get(address)["job"]
        assert job["finished_at"] is None, panel.call("GET", f"{address}/output").text
        return job["step"] == "counting_down" and len(list_posts(game)) > len(posts)

    wait_until(is_counting, "players are being told", 60)
    assert panel.get(f"/api/instances/{game.name}")["job"]["is_cancellable"]
    assert game.restart_policy == "unless-stopped"
    assert panel.call("POST", f"{address}/cancel").status_code == 202
    job = panel.get(f"{address}?wait=20")["job"]
    assert (job["state"], job["error"]["key"]) == ("cancelled", "cancelled")
    assert list_posts(game) == [*posts, "announce", "announce"]
    assert (game.restart_policy, game.container.attrs["State"]) == ("unless-stopped", runs)
    return job


def list_posts(game: Game) -> list[str]:
    """The orders that the game was given, in order, by their last word."""
    return [call["path"].rsplit("/", 1)[1] for call in game.list_calls() if call["method"] == "POST"]


def find_guid(tree: dict[str, Found]) -> str:
    (level,) = [name for name in tree if name.endswith("/Level.sav")]
    return level.split("/")[3]


class Lived:
    """A server with a backup of day 5 in a folder, on which it is day 9 by now."""

    def __init__(self, game: Game, backups: Path) -> None:
        self.game, self.backups = game, backups
        live_on(game, 5)
        self.tree = read_world(game)
        self.guid = find_guid(self.tree)
        keep_tree(backups, self.tree)
        order_game(game, "ban", {"userid": "steam_76561190000000001"})
        live_on(game, 9)

    def list_copies(self) -> list[Path]:
        """The archives that others have made, the newest last."""
        return sorted(path for path in self.backups.glob("*.tar.gz") if not path.name.startswith("20260101-"))

    def check_whole(self) -> None:
        """Nothing left beside the world, and the policy as it was."""
        assert find_traces(self.game) == []
        assert self.game.restart_policy == "unless-stopped"


class Restored(Lived):
    """It is a panel's."""

    def __init__(self, panel: Panel, game: Game) -> None:
        super().__init__(game, panel.folder / "server" / "backup" / game.name)
        self.panel = panel
        self.path = f"/api/instances/{game.name}"

    def adopt(self) -> None:
        self.panel.adopt(self.game.name)

    def restore(self, **countdown: Any) -> Any:
        return self.panel.run_job(f"{self.path}/backups/{ID}/restore", countdown)


def show_info(game: Game) -> Any:
    return requests.get(f"{game.rest_url}/info", auth=("admin", ADMIN_PASSWORD), timeout=20).json()
