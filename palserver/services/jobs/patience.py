"""Trying again for as long as it takes: with what must not be left half-way."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import gevent

from palserver import errors
from palserver.services.jobs.job import Job

log = logging.getLogger(__name__)

STEP = "waiting_to_try_again"
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
# What no waiting mends. Nobody can put back the world of a copy that is not whole: it stays where it is.
HOPELESS = (
    errors.ArchiveBroken,
    errors.ArchiveDiffers,
    errors.ArchiveTooLarge,
    errors.ArchiveUnsafe,
    errors.BackupForeign,
    errors.BackupNotFound,
    errors.Cancelled,
    errors.SaveBroken,
    errors.WorldUnclear,
)

Answer = TypeVar("Answer")


def is_hopeful(error: Exception) -> bool:
    """Whether the engine, a disk, or somebody who reads of it may mend that in time."""
    return not isinstance(error, HOPELESS)


def persist(
    job: Job,
    work: Callable[[], Answer],
    is_worth_it: Callable[[Exception, int], bool] = lambda error, tries: is_hopeful(error),
) -> Answer:
    """Do it until it is done, with growing waits; the job says what for. It may be done more than once.

    Raises what is not worth another try, as `is_worth_it` says of the failure and the number of tries so far.
    """
    step, told, tries, wait_seconds = job.step, "", 0, FIRST_WAIT_SECONDS
    while True:
        try:
            return work()
        except (errors.PalError, OSError, sqlite3.Error) as error:
            tries += 1
            if not is_worth_it(error, tries):
                raise
            sentence = error.detail if isinstance(error, errors.PalError) else errors.PalError.sentence
            if sentence != told:
                job.write(f"{sentence} This is tried again until it works; nothing else is done meanwhile.")
                log.warning("Job %s on %s tries again", job.kind, job.instance, exc_info=error)
                told = sentence
            if isinstance(error, errors.EngineUnreachable):
                wait_seconds = FIRST_WAIT_SECONDS  # it is asked often enough, and then answers
        job.enter(STEP, is_cancellable=False, seconds=wait_seconds)
        gevent.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
        if step is not None:
            job.enter(step, is_cancellable=False)
