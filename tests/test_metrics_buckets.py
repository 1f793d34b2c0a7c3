"""Figures on the time axis: folding, the choice of steps, the grid of an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from palserver.errors import Invalid
from palserver.services.metrics.buckets import (
    DAY,
    HOUR,
    TIERS,
    begin_of,
    choose_steps,
    choose_window,
    fold,
    group,
    lay_out,
    row_of,
)
from palserver.services.metrics.samples import Sample
from palserver.store.metrics import COLUMNS, Row

NOW = 1_800_000_000


def make_row(time: int, **figures: Any) -> Row:
    return (time, *(figures.get(name) for name in COLUMNS[1:]))


def test_a_sample_becomes_a_row_of_its_second():
    """The figures are in the order of the table; instance and the engine's time are not among them.

    The highest and the lowest of one sample are what it says itself.
    """
    sample = Sample("pal", 1.5, 2, 3, 4, 5, 6, 7, 8, 60.0, "2027-01-15T08:00:00.000Z")
    assert row_of(sample, NOW + 0.9) == (NOW, 1.5, 2, 3, 4, 5, 6, 7, 8, 60.0, *(1.5, 2, 8, 60.0) * 2)


class TestFold:
    def test_gauges_are_averaged(self):
        """CPU, memory and frames; memory stays whole bytes."""
        rows = [
            make_row(0, cpu_percent=10.0, memory_bytes=100, fps=60.0),
            make_row(5, cpu_percent=21.0, memory_bytes=103, fps=57.5),
        ]
        assert fold(0, rows) == make_row(0, cpu_percent=15.5, memory_bytes=101, fps=58.75)

    def test_counters_players_and_limit_are_the_last(self):
        """An average of a counter, of a limit or of people would be a number that never was."""
        names = COLUMNS[3:9]
        rows = [make_row(0, **dict.fromkeys(names, 1)), make_row(5, **dict.fromkeys(names, 9))]
        assert fold(0, rows) == make_row(0, **dict.fromkeys(names, 9))

    def test_what_is_unknown_takes_no_part(self):
        """An average is that of what was measured; the last is the last that was known; nothing is None."""
        rows = [
            make_row(0, cpu_percent=10.0, players=3),
            make_row(5, cpu_percent=20.0),
            make_row(10),
        ]
        assert fold(0, rows) == make_row(0, cpu_percent=15.0, players=3)

    def test_nobody_and_nothing_are_numbers(self):
        """0 players and 0 % were measured."""
        rows = [make_row(0, cpu_percent=0.0, players=4), make_row(5, cpu_percent=0.0, players=0)]
        assert fold(0, rows) == make_row(0, cpu_percent=0.0, players=0)

    def test_a_short_peak_is_not_averaged_away(self):
        """The highest and the lowest are those of all that is inside, of whatever is folded."""
        names = ("cpu_percent", "memory_bytes", "players", "fps")

        def make_ends(time: int, highest: int | None, lowest: int | None) -> Row:
            ends = {f"highest_{name}": highest for name in names} | {
                f"lowest_{name}": lowest for name in names
            }
            return make_row(time, **ends)

        rows = [make_ends(0, 5, 4), make_ends(15, 9, 3), make_ends(30, None, None), make_ends(45, 2, 0)]
        assert fold(0, rows) == make_ends(0, 9, 0)
        assert fold(0, [fold(0, rows[:2]), fold(30, rows[2:])]) == make_ends(0, 9, 0)
        assert fold(30, rows[2:3]) == make_row(30)

    def test_doing_it_twice_changes_nothing(self):
        """A stretch that is folded again from itself stays what it is."""
        row = fold(0, [make_row(0, cpu_percent=1.234, memory_bytes=7), make_row(15, cpu_percent=2.1)])
        assert fold(0, [row]) == row

    def test_rows_are_grouped_by_their_stretch(self):
        """The second at a border begins the next stretch."""
        rows = {second: make_row(second) for second in (60, 0, 59, 45, 120)}
        assert group(rows, 60) == {0: [rows[0], rows[45], rows[59]], 60: [rows[60]], 120: [rows[120]]}
        assert [begin_of(second, 60) for second in (59.999, 60.0)] == [0, 60]


class TestWindow:
    def test_the_last_hour_by_itself(self):
        """Up to now, and an hour before whatever is the end."""
        assert choose_window(None, None, NOW + 0.7) == (NOW - HOUR, NOW)
        end = datetime.fromtimestamp(NOW - DAY, UTC)
        assert choose_window(None, end, NOW) == (NOW - DAY - HOUR, NOW - DAY)

    def test_one_moment(self):
        """A window may be as narrow as one moment."""
        moment = datetime.fromtimestamp(NOW, UTC)
        assert choose_window(moment, moment, NOW) == (NOW, NOW)

    @pytest.mark.parametrize(
        ("start", "end", "wrong"),
        [
            (NOW, NOW - 1, {"from"}),
            (NOW + 1, None, {"from"}),
            (NOW - 101 * DAY, None, {"from"}),
            (-5, None, {"from"}),
            (None, NOW + 101 * DAY, {"to"}),
            (NOW, NOW + 101 * DAY, {"from", "to"}),
            (None, 253402300799, {"to"}),
        ],
    )
    def test_out_of_reason(self, start, end, wrong):
        """Backwards, too long, before there was time or in a far future: each is told by its name."""
        with pytest.raises(Invalid) as refused:
            choose_window(
                None if start is None else datetime.fromtimestamp(start, UTC),
                None if end is None else datetime.fromtimestamp(end, UTC),
                NOW,
            )
        assert set(refused.value.fields) == wrong


class TestSteps:
    @pytest.mark.parametrize(
        ("span", "points", "expected"),
        [
            (HOUR, 240, (15, 15)),
            (HOUR, 6000, (15, 15)),
            (HOUR + 1, 240, (15, 15)),
            (DAY, 240, (60, 360)),
            (DAY, 5760, (15, 15)),
            (7 * DAY, 240, (900, 2700)),
            (7 * DAY, 6000, (60, 120)),
            (90 * DAY, 240, (900, 32400)),
            (0, 1, (15, 15)),
        ],
    )
    def test_by_span_and_points(self, span, points, expected):
        """The coarsest tier that is fine enough, in steps that are multiples of its own."""
        assert choose_steps(NOW - span, NOW, points, NOW) == expected

    @pytest.mark.parametrize(("age", "tier"), [(DAY, 15), (DAY + HOUR, 60), (7 * DAY, 60), (8 * DAY, 900)])
    def test_by_age(self, age, tier):
        """An hour of long ago is read from what is still kept of it."""
        assert choose_steps(NOW - age, NOW - age + HOUR, 240, NOW)[0] == tier

    def test_never_more_than_wanted_by_much(self):
        """Whatever the span and the points, the answer is bounded."""
        for span in (1, 61, HOUR, HOUR + 59, DAY, 3 * DAY + 7, 30 * DAY, 100 * DAY):
            for points in (1, 2, 7, 240, 6000):
                step = choose_steps(NOW - span, NOW, points, NOW)[1]
                assert span / step <= points * 1.06


class TestGrid:
    def test_gaps_stay_gaps(self):
        """Each stretch is there, and empty where nothing was measured; the ends belong to it."""
        rows = {
            30: make_row(30, players=2, highest_players=3),
            60: make_row(60, cpu_percent=1.0, lowest_fps=9),
        }
        history = lay_out(rows, 20, 75, 15)
        assert [moment.timestamp() for moment in history.time] == [15, 30, 45, 60, 75]
        assert list(history.players) == [None, 2, None, None, None]
        assert list(history.cpu_percent) == [None, None, None, 1.0, None]
        assert list(history.highest_players) == [None, 3, None, None, None]
        assert list(history.lowest_fps) == [None, None, None, 9, None]
        assert list(history.fps) == [None] * 5
        assert history.step_seconds == 15

    def test_every_tier_fits_into_the_next(self):
        """Or a longer stretch could not be made of shorter ones."""
        for shorter, longer in pairwise(TIERS):
            assert longer.step_seconds % shorter.step_seconds == 0
            assert longer.kept_seconds > shorter.kept_seconds
