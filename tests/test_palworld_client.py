"""Facts about talking to one game: its quirks, its failures, and what is sent to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.server import StreamServer

from palserver import errors
from palserver.clients import palworld
from palserver.clients.palworld_http import MAX_ANSWER_BYTES, GameAddress, limit
from tests.panel import find_free_port
from tests.pretend_game import PASSWORD, PretendGame

GETS: dict[str, Callable[[GameAddress], Any]] = {
    "info": palworld.get_info,
    "players": palworld.get_players,
    "metrics": palworld.get_metrics,
    "settings": palworld.get_settings,
}
POSTS: dict[str, Callable[[GameAddress], None]] = {
    "announce": lambda address: palworld.announce(address, "Hello, 세계 🦊"),
    "save": palworld.save,
    "kick": lambda address: palworld.kick(address, "steam_76561190000000001", "Sorry."),
    "ban": lambda address: palworld.ban(address, "steam_76561190000000002"),
    "unban": lambda address: palworld.unban(address, "steam_76561190000000002"),
    "shutdown": lambda address: palworld.shutdown(address, 600, "Later."),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[PretendGame]:
    game = PretendGame(
        tmp_path_factory.mktemp("game"), SERVER_NAME="My Pals", SERVER_DESCRIPTION="", PLAYERS="16"
    )
    yield game
    game.close()


@pytest.fixture
def game(running: PretendGame) -> Iterator[PretendGame]:
    """The pretend game in good health, and again afterwards."""
    healthy = running.control("GET", "/faults")
    yield running
    running.set_faults(**healthy)


@pytest.fixture
def own_game(tmp_path) -> Iterator[PretendGame]:
    """One that the test may end."""
    game = PretendGame(tmp_path)
    yield game
    game.close()


@pytest.fixture
def answer() -> Iterator[Callable[..., GameAddress]]:
    """Makes servers that send exactly these bytes, or this JSON, after having dropped so many connections."""
    servers: list[StreamServer] = []

    def serve(content: Any, pause_seconds: float = 0, status: str = "200 OK", drops: int = 0) -> GameAddress:
        left = iter(range(drops))
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"

        def handle(connection: Any, _: Any) -> None:
            connection.recv(65536)
            if next(left, None) is not None:
                return
            step = 1 if pause_seconds else 65536
            message = head.encode() + body
            try:
                for start in range(0, len(message), step):
                    connection.sendall(message[start : start + step])
                    gevent.sleep(pause_seconds)
            except OSError:
                return  # the client has had enough, as it should

        servers.append(StreamServer(("127.0.0.1", 0), handle))
        servers[-1].start()
        return GameAddress(f"http://127.0.0.1:{servers[-1].server_port}", PASSWORD)

    yield serve
    for server in servers:
        server.stop(timeout=0)


class TestWhatTheGameSays:
    def test_info(self, game):
        """Info comes under our names; an empty description is known to be empty."""
        info = palworld.get_info(game.address)
        assert (info.server_name, info.description) == ("My Pals", "")
        assert info.version is not None and info.version.startswith("v1.")
        assert info.world_guid is not None and len(info.world_guid) == 32

    def test_metrics(self, game):
        """Metrics come under our names, numbers as numbers."""
        metrics = palworld.get_metrics(game.address)
        assert (metrics.players, metrics.max_players) == (0, 16)
        assert isinstance(metrics.fps, float) and isinstance(metrics.frame_time_ms, float)
        assert isinstance(metrics.uptime_seconds, int) and isinstance(metrics.days, int)

    def test_nobody(self, game):
        """An empty server has a list of players, and it is empty."""
        assert palworld.get_players(game.address) == []

    def test_players(self, own_game):
        """A player has an address that the game sends as `iP`; one who is loading has no player id yet."""
        own_game.join("Lamia")
        own_game.join("Nyx", loading=True)
        lamia, nyx = sorted(palworld.get_players(own_game.address), key=lambda player: player.name or "")
        assert (lamia.name, lamia.loading, lamia.ip) == ("Lamia", False, "203.0.113.10")
        assert lamia.player_id is not None and lamia.user_id is not None
        assert isinstance(lamia.ping_ms, float) and isinstance(lamia.location.x, float)
        assert (nyx.name, nyx.loading, nyx.player_id) == ("Nyx", True, None)

    def test_settings(self, game):
        """Settings keep the game's own names, and hold no password."""
        settings = palworld.get_settings(game.address)
        assert settings["ServerName"] == "My Pals"
        assert settings["CrossplayPlatforms"] == ["Steam", "Xbox", "PS5", "Mac"]
        assert not [name for name in settings if "password" in name.lower()]


