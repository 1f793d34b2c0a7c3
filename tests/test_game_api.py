"""Facts about the game's part of the HTTP API, with a real panel and a real container."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.game import Game
from tests.panel import Panel
from tests.waiting import wait_until

USER_ID = "steam_76561190000000001"
ORDERS: dict[str, Any] = {
    "announce": {"message": "Hello, 세계"},
    "save": None,
    "kick": {"user_id": USER_ID, "message": "Bye."},
    "ban": {"user_id": USER_ID},
    "unban": {"user_id": USER_ID},
}
QUESTIONS = ("info", "players", "metrics", "settings")


@pytest.fixture(scope="module")
def viewer(panel: Panel) -> str:
    return panel.add_user("looker", "viewer")


@pytest.fixture(scope="module")
def operator(panel: Panel) -> str:
    return panel.add_user("runner", "operator")


def call(
    panel: Panel, game: Game, endpoint: str, body: Any = None, token: str | None = None
) -> requests.Response:
    method = "GET" if endpoint in QUESTIONS else "POST"
    return panel.call(method, f"/api/server/{game.name}/{endpoint}", body, token=token)


def key_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["key"]


class TestQuestions:
    def test_info(self, panel, adopted, viewer):
        """A viewer sees what the game says of itself, the object itself and no wrapping."""
        info = call(panel, adopted, "info", token=viewer).json()
        assert sorted(info) == ["description", "server_name", "version", "world_guid"]
        assert info["version"].startswith("v1.")

    def test_metrics(self, panel, adopted, viewer):
        """Metrics come under our names."""
        metrics = call(panel, adopted, "metrics", token=viewer).json()
        assert (metrics["players"], metrics["max_players"]) == (0, 32)
        assert set(metrics) == {
            "fps",
            "fps_average",
            "frame_time_ms",
            "players",
            "max_players",
            "uptime_seconds",
            "days",
            "base_camps",
        }

    def test_settings(self, panel, adopted, viewer):
        """Settings keep the game's names, and hold no password."""
        settings = call(panel, adopted, "settings", token=viewer).json()["settings"]
        assert settings["RESTAPIEnabled"] is True
        assert not [name for name in settings if "password" in name.lower()]

    def test_players(self, panel, adopted, viewer, operator):
        """Who plays is for everybody, from where is not for viewers."""
        adopted.join("<b>Lamia</b>", userId=USER_ID)
        [player] = call(panel, adopted, "players", token=operator).json()["players"]
        assert (player["name"], player["user_id"], player["ip"]) == ("<b>Lamia</b>", USER_ID, "203.0.113.10")
        assert set(player["location"]) == {"x", "y"}
        [seen] = call(panel, adopted, "players", token=viewer).json()["players"]
        assert seen == player | {"ip": None, "ping_ms": seen["ping_ms"]}


