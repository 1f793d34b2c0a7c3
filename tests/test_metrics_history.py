"""The past of the figures in a real database, with the clock as a parameter."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from migrations import migrate
from palserver.background import Background
from palserver.fanout import Topic
from palserver.services.metrics.buckets import DAY, HOUR, TIERS, History
from palserver.services.metrics.history import MetricsHistory
from palserver.services.metrics.samples import Sample
from palserver.store import instances as instance_store
from palserver.store import metrics as store
from palserver.store import starts as start_store
from palserver.store.database import Database
from tests.pretend_rows import make_instance

# The first second of a quarter of an hour, and so of every shorter stretch.
T = 1_800_000_000


def make_sample(instance: str = "pal", **figures: Any) -> Sample:
    values: dict[str, Any] = dict.fromkeys(Sample.__struct_fields__)
    return Sample(**(values | {"instance": instance} | figures))


def make_row(time: int, **figures: Any) -> store.Row:
    return (time, *(figures.get(name) for name in store.COLUMNS[1:]))


class Past:
    """A history over a database of its own; `now` is when it is read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = float(T)
        self.history = MetricsHistory(database, Topic(), Background())

    def measure(self, second: float, instance: str = "pal", **figures: Any) -> None:
        self.history.record(make_sample(instance, **figures), second)

    def list_rows(self, step_seconds: int, instance: str = "pal") -> list[store.Row]:
        return store.list_rows(self.database.reader, instance, step_seconds, 0, 2**40)

    def read(self, start: int, end: int, points: int = 240) -> History:
        first, last = (datetime.fromtimestamp(second, UTC) for second in (start, end))
        return self.history.read("pal", first, last, points, self.now)


def find_ends(history: History, column: str) -> tuple[float, float] | None:
    """The highest and the lowest of the whole answer."""
    highest, lowest = (
        [value for value in getattr(history, f"{end}_{column}") if value is not None]
        for end in ("highest", "lowest")
    )
    return (max(highest), min(lowest)) if highest else None


@pytest.fixture
def past(tmp_path) -> Iterator[Past]:
    database = Database(tmp_path / "panel.db", migrate)
    for name in ("pal", "other"):
        database.write(instance_store.add_instance, make_instance(name))
    yield Past(database)
    database.close()