class TestQuirks:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"ip": "203.0.113.1"}, "203.0.113.1"),
            ({"iP": "203.0.113.1"}, "203.0.113.1"),
            ({"ip": "", "iP": "203.0.113.1"}, "203.0.113.1"),
            ({"iP": ""}, None),
            ({"iP": 5}, None),
            ({}, None),
        ],
    )
    def test_address_of_a_player(self, answer, said, expected):
        """`ip` and `iP` are the same; an empty one is not known."""
        [player] = palworld.get_players(answer({"players": [{"userId": "steam_1", **said}]}))
        assert player.ip == expected

    @pytest.mark.parametrize(
        "player_id", ["None", "0" * 32, "00000000-0000-0000-0000-000000000000", "", -7, None]
    )
    def test_placeholder_player_ids(self, answer, player_id):
        """What the game writes before there is a character is no player id: the player is loading."""
        [player] = palworld.get_players(answer({"players": [{"userId": "steam_1", "playerId": player_id}]}))
        assert (player.player_id, player.loading) == (None, True)

    def test_missing_is_not_known(self, answer):
        """What the game leaves out is None and never 0 or an empty text."""
        [player] = palworld.get_players(answer({"players": [{"playerId": "AF6D9A43" + "0" * 24}]}))
        assert not player.loading
        assert (player.name, player.user_id, player.ping_ms, player.level) == (None, None, None, None)
        assert (player.location.x, player.location.y, player.building_count) == (None, None, None)
        metrics = palworld.get_metrics(answer({"currentplayernum": 3}))
        assert (metrics.players, metrics.max_players, metrics.base_camps, metrics.fps) == (
            3,
            None,
            None,
            None,
        )

    def test_odd_numbers(self, answer):
        """A whole number may come as 3.0 and a fraction as 16; text, truth and infinity are no numbers."""
        said = {"currentplayernum": 3.0, "serverfps": 57, "serverframetime": "16.8", "days": True}
        metrics = palworld.get_metrics(answer({**said, "uptime": 2.5}))
        assert (metrics.players, metrics.fps, metrics.frame_time_ms) == (3, 57.0, None)
        assert (metrics.days, metrics.uptime_seconds) == (None, None)
        odd = b'{"serverfps": 1e999, "serverfpsaverage": NaN, "days": 1%s, "maxplayernum": 32}' % (b"0" * 400)
        metrics = palworld.get_metrics(answer(odd))
        assert (metrics.fps, metrics.fps_average, metrics.days, metrics.max_players) == (None, None, None, 32)

    def test_rows(self, answer):
        """Somebody without a userId is still somebody; what is no object is nobody."""
        rows = [{"name": "Lamia"}, None, "x", 7, {"name": "Nyx", "userId": ""}]
        players = palworld.get_players(answer({"players": rows}))
        assert [(player.name, player.user_id) for player in players] == [("Lamia", None), ("Nyx", None)]

    def test_hostile_text(self, answer):
        """Broken UTF-8 and half characters cost only themselves; the rest can be sent on as JSON."""
        body = b'\xef\xbb\xbf{"players":[{"name":"a\xffb","userId":"steam_1","accountName":"\\ud800"}]}'
        [player] = palworld.get_players(answer(body))
        assert (player.name, player.account_name, player.user_id) == ("a\ufffdb", "?", "steam_1")

    def test_passwords_in_settings(self, answer):
        """Should the game ever show a password among its settings, it goes no further."""
        settings = palworld.get_settings(answer({"AdminPassword": "x", "serverPassword": "y", "ExpRate": 1}))
        assert settings == {"ExpRate": 1}

    def test_content_type_does_not_matter(self, answer):
        """JSON is JSON under text/plain too."""
        assert palworld.get_info(answer({"version": "v1.0.0"})).version == "v1.0.0"


