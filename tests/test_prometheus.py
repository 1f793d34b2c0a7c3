"""What Prometheus reads: the figures of instances and panel, and who may read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from palserver.services.loop_lag import Lag, summarise
from tests.game import Game
from tests.panel import PROJECT, Panel, receive
from tests.waiting import wait_until

TOKEN = "prometheus' own wörd"
DASHBOARD = PROJECT / "grafana" / "palserver.json"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory, engine: object) -> Iterator[Panel]:
    """A panel that knows the token, shared by the tests of this file."""
    panel = Panel(tmp_path_factory.mktemp("scraped"), PALSERVER_METRICS_TOKEN=TOKEN)
    panel.start()
    yield panel
    panel.close()


def scrape(panel: Panel) -> Samples:
    answer = panel.call("GET", "/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def find(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def adopt(panel: Panel, game: Game) -> None:
    panel.adopt(game.name)


class TestFigures:
    def test_of_an_instance(self, scraped: Panel, game):
        """They are those of the API, under the instance's name."""
        game.join("Lamia")
        adopt(scraped, game)
        path = f"/api/metrics/{game.name}"
        wait_until(lambda: (now := scraped.get(path))["players"] == 1 and now["cpu_percent"], "all are known")
        samples, sample = scrape(scraped), scraped.get(path)
        for name in ("cpu_percent", "memory_bytes", "memory_limit_bytes"):
            assert find(samples, f"palserver_instance_{name}", instance=game.name) is not None, name
        limit = find(samples, "palserver_instance_memory_limit_bytes", instance=game.name)
        assert limit == sample["memory_limit_bytes"]
        received = find(samples, "palserver_instance_network_rx_bytes_total", instance=game.name)
        assert received is not None and 0 < received <= sample["network_rx_bytes"]
        assert find(samples, "palserver_game_players", instance=game.name) == 1
        assert find(samples, "palserver_game_max_players", instance=game.name) == 32
        assert (find(samples, "palserver_game_fps", instance=game.name) or 0) > 1
        assert find(samples, "palserver_instance_up", instance=game.name) == 1
        assert find(samples, "palserver_instance_state", instance=game.name, state="running") == 1
        assert find(samples, "palserver_instance_state", instance=game.name, state="exited") == 0
        assert find(samples, "palserver_game_status", instance=game.name, status="ready") == 1
        lag = find(samples, "palserver_stats_lag_seconds", instance=game.name)
        assert lag is not None and abs(lag) < 60

    def test_unknown_is_left_out(self, scraped: Panel, make_game):
        """A server that does not run has no figures, and not figures of 0."""
        game = make_game()
        adopt(scraped, game)
        samples = scrape(scraped)
        there = {
            name
            for (name, labels), _ in samples.items()
            if dict(labels).get("instance") == game.name and "_total" not in name
        }
        assert there == {"palserver_instance_state", "palserver_instance_up", "palserver_game_status"}
        assert find(samples, "palserver_instance_up", instance=game.name) == 0
        assert find(samples, "palserver_instance_state", instance=game.name, state="created") == 1
        assert find(samples, "palserver_game_status", instance=game.name, status="off") == 1

    def test_of_the_streams(self, scraped: Panel, game):
        """Lines are counted as they come from the engine, viewers while they are there."""
        adopt(scraped, game)
        with scraped.watch(f"/api/instances/{game.name}/logs?tail=0") as socket:
            receive(socket)
            before = find(scrape(scraped), "palserver_log_lines_total", instance=game.name) or 0
            game.say("hello", repeat=500)
            wait_until(lambda: self.count_lines(scraped, game) >= before + 500, "all lines are counted")
            samples = scrape(scraped)
            assert find(samples, "palserver_viewers") == 1
            assert (find(samples, "palserver_greenlets", kind="connection") or 0) >= 2
            assert find(samples, "palserver_log_lines_lost_total", instance=game.name) == 0
            assert find(samples, "palserver_queue_bytes", stream="logs") is not None
        wait_until(lambda: find(scrape(scraped), "palserver_viewers") == 0, "the viewer is gone")

    def count_lines(self, panel: Panel, game: Game) -> float:
        return find(scrape(panel), "palserver_log_lines_total", instance=game.name) or 0

    def test_of_the_panel(self, scraped: Panel):
        """Its loop, its greenlets, its jobs, its memory, and whether it has an engine."""
        wait_until(lambda: find(scrape(scraped), "palserver_loop_lag_p99_seconds"), "the lag is measured")
        samples = scrape(scraped)
        p99 = find(samples, "palserver_loop_lag_p99_seconds")
        worst = find(samples, "palserver_loop_lag_max_seconds")
        assert p99 is not None and worst is not None and 0 < p99 <= worst < 60
        assert find(samples, "palserver_engine_up") == 1
        assert find(samples, "palserver_engine_containers") is not None
        assert (find(samples, "palserver_greenlets", kind="background") or 0) > 5
        assert find(samples, "palserver_jobs", state="running") == 0
        assert (find(samples, "process_resident_memory_bytes") or 0) > 10 * 2**20
        assert (find(samples, "process_open_fds") or 0) > 5

    def test_without_an_engine(self, make_panel: Callable[..., Panel], tmp_path):
        """The panel answers, and says that it has none; nothing else of it is told."""
        panel = make_panel(DOCKER_HOST=f"unix://{tmp_path}/nothing.sock")
        panel.start()
        samples = scrape(panel)
        assert find(samples, "palserver_engine_up") == 0
        assert find(samples, "palserver_engine_containers") is None