class TestWriting:
    def test_one_row_for_each_stretch_and_instance(self, past):
        """The samples of fifteen seconds become one row; the stretch that runs is not written yet."""
        for second in range(20):
            past.measure(T + second, cpu_percent=float(second), network_rx_bytes=second)
            past.measure(T + second, instance="other", players=second)
        past.history.write(T + 19)
        (row,) = past.list_rows(15)
        assert (row[0], row[1], row[4]) == (T, 7.0, 14)
        assert past.list_rows(15, "other")[0][8] == 14

    def test_longer_stretches_come_along(self, past):
        """The minute and the quarter of an hour are there with the first row, and grow with each."""
        for number in range(5):
            past.measure(T + 15 * number, cpu_percent=float(number), block_read_bytes=number)
            past.history.write(T + 15 * number + 15)
        assert [row[:2] for row in past.list_rows(60)] == [(T, 1.5), (T + 60, 4.0)]
        (quarter,) = past.list_rows(900)
        assert (quarter[0], quarter[1], quarter[6]) == (T, 2.75, 4)

    def test_writing_again_changes_nothing(self, past):
        """A kill between the write and whatever follows it costs nothing: the same rows come out."""
        for step in (0, 15, 30):
            past.measure(T + step, cpu_percent=float(step))
        past.history.write(T + 60)
        before = [past.list_rows(tier.step_seconds) for tier in TIERS]
        for step in (0, 15, 30):
            past.measure(T + step, cpu_percent=float(step))
        past.history.write(T + 60)
        assert [past.list_rows(tier.step_seconds) for tier in TIERS] == before

    def test_a_clock_set_back_overwrites(self, past):
        """There is one row for a stretch however often the clock passes it, and it holds what came last."""
        for second in (T, T + 15, T + 30):
            past.measure(second, cpu_percent=10.0, players=1)
        past.history.write(T + 45)
        past.measure(T + 15, cpu_percent=90.0, players=5)
        past.history.write(T + 31)
        assert [row[:2] for row in past.list_rows(15)] == [(T, 10.0), (T + 15, 90.0), (T + 30, 10.0)]
        assert past.list_rows(60)[0][1] == pytest.approx(36.67)

    def test_a_clock_set_back_leaves_nothing_unwritten(self, past):
        """A stretch that now lies ahead has ended too: nobody will add to it for a while."""
        past.measure(T + 600, cpu_percent=1.0)
        past.measure(T, cpu_percent=2.0)
        past.history.write(T + 3)
        assert [row[0] for row in past.list_rows(15)] == [T + 600]

    def test_a_clock_set_forward_leaves_a_gap(self, past):
        """What lies between was not measured, and has no row."""
        past.measure(T, cpu_percent=1.0)
        past.measure(T + HOUR, cpu_percent=2.0)
        past.history.write(T + HOUR + 15)
        assert [row[0] for row in past.list_rows(15)] == [T, T + HOUR]
        assert len(past.list_rows(60)) == 2

    def test_an_instance_that_is_gone(self, past):
        """Its past goes with it, and samples on their way bring nothing back; the others are written."""
        past.measure(T, cpu_percent=1.0)
        past.history.write(T + 15)
        past.database.write(instance_store.remove_instance, "pal")
        assert past.list_rows(15) == []
        past.measure(T + 15, cpu_percent=1.0)
        past.measure(T + 15, instance="other", cpu_percent=1.0)
        past.history.write(T + 30)
        assert past.list_rows(15) == past.list_rows(900) == []
        assert len(past.list_rows(15, "other")) == 1

    def test_a_write_that_fails_is_made_up_for(self, past):
        """What could not be written stays in memory, and is written with what comes after."""
        past.measure(T, cpu_percent=1.0)
        past.database._writer.execute("ALTER TABLE metrics RENAME TO away")
        with pytest.raises(sqlite3.OperationalError):
            past.history.write(T + 15)
        past.database._writer.execute("ALTER TABLE away RENAME TO metrics")
        past.measure(T + 15, cpu_percent=2.0)
        past.history.write(T + 30)
        assert [row[0] for row in past.list_rows(15)] == [T, T + 15]

    def test_memory_is_bounded_while_nothing_can_be_written(self, past):
        """The newest hour is held, and not one stretch more."""
        for number in range(500):
            past.measure(T + 15 * number)
        past.history.write(None)
        assert [row[0] for row in past.list_rows(15)][::239] == [T + 15 * 260, T + 15 * 499]

    def test_an_orderly_stop_loses_nothing(self, past):
        """The stretch that runs is written too."""
        past.measure(T, players=3)
        past.history.stop()
        assert past.list_rows(15)[0][8] == 3


class TestPurging:
    def test_each_tier_for_its_time(self, past):
        """What is older than a tier is kept for goes, and what is younger stays."""
        for tier in TIERS:
            for age in (tier.kept_seconds - HOUR, tier.kept_seconds + HOUR):
                row = make_row(T - age)
                past.database.write(store.set_rows, "pal", tier.step_seconds, [row])
        assert past.history.purge(T) == 3
        for tier in TIERS:
            assert [row[0] for row in past.list_rows(tier.step_seconds)] == [T - tier.kept_seconds + HOUR]

    def test_little_by_little(self, past):
        """One pass removes a bounded number, the oldest first: a wild clock cannot take all at once."""
        rows = [make_row(T + 15 * number) for number in range(1200)]
        past.database.write(store.set_rows, "pal", 15, rows)
        assert [past.history.purge(T + 365 * DAY) for _ in range(4)] == [500, 500, 200, 0]
        assert past.list_rows(15) == []


class TestStarts:
    def add(self, past: Past, *seconds: int, kept: int = 2000) -> None:
        for second in seconds:
            past.database.write(start_store.add_start, "pal", second, kept)

    def test_those_of_the_window(self, past):
        """Each start of the time that is asked for, once, to the second; nothing of others."""
        past.now = T + HOUR
        self.add(past, T - 1, T, T + 90, T + 90, T + HOUR + 14, T + HOUR + 15)
        past.database.write(start_store.add_start, "other", T + 50, 2000)
        started_at = [moment.timestamp() for moment in past.read(T, T + HOUR).started_at]
        assert started_at == [T, T + 90, T + HOUR + 14]

    def test_the_newest_are_kept(self, past):
        """A server that crashes for ever leaves so many and no more."""
        self.add(past, *range(T, T + 60, 10), kept=4)
        assert start_store.list_starts(past.database.reader, "pal", 0, 2**40) == [
            T + 20,
            T + 30,
            T + 40,
            T + 50,
        ]

    def test_they_go_with_the_history(self, past):
        """What is older than the longest kept figures goes, and all of it with the instance."""
        self.add(past, T - 91 * DAY, T - 89 * DAY)
        assert past.history.purge(T) == 1
        assert start_store.list_starts(past.database.reader, "pal", 0, 2**40) == [T - 89 * DAY]
        past.database.write(instance_store.remove_instance, "pal")
        self.add(past, T)
        assert start_store.list_starts(past.database.reader, "pal", 0, 2**40) == []


