"""How often a real game is asked, and what is told of its players."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from palserver.services.games.pace import Intervals
from palserver.services.games.rosters import PlayerEvent
from tests.game import Game
from tests.house import House, count_calls
from tests.panel import Panel, receive
from tests.waiting import wait_until

# So long that a test would never see the second poll.
SELDOM = Intervals(600.0, 600.0)


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    house = House(tmp_path)
    yield house.start()
    house.close()


def take_events(house: House) -> list[PlayerEvent]:
    taken = house.player_events.take(0)
    return taken.items if taken else []


class TestPace:
    def test_nobody_watches(self, tmp_path, game):
        """Then polls are rare; whoever comes is served at once, and leaves a quiet game behind."""
        house = House(tmp_path, unwatched=SELDOM)
        try:
            house.adopt(game)
            house.start()
            house.wait_for(game.name, "ready")
            assert count_calls(game, "metrics") == 1
            with house.audience.watching():
                wait_until(lambda: count_calls(game, "metrics") >= 4, "it is polled quickly")
                game.join("Lamia")
                wait_until(lambda: house.view(game.name).players == 1, "Lamia is counted")
            polled = count_calls(game, "metrics")
            time.sleep(2)  # ten of the quick polls; one may have been on its way
            assert count_calls(game, "metrics") <= polled + 1
        finally:
            house.close()

    def test_the_image_holds_its_game_still(self, house, make_game):
        """While its mark is there the REST port is not asked at all: that could wake it."""
        game = make_game(environment={"AUTO_PAUSE_ENABLED": "true"}).start()
        house.adopt(game)
        house.wait_for(game.name, "ready")
        assert game.container.exec_run(["mkdir", "-p", "/palworld/.paused"], user="root").exit_code == 0
        house.wait_for(game.name, "paused")
        asked = len(game.list_calls())
        time.sleep(2)  # four polls, of the mark alone
        assert len(game.list_calls()) == asked
        assert house.games.find_players(game.name) is None
        assert game.container.exec_run(["rmdir", "/palworld/.paused"], user="root").exit_code == 0
        house.wait_for(game.name, "ready")

    def test_a_paused_container_is_left_alone(self, house, game):
        """It has no poller: no question piles up in its sockets."""
        house.adopt(game)
        house.wait_for(game.name, "ready")
        polled = len(house.background)
        game.container.pause()
        wait_until(lambda: len(house.background) == polled - 1, "the poller has ended")
        assert house.view(game.name).status == "paused"
        game.container.unpause()
        house.wait_for(game.name, "ready")


class TestPlayers:
    def test_joined_and_left(self, house, game):
        """Who is there from the start is not announced; who comes and who goes is, once."""
        game.join("Early", userId="steam_1")
        house.adopt(game)
        wait_until(lambda: self.list_names(house, game) == ["Early"], "the players are known")
        game.join("Lamia", userId="steam_2")
        (joined,) = wait_until(lambda: take_events(house), "Lamia is announced")
        assert (joined.instance, joined.event, joined.player.name) == (game.name, "joined", "Lamia")
        game.control("DELETE", "/players/steam_1")
        (left,) = wait_until(lambda: take_events(house), "Early is gone")
        assert (left.event, left.player.user_id) == ("left", "steam_1")
        assert self.list_names(house, game) == ["Lamia"]

    def test_nothing_follows_from_unknown(self, house, game):
        """A game that stops to answer has nobody leave it, and nobody join it when it answers again."""
        game.join("Lamia")
        house.adopt(game)
        wait_until(lambda: self.list_names(house, game) == ["Lamia"], "the players are known")
        game.set_faults(refuse=True)
        house.wait_for(game.name, "unresponsive")
        assert house.games.find_players(game.name) is None
        game.set_faults(refuse=False)
        wait_until(lambda: self.list_names(house, game) == ["Lamia"], "the players are known again")
        assert take_events(house) == []

    def test_a_new_run_announces_nobody(self, house, game):
        """After a restart whoever is there at the first answer was there before us."""
        game.join("Lamia")
        house.adopt(game)
        wait_until(lambda: self.list_names(house, game) == ["Lamia"], "the players are known")
        game.container.restart(timeout=1)
        wait_until(lambda: self.list_names(house, game) == [], "the game has started again")
        assert take_events(house) == []

    def list_names(self, house: House, game: Game) -> list[str | None] | None:
        players = house.games.find_players(game.name)
        return None if players is None else [player.name for player in players]


class TestThroughThePanel:
    def test_viewers_cost_the_game_nothing(self, panel: Panel, game):
        """Twelve open sockets, and the game is asked as often as for one: every five seconds."""
        panel.adopt(game.name)
        with ExitStack() as sockets:
            for _ in range(6):
                sockets.enter_context(panel.watch("/api/events"))
                sockets.enter_context(panel.watch(f"/api/instances/{game.name}/logs"))
            before = self.wait_for_poll(game, 0)
            began = time.monotonic()
            self.wait_for_poll(game, before + 2)
            assert time.monotonic() - began > 5
        players = count_calls(game, "players")
        assert players <= 2 + count_calls(game, "metrics") // 3

    def wait_for_poll(self, game: Game, count: int) -> int:
        return wait_until(lambda: (polled := count_calls(game, "metrics")) > count and polled, "a poll")

    def test_events_are_sent(self, panel: Panel, game):
        """Everybody who watches is told, without the address that only operators may see."""
        panel.adopt(game.name)
        # A call is in the record before its answer is made, and in the log only afterwards.
        wait_until(lambda: b"/v1/api/players OK" in game.container.logs(), "it was told that nobody is on")
        with panel.watch("/api/events") as socket:
            game.join("<b>Lamia</b>", userId="steam_2")
            message = self.receive_player(socket)
        assert (message["event"], message["instance"]) == ("joined", game.name)
        player = message["player"]
        assert (player["name"], player["user_id"], player["level"]) == ("<b>Lamia</b>", "steam_2", 1)
        assert player["ip"] is None

    def receive_player(self, socket: ClientConnection) -> Any:
        return wait_until(lambda: (message := receive(socket))["type"] == "player" and message, "a player")