class TestWhoMayRead:
    def call(self, panel: Panel, token: bytes | str, path: str = "/metrics") -> Any:
        bearer = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
        return panel.call("GET", path, token="", headers={"Authorization": bearer})

    def test_the_fixed_token(self, scraped: Panel):
        """It is read byte by byte, whatever letters it has."""
        answer = self.call(scraped, TOKEN)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")

    @pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "", " ", b"\xff\xfe"])
    def test_another_token(self, scraped: Panel, token):
        """Nearly right is wrong."""
        assert self.call(scraped, token).status_code == 401

    @pytest.mark.parametrize("path", ["/api/instances", "/api/metrics", "/api/host", "/api/users"])
    def test_it_opens_nothing_else(self, scraped: Panel, path):
        """Whoever finds it in Prometheus' configuration can read figures, and do nothing."""
        assert self.call(scraped, TOKEN, path).status_code == 401

    def test_it_is_no_query(self, scraped: Panel):
        """Addresses are written down in too many places."""
        assert scraped.call("GET", "/metrics", token="", params={"ticket": TOKEN}).status_code == 401

    def test_any_user(self, scraped: Panel):
        """A viewer's token does, as for every other reading."""
        token = scraped.add_user("reader", "viewer")
        assert self.call(scraped, token).status_code == 200

    @pytest.mark.parametrize("token", ["", "None", TOKEN])
    def test_no_token_is_set(self, panel: Panel, token):
        """Then none is right, and not the empty one either."""
        assert self.call(panel, token).status_code == 401


class TestLoopLag:
    def test_the_worst_and_the_hundredth(self):
        """Of a hundred the second worst is p99; of few it is the worst."""
        assert summarise([float(number) for number in range(100)]) == Lag(98.0, 99.0)
        assert summarise([1.0, 2.0]) == Lag(2.0, 2.0)
        assert summarise([]) is None


class TestDashboard:
    def test_it_asks_for_what_is_there(self, scraped: Panel, game):
        """Each metric in an expression is one that `/metrics` names, whether it has a value now or not."""
        adopt(scraped, game)
        text = scraped.call("GET", "/metrics").text
        told = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
        used = set()
        for target in self.list_targets():
            used |= set(re.findall(r"\b(?:palserver|process)_\w+", target["expr"]))
        assert used <= told, used - told
        assert {name for name in told if name.startswith("palserver_")} <= used

    def test_every_panel_has_its_own_place_and_number(self):
        """Grafana drops one of two panels with one number, and draws one over the other at one place."""
        panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        fields = [
            (column, row)
            for panel in panels
            for column in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for row in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(set(fields)) == len(fields)
        assert max(column for column, _ in fields) == 23

    def list_targets(self) -> list[dict[str, str]]:
        panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        return [target for panel in panels for target in panel.get("targets", [])]