class TestReading:
    def test_the_running_stretch_is_there_at_once(self, past):
        """One sample, a moment ago and not written, is the last that an answer shows, at every step."""
        past.now = T + 7
        past.measure(T + 2, cpu_percent=33.0, players=2)
        for span, points in ((HOUR, 240), (DAY, 1440), (60 * DAY, 6000), (90 * DAY, 240)):
            history = past.read(T + 7 - span, T + 7, points)
            assert (history.cpu_percent[-1], history.players[-1]) == (33.0, 2), history.step_seconds
            assert set(history.cpu_percent[:-1]) == {None}

    def test_held_and_written_make_one_curve(self, past):
        """A minute half written and half in memory is the same as one that is written whole."""
        for step in (0, 15, 30, 45):
            past.measure(T + step, cpu_percent=float(step), network_tx_bytes=step)
        past.history.write(T + 31)
        past.now = T + 50
        before = past.read(T - HOUR, T + 50, 61)
        past.history.write(None)
        assert past.read(T - HOUR, T + 50, 61) == before
        assert before.step_seconds == 60
        assert (before.cpu_percent[-1], before.network_tx_bytes[-1]) == (22.5, 45)

    def test_the_whole_grid_of_an_empty_past(self, past):
        """Every stretch of the window is there, with nothing in it."""
        past.now = T + DAY
        history = past.read(T, T + DAY, 5760)
        assert (len(history.time), history.step_seconds) == (5761, 15)
        assert set(history.memory_bytes) == {None}

    def test_the_highest_is_the_same_at_every_step(self, past):
        """One second's peak is found over any span and in any number of points, written or held."""
        for second in range(0, 1200, 5):
            peak = second in (65, 1195)
            past.measure(T + second, cpu_percent=90.0 if peak else 10.0, players=7 if peak else 1, fps=60.0)
            past.measure(T + second + 1, fps=12.0 if peak else 60.0)
        past.now = T + 1200
        for write in (lambda: None, lambda: past.history.write(T + 700), lambda: past.history.write(None)):
            write()
            for span, points in ((1200, 240), (HOUR, 7), (DAY, 288), (7 * DAY, 336), (90 * DAY, 50)):
                history = past.read(T + 1200 - span, T + 1200, points)
                assert find_ends(history, "cpu_percent") == (90.0, 10.0), span
                assert find_ends(history, "players") == (7, 1)
                assert find_ends(history, "fps") == (60.0, 12.0)
                assert max(value for value in history.cpu_percent if value is not None) < 90
                assert set(history.highest_memory_bytes) == set(history.lowest_memory_bytes) == {None}

    def test_of_rows_of_before_the_figure_is_the_highest(self, past):
        """They were written without one; what is measured beside them counts all the same."""
        rows = [make_row(T, cpu_percent=20.0, fps=50.0), make_row(T + 15, players=2)]
        past.database.write(store.set_rows, "pal", 15, rows)
        past.measure(T + 30, cpu_percent=30.0)
        past.now = T + 45
        for points in (240, 1):
            history = past.read(T, T + 45, points)
            assert find_ends(history, "cpu_percent") == (30.0, 20.0)
            assert find_ends(history, "players") == (2, 2)
            assert find_ends(history, "fps") == (50.0, 50.0)
            assert find_ends(history, "memory_bytes") is None
        past.history.write(None)
        minute = dict(zip(store.COLUMNS, past.list_rows(60)[0], strict=True))
        assert (minute["highest_cpu_percent"], minute["lowest_cpu_percent"]) == (30.0, 20.0)

    def test_long_spans_are_folded(self, past):
        """Ninety days come as about so many points as asked for, each folded from what is kept."""
        rows = [
            make_row(T + 900 * number, cpu_percent=float(number % 2), players=number)
            for number in range(8640)
        ]
        past.database.write(store.set_rows, "pal", 900, rows)
        past.now = T + 90 * DAY
        history = past.read(T, T + 90 * DAY - 1, 240)
        assert (history.step_seconds, len(history.time)) == (32400, 241)
        assert history.cpu_percent[1] == 0.5
        first = (32400 - T % 32400) // 900
        assert (history.players[0], history.players[1], history.players[-1]) == (first - 1, first + 35, 8639)