class TestWhatIsSent:
    @pytest.mark.parametrize("endpoint", POSTS)
    def test_content_length_on_every_post(self, running, tmp_path, endpoint):
        """Each order goes out with its length and the right password, once, on a connection of its own."""
        game = running if endpoint not in ("shutdown", "kick") else PretendGame(tmp_path)
        try:
            if endpoint == "kick":
                game.join("Lamia", userId="steam_76561190000000001")
            POSTS[endpoint](game.address)
            [call] = game.list_calls("POST", endpoint)
        finally:
            if game is not running:
                game.close()
        assert int(call["headers"]["content-length"]) == len(call["body"].encode()) > 0
        assert call["headers"]["connection"] == "close"

    @pytest.mark.parametrize("endpoint", GETS)
    def test_no_pooled_connection(self, game, endpoint):
        """A question asks the game to close the connection, so that none is left to die idle."""
        GETS[endpoint](game.address)
        assert game.list_calls("GET", endpoint)[-1]["headers"]["connection"] == "close"

    def test_message_as_written(self, game):
        """A message arrives as it was written, whatever its alphabet."""
        palworld.announce(game.address, "Hello, 세계 🦊")
        body = game.list_calls("POST", "announce")[-1]["body"]
        assert json.loads(body) == {"message": "Hello, 세계 🦊"}

    def test_shutdown_waits_a_second(self, own_game):
        """The game refuses a shutdown at once, so the shortest wait is a second; then it is gone."""
        own_game.set_faults(never_exit=True)
        palworld.shutdown(own_game.address, 0)
        [call] = own_game.list_calls("POST", "shutdown")
        assert json.loads(call["body"]) == {"waittime": 1}
        own_game.set_faults(never_exit=False)
        palworld.shutdown(own_game.address, 0)
        assert own_game.process.wait(60) == 0

    def test_proxies_are_not_asked(self, game, monkeypatch):
        """A proxy in the environment has nothing to do with the game next door."""
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{find_free_port()}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{find_free_port()}")
        assert palworld.get_info(game.address).server_name == "My Pals"