class TestOrders:
    @pytest.mark.parametrize("endpoint", ORDERS)
    def test_sent(self, panel, adopted, operator, endpoint):
        """An operator's order reaches the game once, and is said to be sent when the game has said yes."""
        adopted.join("Lamia", userId=USER_ID)
        answer = call(panel, adopted, endpoint, ORDERS[endpoint], operator)
        assert (answer.status_code, answer.json()) == (200, {"sent": True})
        posts = [sent for sent in adopted.list_calls() if sent["method"] == "POST"]
        assert [sent["path"] for sent in posts] == [f"/v1/api/{endpoint}"]
        assert "content-length" in posts[0]["headers"]

    @pytest.mark.parametrize("endpoint", ORDERS)
    def test_not_for_viewers(self, panel, adopted, viewer, endpoint):
        """A viewer gives no orders, and a stranger neither."""
        assert key_of(call(panel, adopted, endpoint, ORDERS[endpoint], viewer)) == (403, "forbidden")
        assert key_of(call(panel, adopted, endpoint, ORDERS[endpoint], "")) == (401, "unauthorized")
        assert not [sent for sent in adopted.list_calls() if sent["method"] == "POST"]

    @pytest.mark.parametrize(
        ("endpoint", "body", "field"),
        [
            ("announce", {}, "message"),
            ("announce", {"message": ""}, "message"),
            ("announce", {"message": "x" * 501}, "message"),
            ("announce", {"message": "two\nlines"}, "message"),
            ("announce", {"message": "one line\n"}, "message"),
            ("announce", {"message": "\x1b[31mred"}, "message"),
            ("announce", {"message": None}, "message"),
            ("announce", {"message": "Hello.", "loud": True}, "loud"),
            ("kick", {}, "user_id"),
            ("kick", {"user_id": "steam_1\n"}, "user_id"),
            ("ban", {"user_id": "../admin"}, "user_id"),
            ("ban", {"user_id": "x" * 65}, "user_id"),
            ("ban", {"user_id": USER_ID, "message": "a\tb"}, "message"),
            ("unban", {"user_id": 7}, "user_id"),
            ("unban", {"user_id": USER_ID, "message": "no such field"}, "message"),
        ],
    )
    def test_wrong_bodies(self, panel, adopted, endpoint, body, field):
        """What cannot be an order is refused by the field's name, and the game hears nothing of it."""
        answer = call(panel, adopted, endpoint, body)
        assert key_of(answer) == (400, "invalid")
        assert list(answer.json()["fields"]) == [field]
        assert not [sent for sent in adopted.list_calls() if sent["method"] == "POST"]

    def test_longest_message(self, panel, adopted):
        """Five hundred characters are counted as characters, whatever their alphabet."""
        assert call(panel, adopted, "announce", {"message": "세" * 500}).status_code == 200


class TestFailures:
    def test_unknown_instance(self, panel):
        """A server that nobody knows is not found."""
        assert key_of(panel.call("GET", "/api/server/nobody/info")) == (404, "instance_not_found")
        assert key_of(panel.call("POST", "/api/server/nobody/save")) == (404, "instance_not_found")

    def test_not_running(self, panel, adopted):
        """A server that does not run says so, whatever is asked."""
        adopted.container.stop(timeout=5)
        for endpoint in (*QUESTIONS, *ORDERS):
            answer = call(panel, adopted, endpoint, ORDERS.get(endpoint))
            assert key_of(answer) == (409, "instance_not_running")

    def test_unreachable(self, panel, adopted):
        """A game that refuses connections is unreachable."""
        adopted.set_faults(refuse=True)
        assert key_of(call(panel, adopted, "players")) == (502, "game_unreachable")
        assert key_of(call(panel, adopted, "save")) == (502, "game_unreachable")

    def test_hanging(self, panel, adopted):
        """A game that hangs is answered for all the same."""
        assert call(panel, adopted, "info").status_code == 200
        adopted.set_faults(hang=True)
        assert key_of(call(panel, adopted, "info")) == (502, "game_unreachable")

    def test_unauthorized(self, panel, adopted):
        """A refused password is told apart from a silent game, and never read as an empty server."""
        adopted.set_faults(unauthorized=True)
        assert key_of(call(panel, adopted, "players")) == (502, "game_unauthorized")
        game = f"/api/instances/{adopted.name}"
        wait_until(lambda: panel.get(game)["game"]["status"] == "unauthorized", "the panel says so too")
        assert panel.get(game)["game"]["players"] is None

    def test_bad_answer(self, panel, adopted):
        """An answer that makes no sense is told as one, and its content stays here."""
        assert call(panel, adopted, "info").status_code == 200
        adopted.set_faults(garbage_status=500)
        answer = call(panel, adopted, "info")
        assert key_of(answer) == (502, "game_bad_answer")
        assert "html" not in answer.text

    def test_refused(self, panel, adopted):
        """The game's own no to an order is a 400 with a name."""
        body = {"user_id": "steam_76561190000009999"}
        assert key_of(call(panel, adopted, "kick", body)) == (400, "game_refused")
