"""Facts about the state of the games: what is shown of each is what it said, and never a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from palserver import errors
from palserver.clients.palworld import Metrics
from palserver.clock import format_time
from palserver.services.games.games import Games
from palserver.services.games.runs import STARTING_SECONDS, GameRun, GameView
from palserver.store import instances as store
from tests.game import Game, remove_container
from tests.house import EngineWire, House, count_calls
from tests.pretend_rows import make_container
from tests.waiting import wait_until

METRICS = Metrics(57.0, None, 16.8, 3, 32, 3600, 32, None)
# A game that is mute from each of its starts on, until it is told otherwise.
MUTE = {"DEMO_FAULTS": '{"refuse": true}'}


def started_ago(seconds: float) -> str:
    return format_time(datetime.now(UTC) - timedelta(seconds=seconds))


class TestGameRun:
    """`now` of a run is on the monotonic clock: 1000 is when the panel first saw it."""

    def test_not_asked_yet(self):
        """Before the first poll nothing is known."""
        assert GameRun(make_container()).view() == GameView("unknown")

    def test_ready(self):
        """A game that answers is ready, with its numbers and the time of the answer."""
        run = GameRun(make_container())
        run.learn_version("v1.0.0")
        run.answer(METRICS)
        view = run.view()
        assert (view.status, view.version, view.players, view.max_players) == ("ready", "v1.0.0", 3, 32)
        assert view.checked_at is not None

    def test_one_miss(self):
        """After one missed poll the game still counts as ready, but nobody knows how many play."""
        run = GameRun(make_container())
        run.answer(METRICS)
        answered = run.view()
        run.miss()
        assert run.view() == GameView("ready", checked_at=answered.checked_at)
        assert run.metrics is None

    def test_two_misses(self):
        """After two missed polls in a row it is unresponsive; an answer in between starts the count anew."""
        run = GameRun(make_container())
        run.answer(METRICS)
        run.miss()
        run.answer(METRICS)
        run.miss()
        assert run.view().status == "ready"
        run.miss()
        assert run.view().status == "unresponsive"

    def test_starting(self):
        """A young run that has not answered yet is starting, and unresponsive when it is old."""
        run = GameRun(make_container(started_at=started_ago(60)), now=1000)
        for now in (1000, 1000 + STARTING_SECONDS - 70):
            run.miss(now)
            assert run.view().status == "starting"
        run.miss(1000 + STARTING_SECONDS)
        assert run.view().status == "unresponsive"

    def test_starting_ends_with_the_first_answer(self):
        """A run that has answered once is not starting any more, however young it is."""
        run = GameRun(make_container())
        run.answer(METRICS)
        run.miss()
        run.miss()
        assert run.view().status == "unresponsive"

    @pytest.mark.parametrize("started_at", [None, "", "soon", started_ago(-3600)])
    def test_strange_start(self, started_at):
        """A start that is not told, or lies in the future because clocks differ, counts as now."""
        run = GameRun(make_container(started_at=started_at), now=1000)
        run.miss(1000 + STARTING_SECONDS - 1)
        assert run.view().status == "starting"
        run.miss(1000 + STARTING_SECONDS + 1)
        assert run.view().status == "unresponsive"

    def test_unauthorized(self):
        """A refused password is told as such and says nothing about players; one miss later it still is."""
        run = GameRun(make_container())
        run.answer(METRICS)
        run.refuse()
        assert (run.view().status, run.view().players) == ("unauthorized", None)
        run.miss()
        assert run.view().status == "unauthorized"
        run.miss()
        assert run.view().status == "unresponsive"

    def test_refusing_is_no_answer(self):
        """A game that never let us in has not answered in this run: gone silent, it may be starting still."""
        run = GameRun(make_container(), now=1000)
        run.refuse()
        run.miss(1001)
        run.miss(1002)
        assert run.view().status == "starting"

    def test_rest(self):
        """While nobody asks nothing is known; what is known of the run outlives it."""
        run = GameRun(make_container())
        run.learn_version("v1.0.0")
        run.answer(METRICS)
        run.rest()
        assert (run.view().status, run.view().players, run.view().version) == ("unknown", None, "v1.0.0")
        run.miss()
        run.miss()
        assert run.view().status == "unresponsive"


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    house = House(tmp_path)
    yield house.start()
    house.close()


@pytest.fixture
def adopted(house: House, game: Game) -> Game:
    """A game that is watched and has answered."""
    house.adopt(game)
    house.wait_for(game.name, "ready")
    return game


class TestView:
    def test_from_start_to_ready(self, house, make_game):
        """A game whose container has just started is starting, then ready; before and after it is off."""
        game = make_game(environment={**MUTE, "PLAYERS": "16"})
        name = house.adopt(game)
        house.wait_for(name, "off")
        game.start_hidden()
        starting = house.wait_for(name, "starting")
        assert (starting.players, starting.max_players, starting.version) == (None, None, None)
        game.set_faults(refuse=False)
        ready = house.wait_for(name, "ready")
        assert (ready.players, ready.max_players) == (0, 16)
        assert ready.version is not None and ready.checked_at is not None
        game.container.stop(timeout=5)
        assert house.wait_for(name, "off") == GameView("off")
        wait_until(lambda: house.games.find_metrics(name) is None, "its figures are gone")

    def test_players_are_counted(self, house, adopted):
        """Whoever comes is counted at the next poll, and everybody who watches is told of the change."""
        house.changes.take(0)
        adopted.join("Lamia")
        wait_until(lambda: house.view(adopted.name).players == 1, "Lamia is counted")
        taken = house.changes.take(0)
        assert taken is not None and adopted.name in taken.items
        metrics = house.games.find_metrics(adopted.name)
        assert metrics is not None and metrics.fps is not None

    def test_unknown_is_not_zero(self, house, adopted):
        """A game that stops to answer has an unknown number of players, and is soon unresponsive."""
        adopted.join("Lamia")
        wait_until(lambda: house.view(adopted.name).players == 1, "Lamia is counted")
        adopted.set_faults(refuse=True)
        seen: list[GameView] = []

        def is_unresponsive() -> bool:
            seen.append(house.view(adopted.name))
            return seen[-1].status == "unresponsive"

        wait_until(is_unresponsive, "the game is unresponsive")
        assert {view.players for view in seen} <= {1, None}
        assert seen[-1].players is None
        assert seen[-1].checked_at is not None
        adopted.set_faults(refuse=False)
        assert house.wait_for(adopted.name, "ready").players == 1

    def test_hanging_game(self, house, adopted):
        """A game that accepts and never answers is unresponsive as well."""
        adopted.set_faults(hang=True)
        house.wait_for(adopted.name, "unresponsive")
        adopted.set_faults(hang=False)
        house.wait_for(adopted.name, "ready")

    def test_unauthorized(self, house, adopted):
        """A game that refuses the password is unauthorized, and not empty."""
        adopted.set_faults(unauthorized=True)
        view = house.wait_for(adopted.name, "unauthorized")
        assert (view.players, view.max_players) == (None, None)
        adopted.set_faults(unauthorized=False)
        house.wait_for(adopted.name, "ready")

    def test_paused_container(self, house, adopted):
        """A paused container's game is paused and not asked; afterwards it is the same run."""
        adopted.container.pause()
        view = house.wait_for(adopted.name, "paused")
        assert (view.players, view.max_players) == (None, None)
        assert view.version is not None
        wait_until(lambda: house.games.find_metrics(adopted.name) is None, "the poller rests")
        adopted.container.unpause()
        house.wait_for(adopted.name, "ready")

    def test_paused_by_its_image(self, house, make_game):
        """A game that its own image holds still is paused, not unresponsive."""
        game = make_game(environment={"AUTO_PAUSE_ENABLED": "true"}).start()
        name = house.adopt(game)
        house.wait_for(name, "ready")
        assert game.container.exec_run(["mkdir", "-p", "/palworld/.paused"], user="root").exit_code == 0
        game.set_faults(refuse=True)
        house.wait_for(name, "paused")
        assert game.container.exec_run(["rmdir", "/palworld/.paused"], user="root").exit_code == 0
        house.wait_for(name, "unresponsive")
        game.set_faults(refuse=False)
        house.wait_for(name, "ready")

    def test_restart_is_a_new_run(self, house, make_game):
        """After a restart of the container the game is starting again: the old answers count no more."""
        game = make_game(environment=MUTE).start_hidden()
        game.set_faults(refuse=False)
        name = house.adopt(game)
        house.wait_for(name, "ready")
        game.container.restart(timeout=1)
        assert house.wait_for(name, "starting").checked_at is None
        game.wait_until_controlled()
        game.set_faults(refuse=False)
        house.wait_for(name, "ready")

    def test_removed_container(self, house, adopted):
        """A container that is gone has no game."""
        remove_container(adopted.client, adopted.name)
        house.wait_for(adopted.name, "off")

    def test_removed_instance(self, house, adopted):
        """A game whose instance is gone is not asked any more, though its container still runs."""
        polled = len(house.background)
        house.database.write(store.remove_instance, adopted.name)
        wait_until(lambda: len(house.background) == polled - 1, "the poller ends")
        assert house.games.find_metrics(adopted.name) is None