class TestFailures:
    def test_nobody_listens(self):
        """A closed port is an unreachable game."""
        address = GameAddress(f"http://127.0.0.1:{find_free_port()}", PASSWORD)
        with pytest.raises(errors.GameUnreachable):
            palworld.get_info(address)
        with pytest.raises(errors.GameUnreachable):
            palworld.shutdown(address, 1)

    def test_not_an_address(self):
        """What cannot be an address is an unreachable game, and no crash."""
        for base_url in (
            "",
            "nonsense",
            "ftp://127.0.0.1",
            "http://",
            "http://[::1",
            "http://127.0.0.1:99999",
        ):
            with pytest.raises(errors.GameUnreachable):
                palworld.get_info(GameAddress(base_url, ""))

    @pytest.mark.parametrize("fault", ["hang", "drop_connections"])
    def test_get_is_retried_once(self, game, fault):
        """A question that hangs or is cut off is asked twice, and then the game is unreachable."""
        before = len(game.list_calls("GET", "metrics"))
        game.set_faults(**{fault: True})
        with pytest.raises(errors.GameUnreachable):
            palworld.get_metrics(game.address)
        assert len(game.list_calls("GET", "metrics")) - before == 2

    def test_retry_that_succeeds(self, answer):
        """A question that is cut off once is answered at the second try, and a person notices nothing."""
        assert palworld.get_info(answer({"version": "v1.0.0"}, drops=1)).version == "v1.0.0"
        with pytest.raises(errors.GameUnreachable):
            palworld.get_info(answer({"version": "v1.0.0"}, drops=2))

    @pytest.mark.parametrize("endpoint", ["announce", "save", "ban"])
    def test_post_is_never_retried(self, game, endpoint):
        """An order that is cut off was perhaps heard: it is not given twice."""
        before = len(game.list_calls("POST", endpoint))
        game.set_faults(drop_connections=True)
        with pytest.raises(errors.GameUnreachable):
            POSTS[endpoint](game.address)
        assert len(game.list_calls("POST", endpoint)) - before == 1

    def test_trickle(self, answer):
        """A game that sends byte after byte, each in time, is given up on all the same."""
        with pytest.raises(errors.GameUnreachable):
            palworld.get_info(answer({"version": "v" * 2000}, pause_seconds=0.05), attempts=1)

    def test_shutdown_cut_off_is_sent(self, game):
        """A game that goes away without a word after it was told to shut down has been told."""
        game.set_faults(drop_connections=True)
        palworld.shutdown(game.address, 1)

    def test_hanging_shutdown_is_not_sent(self, game):
        """A game that hangs may not have heard its order: it gets no second one, and none is claimed."""
        before = len(game.list_calls("POST", "shutdown"))
        game.set_faults(hang=True)
        with pytest.raises(errors.GameUnreachable):
            palworld.shutdown(game.address, 1)
        assert len(game.list_calls("POST", "shutdown")) - before == 1

    @pytest.mark.parametrize("call", [*GETS.values(), *POSTS.values()])
    def test_unauthorized(self, game, call):
        """A refused password is neither an unreachable game nor an empty one."""
        with pytest.raises(errors.GameUnauthorized):
            call(GameAddress(game.address.base_url, "wrong"))

    def test_refused_order(self, game):
        """A 400 to an order is the game's no."""
        with pytest.raises(errors.GameRefused):
            palworld.kick(game.address, "steam_76561190000009999")

    @pytest.mark.parametrize("status", [204, 302, 400, 404, 500, 599])
    def test_other_status(self, game, status):
        """Anything but 200 is no success, even where it is called one, and a 400 refuses only orders."""
        game.set_faults(garbage_status=status)
        with pytest.raises(errors.GameBadAnswer):
            palworld.get_players(game.address)
        with pytest.raises(errors.GameRefused if status == 400 else errors.GameBadAnswer):
            palworld.announce(game.address, "Hello.")

    def test_failed_save(self, game):
        """A save that the game could not do is no save."""
        game.set_faults(save_fails=True)
        with pytest.raises(errors.GameBadAnswer):
            palworld.save(game.address)

    def test_slow_save(self, game):
        """A save may take longer than any other order."""
        game.set_faults(slow_save_seconds=palworld.ORDER_SECONDS + 1)
        palworld.save(game.address)

    @pytest.mark.parametrize("call", GETS.values())
    def test_broken_json(self, game, call):
        """An answer that ends in the middle makes no sense."""
        game.set_faults(bad_json=True)
        with pytest.raises(errors.GameBadAnswer):
            call(game.address)

    @pytest.mark.parametrize(
        "content",
        [b"", b"null", b"[]", b"7", b"{}", b"[" * 100_000, b"9" * 5000, b'{"errorCode":"x"}', b"<html>"],
    )
    def test_wrong_shapes(self, answer, content):
        """JSON of another shape, or of no JSON at all, makes no sense either."""
        for call in (palworld.get_info, palworld.get_metrics, palworld.get_players):
            with pytest.raises(errors.GameBadAnswer):
                call(answer(content))

    def test_redirects_are_not_followed(self, answer):
        """The password goes where it was meant to go and nowhere else."""
        elsewhere = "302 Found\r\nLocation: http://127.0.0.1:1/v1/api/info"
        with pytest.raises(errors.GameBadAnswer):
            palworld.get_info(answer(b"", status=elsewhere))

    def test_endless_answer(self, answer):
        """An answer beyond the limit is not read to its end."""
        body = b'{"version":"' + b"x" * MAX_ANSWER_BYTES + b'"}'
        with pytest.raises(errors.GameBadAnswer):
            palworld.get_info(answer(body))


class TestSecrets:
    def test_password_is_not_shown(self, game, caplog):
        """The password is in no log line and no printed address, whatever goes wrong."""
        caplog.set_level(logging.DEBUG)
        assert PASSWORD not in repr(game.address)
        game.set_faults(unauthorized=True)
        with pytest.raises(errors.GameUnauthorized) as raised:
            palworld.get_info(game.address)
        assert PASSWORD not in caplog.text + repr(raised.value) + raised.value.detail


class TestLimit:
    def test_limits_nest(self):
        """The outer limit fires through the inner one, as the outer one."""
        with pytest.raises(errors.GameUnreachable), limit(0.05), limit(60):
            gevent.sleep(30)

    def test_another_timeout_passes(self):
        """Somebody else's time-out is not taken for the game's."""
        with pytest.raises(gevent.Timeout) as raised, gevent.Timeout(0.05) as other, limit(60):
            gevent.sleep(30)
        assert raised.value is other
