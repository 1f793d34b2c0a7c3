"""What `/metrics` tells, read from the services at each scrape. What is not known is left out, never 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from flask import has_request_context, request
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as BaseCollector

from palserver.services.composition import Services
from palserver.services.instances import InstanceView
from palserver.services.metrics.samples import Sample
from palserver.version import VERSION
from palserver.web.http_server import HANDLER
from palserver.web.viewers import Viewers

STATES = ("running", "created", "restarting", "paused", "exited", "dead", "missing", "unknown")
STATUSES = ("ready", "starting", "unresponsive", "unauthorized", "paused", "off", "unknown")
JOB_STATES = ("queued", "running", "succeeded", "failed", "cancelled", "interrupted")

SAMPLE_GAUGES = {
    "cpu_percent": "CPU use of the container; 100 is one core.",
    "memory_bytes": "Memory of the container, as docker stats counts it.",
    "memory_limit_bytes": "Memory that the container may use.",
}
SAMPLE_COUNTERS = {
    "network_rx_bytes": "Bytes that the container received.",
    "network_tx_bytes": "Bytes that the container sent.",
    "block_read_bytes": "Bytes that the container read from disks.",
    "block_write_bytes": "Bytes that the container wrote to disks.",
}

Values = Mapping[str, float | None]


class Collector(BaseCollector):
    """Reads memory and one short row of the database for each instance; asks nobody."""

    def __init__(self, services: Services, viewers: Viewers) -> None:
        self._services = services
        self._viewers = viewers

    def collect(self) -> Iterator[Metric]:
        yield from self._collect_instances()
        yield from self._collect_streams()
        yield from self._collect_panel()

    def _collect_instances(self) -> Iterator[Metric]:
        views = self._services.instances.list_views()
        yield _one_of(
            "palserver_instance_state", "State of the container.", "state", STATES, _by_name(views, "state")
        )
        ups = {view.name: float(view.state == "running") for view in views if view.state != "unknown"}
        yield _gauge("palserver_instance_up", "Whether the container runs.", "instance", ups)
        games = {view.name: view.game.status for view in views}
        yield _one_of("palserver_game_status", "What the game itself says.", "status", STATUSES, games)
        for name in ("players", "max_players"):
            counts = {view.name: getattr(view.game, name) for view in views}
            yield _gauge(
                f"palserver_game_{name}", f"The game's {name.replace('_', ' ')}.", "instance", counts
            )
        figures = {view.name: self._services.games.find_metrics(view.name) for view in views}
        frames = {name: metrics.fps for name, metrics in figures.items() if metrics}
        yield _gauge("palserver_game_fps", "Frames that the game computes in a second.", "instance", frames)
        yield from self._collect_samples([view.name for view in views])

    def _collect_samples(self, names: list[str]) -> Iterator[Metric]:
        found = {name: self._services.metrics.find(name) for name in names}
        samples: dict[str, Sample] = {name: sample for name, sample in found.items() if sample}
        for field, text in SAMPLE_GAUGES.items():
            values = {name: getattr(sample, field) for name, sample in samples.items()}
            yield _gauge(f"palserver_instance_{field}", text, "instance", values)
        for field, text in SAMPLE_COUNTERS.items():
            values = {name: getattr(sample, field) for name, sample in samples.items()}
            yield _counter(f"palserver_instance_{field}", text, values)
        lags = {name: self._services.metrics.find_lag_seconds(name) for name in names}
        yield _gauge(
            "palserver_stats_lag_seconds", "Age of the newest sample when it came.", "instance", lags
        )

    def _collect_streams(self) -> Iterator[Metric]:
        logs = self._services.logs.list_topics()
        lines = {name: topic.published_lines for name, topic in logs.items()}
        yield _counter("palserver_log_lines", "Log lines read from the engine.", lines)
        lost = {name: topic.lost_lines for name, topic in logs.items()}
        yield _counter("palserver_log_lines_lost", "Log lines that slow viewers lost, and were told.", lost)
        lags = {name: topic.lag_seconds for name, topic in logs.items()}
        yield _gauge(
            "palserver_log_lag_seconds", "Age of the newest log line when it came.", "instance", lags
        )
        queued = {
            "logs": sum(topic.queued_bytes for topic in logs.values()),
            "events": self._services.live.topic.queued_bytes,
        }
        yield _gauge("palserver_queue_bytes", "Bytes that wait for viewers to take them.", "stream", queued)

    def _collect_panel(self) -> Iterator[Metric]:
        engine = self._services.watch.engine_status
        yield _single("palserver_engine_up", "Whether the Docker Engine answers.", engine.status == "ok")
        yield _single("palserver_engine_containers", "All containers of the engine.", engine.containers)
        lag = self._services.loop_lag.read()
        text = "Delay of the event loop over the last minute"
        yield _single("palserver_loop_lag_p99_seconds", f"{text}, p99.", lag and lag.p99_seconds)
        yield _single("palserver_loop_lag_max_seconds", f"{text}, the worst.", lag and lag.max_seconds)
        greenlets = {"background": len(self._services.background), "connection": _count_connections()}
        yield _gauge("palserver_greenlets", "Greenlets by what they are for.", "kind", greenlets)
        yield _single("palserver_viewers", "Open WebSockets.", len(self._viewers))
        states = Counter(job.state for job in self._services.jobs.list_views())
        jobs = {state: states[state] for state in JOB_STATES}
        yield _gauge("palserver_jobs", "The newest jobs by state.", "state", jobs)
        yield _gauge("palserver_build_info", "The version of PalServer.", "version", {VERSION: 1})


def _by_name(views: list[InstanceView], field: str) -> dict[str, str]:
    return {view.name: getattr(view, field) for view in views}


def _count_connections() -> int | None:
    """Open HTTP connections, WebSockets among them; each has a greenlet of the server's pool."""
    handler = request.environ.get(HANDLER) if has_request_context() else None
    return None if handler is None else len(handler.server.pool)


def _gauge(name: str, text: str, label: str, values: Values) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


def _counter(name: str, text: str, values: Values) -> Metric:
    family = CounterMetricFamily(name, text, labels=["instance"])
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


def _single(name: str, text: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def _one_of(name: str, text: str, label: str, choices: tuple[str, ...], chosen: Mapping[str, str]) -> Metric:
    """1 for what is the case and 0 for every other choice."""
    family = GaugeMetricFamily(name, text, labels=["instance", label])
    for key, value in chosen.items():
        for choice in dict.fromkeys((*choices, value)):
            family.add_metric([key, choice], float(choice == value))
    return family