class TestEngineGone:
    def test_unknown_while_the_engine_is_gone(self, tmp_path, game):
        """Without the engine nothing is known, not even that a container is off; then all is as before."""
        wire = EngineWire(tmp_path)
        house = House(tmp_path, wire)
        try:
            name = house.adopt(game)
            assert house.view(name) == GameView("unknown")
            house.start()
            house.wait_for(name, "ready")
            wire.cut()
            assert house.wait_for(name, "unknown") == GameView("unknown")
            wait_until(lambda: house.games.find_metrics(name) is None, "the poller rests")
            with pytest.raises(errors.EngineUnreachable):
                house.games.info(name)
            wire.is_cut = False
            house.wait_for(name, "ready")
        finally:
            house.close()
            wire.close()


QUESTIONS: dict[str, Callable[[Games, str], object]] = {
    "info": lambda games, name: games.info(name),
    "players": lambda games, name: games.players(name),
    "metrics": lambda games, name: games.metrics(name),
    "settings": lambda games, name: games.settings(name),
}
ORDERS: dict[str, Callable[[Games, str], None]] = {
    "announce": lambda games, name: games.announce(name, "Hello."),
    "save": lambda games, name: games.save(name),
    "kick": lambda games, name: games.kick(name, "steam_76561190000000001", "Bye."),
    "ban": lambda games, name: games.ban(name, "steam_76561190000000001"),
    "unban": lambda games, name: games.unban(name, "steam_76561190000000001"),
    "shutdown": lambda games, name: games.shutdown(name, 600),
}
CALLS = QUESTIONS | ORDERS


