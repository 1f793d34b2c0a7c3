"""The past of every instance's figures: gathered, written in small transactions, folded, purged, read.

Time is this machine's clock at the moment a sample comes. When it is set back, what is measured then
overwrites the rows of the same stretches and never adds to them; when it is set forward, there is a gap.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

import gevent

from palserver.background import Background
from palserver.fanout import Topic
from palserver.services.metrics.buckets import (
    HOUR,
    LATE_SECONDS,
    TIERS,
    History,
    Rows,
    begin_of,
    choose_steps,
    choose_window,
    fold,
    fold_each,
    group,
    lay_out,
    row_of,
)
from palserver.services.metrics.samples import Sample
from palserver.store import instances as instance_store
from palserver.store import metrics as store
from palserver.store import starts as start_store
from palserver.store.database import Database
from palserver.store.metrics import Row

log = logging.getLogger(__name__)

STEP_SECONDS = TIERS[0].step_seconds
SETTLE_SECONDS = 1.0  # after a stretch has ended, for samples that are on their way
# While nothing can be written, an hour of each instance is held in memory.
MAX_HELD = HOUR // STEP_SECONDS
PURGE_EVERY_SECONDS = 600.0
# So few at a time that a clock which is wrong for a moment, and far ahead, cannot cost the whole past.
PURGE_ROWS = 500
# What takes one or two milliseconds.
ROWS_AT_ONCE = 1000
FOLDS_AT_ONCE = 50


class MetricsHistory:
    """`samples` is where the figures come from; methods take the time, so that tests can choose it."""

    def __init__(self, database: Database, samples: Topic[Sample], background: Background) -> None:
        self._database = database
        self._samples = samples
        self._background = background
        # The samples of each stretch that is not written yet, by instance and the stretch's beginning.
        self._held: dict[str, dict[int, list[Row]]] = {}

    def start(self) -> None:
        self._background.supervise("metrics history", self._gather)
        self._background.supervise("metrics writer", self._write)
        self._background.supervise("metrics purge", self._purge)

    def stop(self) -> None:
        """Write what is held, the running stretch included; after a start that soon the rest replaces it."""
        try:
            self.write(None)
        except sqlite3.Error:
            log.exception("The newest figures could not be written")

    def read(
        self,
        instance: str,
        start: datetime | None,
        end: datetime | None,
        points: int,
        now: float | None = None,
    ) -> History:
        """About `points` stretches; by themselves those of the last hour. Raises Invalid."""
        now = time.time() if now is None else now
        first, last = choose_window(start, end, now)
        tier_seconds, step_seconds = choose_steps(first, last, points, now)
        begin, beyond = begin_of(first, step_seconds), last + step_seconds
        rows: Rows = self._list_rows(instance, tier_seconds, begin, beyond)
        if step_seconds != tier_seconds:
            rows = _fold_patiently(rows, step_seconds)
        starts = start_store.list_starts(self._database.reader, instance, begin, beyond)
        return lay_out(rows, first, last, step_seconds, starts)

    def record(self, sample: Sample, second: float) -> None:
        held = self._held.setdefault(sample.instance, {})
        held.setdefault(begin_of(second, STEP_SECONDS), []).append(row_of(sample, second))
        if len(held) > MAX_HELD:
            del held[next(iter(held))]

    def write(self, now: float | None) -> None:
        """Write the stretches that are not running at `now`, all of them at None, in one transaction."""
        running = None if now is None else begin_of(now, STEP_SECONDS)
        ended = {
            instance: {begin: list(rows) for begin, rows in held.items() if begin != running}
            for instance, held in self._held.items()
        }
        self._database.write(_set_all, {name: fold_each(stretches) for name, stretches in ended.items()})
        for instance, stretches in ended.items():
            held = self._held.get(instance, {})
            for begin, rows in stretches.items():
                if held.get(begin) == rows:  # else the clock was set back into it meanwhile
                    del held[begin]
        self._held = {instance: held for instance, held in self._held.items() if held}

    def purge(self, now: float) -> int:
        """Remove what was kept for long enough, a bounded number of rows; return how many."""
        instances = instance_store.list_instances(self._database.reader)
        before = int(now) - TIERS[-1].kept_seconds - LATE_SECONDS
        removed = sum(
            self._database.write(start_store.purge_starts, instance.name, before, PURGE_ROWS)
            for instance in instances
        )
        return removed + sum(
            self._database.write(
                store.purge_rows,
                instance.name,
                tier.step_seconds,
                int(now) - tier.kept_seconds - LATE_SECONDS - TIERS[-1].step_seconds,
                PURGE_ROWS,
            )
            for instance in instances
            for tier in TIERS
        )

    def _list_rows(self, instance: str, step_seconds: int, start: int, end: int) -> dict[int, Row]:
        """What is written, read in pieces so that nobody else has to wait; over it what is held, as if
        that were written too. The newest come last, and nothing can be written between them and those held.
        """
        reader = self._database.reader
        rows: dict[int, Row] = {}
        for first in range(start, end, step_seconds * ROWS_AT_ONCE):
            gevent.sleep(0)
            last = min(end, first + step_seconds * ROWS_AT_ONCE)
            rows.update((row[0], row) for row in store.list_rows(reader, instance, step_seconds, first, last))
        held = fold_each(self._held.get(instance, {}))
        newest = _fold_upwards(reader, instance, held)[step_seconds]
        rows.update((begin, row) for begin, row in newest.items() if start <= begin < end)
        return rows

    def _gather(self) -> None:
        """Never waits for the database: a sample belongs to the moment in which it came."""
        samples = self._samples.subscribe()
        try:
            while True:
                taken = samples.take()
                for sample in taken.items if taken else ():
                    self.record(sample, time.time())
        finally:
            samples.close()

    def _write(self) -> None:
        while True:
            gevent.sleep(STEP_SECONDS - time.time() % STEP_SECONDS + SETTLE_SECONDS)
            if self._held:
                self.write(time.time())

    def _purge(self) -> None:
        while True:
            self.purge(time.time())
            gevent.sleep(PURGE_EVERY_SECONDS)


def _fold_patiently(rows: Rows, step_seconds: int) -> Rows:
    """For a reader: a long past is folded in pieces, so that nobody else has to wait for it."""
    folded: dict[int, Row] = {}
    for begin, inside in group(rows, step_seconds).items():
        if len(folded) % FOLDS_AT_ONCE == 0:
            gevent.sleep(0)
        folded[begin] = fold(begin, inside)
    return folded


def _set_all(conn: sqlite3.Connection, by_instance: Mapping[str, Rows]) -> None:
    for instance, rows in by_instance.items():
        for step_seconds, stretches in _fold_upwards(conn, instance, rows).items():
            store.set_rows(conn, instance, step_seconds, stretches.values())


def _fold_upwards(conn: sqlite3.Connection, instance: str, rows: Rows) -> dict[int, Rows]:
    """`rows` of the shortest length, and by step what every longer stretch around them comes to.

    A longer stretch is always made anew from all that it holds: doing it twice changes nothing, and there
    is no mark of how far it was done that could be wrong after a kill.
    """
    by_step: dict[int, Rows] = {STEP_SECONDS: rows}
    for shorter, longer in pairwise(tier.step_seconds for tier in TIERS):
        begins = {begin_of(begin, longer) for begin in by_step[shorter]}
        inside = {
            row[0]: row
            for begin in begins
            for row in store.list_rows(conn, instance, shorter, begin, begin + longer)
        }
        by_step[longer] = fold_each(group(inside | dict(by_step[shorter]), longer))
    return by_step