class TestCalls:
    def test_every_call_reaches_the_game(self, house, adopted):
        """Each call is made to the game, and an order once."""
        adopted.join("Lamia", userId="steam_76561190000000001")
        for endpoint, call in CALLS.items():
            before = count_calls(adopted, endpoint)
            call(house.games, adopted.name)
            assert count_calls(adopted, endpoint) > before
        for endpoint in ORDERS:
            assert count_calls(adopted, endpoint) == 1

    def test_answers(self, house, adopted):
        """What the game says comes back."""
        adopted.join("Lamia")
        assert [player.name for player in house.games.players(adopted.name)] == ["Lamia"]
        assert house.games.metrics(adopted.name).players == 1
        assert house.games.settings(adopted.name)["RESTAPIEnabled"] is True

    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    def test_not_running(self, house, make_game, call):
        """A game whose container does not run cannot be talked to."""
        name = house.adopt(make_game())
        house.wait_for(name, "off")
        with pytest.raises(errors.InstanceNotRunning):
            call(house.games, name)

    def test_paused(self, house, adopted):
        """Neither can one that is paused; nobody waits for it to answer."""
        adopted.container.pause()
        house.wait_for(adopted.name, "paused")
        with pytest.raises(errors.InstanceNotRunning):
            house.games.save(adopted.name)

    def test_just_unpaused(self, house, adopted):
        """A container that runs again can be talked to at once, before the engine's event has come."""
        adopted.container.pause()
        house.wait_for(adopted.name, "paused")
        house.engine.unpause(adopted.name)
        house.games.save(adopted.name)

    def test_unknown_instance(self, house):
        """Nobody can talk to a game that nobody knows."""
        with pytest.raises(errors.InstanceNotFound):
            house.games.info("nobody")

    def test_hanging_game(self, house, adopted):
        """A question to a game that hangs is answered: it is unreachable."""
        adopted.set_faults(hang=True)
        for call in (house.games.players, house.games.metrics):
            with pytest.raises(errors.GameUnreachable):
                call(adopted.name)

    def test_password_changed_by_hand(self, house, adopted):
        """A password set by hand is used from the next call on; a wrong one leaves those that were found."""
        house.database.write(store.set_rest_access, adopted.name, None, "wrong")
        house.games.forget_address(adopted.name)
        assert house.games.info(adopted.name).version is not None

    def test_address_by_hand(self, house, adopted):
        """With an address set by hand no other is tried."""
        house.database.write(store.set_rest_access, adopted.name, "http://127.0.0.1:9", None)
        with pytest.raises(errors.GameUnreachable):
            house.games.info(adopted.name)
        house.wait_for(adopted.name, "unresponsive")
        house.database.write(store.set_rest_access, adopted.name, None, None)
        house.wait_for(adopted.name, "ready")
