"""Jobs: what takes longer than a request. One at a time per instance; each outlives the process as a row."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress

import gevent
import msgspec

from palserver import errors
from palserver.background import Background
from palserver.clock import utc_now
from palserver.fanout import Topic
from palserver.services.jobs.job import (
    STATES,
    About,
    Intent,
    Job,
    JobError,
    JobState,
    JobView,
    Result,
    restore,
)
from palserver.store import jobs as store
from palserver.store.database import Database
from palserver.store.jobs import JobRow

__all__ = ["STATES", "Job", "JobState", "JobView", "Jobs", "Result"]

log = logging.getLogger(__name__)

KEPT_JOBS = 1000
STORE_SECONDS = 1.0
STORE_AGAIN_SECONDS = 5.0

Work = Callable[[Job], Result | None]
Outcome = tuple[str, Result | None, errors.PalError | None]


class Jobs:
    """Starts jobs and remembers them. `changes` publishes a job's view at every change."""

    def __init__(self, database: Database, background: Background, kept_jobs: int = KEPT_JOBS) -> None:
        self._database = database
        self._background = background
        self._kept_jobs = kept_jobs
        self._running: dict[str, Job] = {}
        self._unwritten: dict[str, Job] = {}  # have ended, and the database could not take it
        self._is_stopping = False
        self.changes: Topic[JobView] = Topic()

    def start(self, kind: str, instance: str, actor: str, work: Work, about: About | None = None) -> Job:
        """Run `work` in a greenlet; `about` is what was asked for, and no secret.

        Raises InstanceBusy with the other job's id, or ShuttingDown.
        """
        if self._is_stopping:
            raise errors.ShuttingDown()
        other = self._running.get(instance)
        if other is not None:
            raise errors.InstanceBusy(fields={"job": other.id})
        job = Job(kind, instance, actor, self._publish, self._write_intent)
        if about:
            job.intent = {"about": about}
        self._running[instance] = job
        try:
            self._write_ends()  # or there would be two on this instance
            self._database.write(store.add_job, job.row)
        except BaseException:
            del self._running[instance]
            raise
        self._begin(job, work)
        return job

    def list_interrupted(self) -> list[JobRow]:
        """What the last process could not see to its end; to be asked before any job is started."""
        return store.list_unfinished(self._database.reader)

    def interrupt(self, row: JobRow) -> None:
        """Mark it, where there is nothing to put right."""
        self._database.write(_interrupt, row, None)

    def take_over(self, row: JobRow, job: tuple[str, str], intent: Intent, work: Work) -> None:
        """Mark it, and start a job of that kind and actor in its place: both at once, or neither.

        The new job has the intent from its beginning: it may be interrupted in its turn.
        """
        kind, actor = job
        recovery = Job(kind, row.instance, actor, self._publish, self._write_intent)
        recovery.inherit(intent)
        self._database.write(_interrupt, row, recovery.row)
        self._running[row.instance] = recovery
        self._begin(recovery, work)

    def _begin(self, job: Job, work: Work) -> None:
        self._publish(job)
        self._background.spawn(f"job {job.kind} {job.instance}", self._run, job, work)

    def get(self, job_id: str) -> Job:
        """Raises JobNotFound."""
        known = self._list_known().get(job_id)
        if known is not None:
            return known
        row = store.find_job(self._database.reader, job_id)
        if row is None:
            raise errors.JobNotFound()
        return restore(row, store.find_output(self._database.reader, job_id))

    def find_running(self, instance: str) -> Job | None:
        return self._running.get(instance)

    def list_running(self) -> list[JobView]:
        return [job.view for job in self._running.values()]

    def list_intents(self) -> list[Intent]:
        """Of those that run now."""
        return [job.intent for job in self._running.values()]

    def list_views(
        self, instance: str | None = None, state: str | None = None, limit: int = 50
    ) -> list[JobView]:
        """Newest first."""
        known = self._list_known()
        rows = store.list_jobs(self._database.reader, instance, state, limit)
        return [known[row.id].view if row.id in known else restore(row, store.Output()).view for row in rows]

    def _list_known(self) -> dict[str, Job]:
        """Those of which the database does not know the newest, by their ids."""
        return self._unwritten | {job.id: job for job in self._running.values()}

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop at the next safe place. Raises NotCancellable."""
        job = self.get(job_id)
        if not job.is_cancellable:
            raise errors.NotCancellable()
        job.cancelled.set()
        return job

    def stop(self) -> None:
        """Start no more, and ask those that can stop to do so."""
        self._is_stopping = True
        for job in self._running.values():
            if job.is_cancellable:
                job.cancelled.set()

    def wait(self, seconds: float) -> None:
        """Wait until every job has ended, `seconds` at most."""
        gevent.wait([job.ended for job in self._running.values()], timeout=max(0.0, seconds))

    def _run(self, job: Job, work: Work) -> None:
        job.begin()
        keeper = self._background.spawn(f"output of job {job.id}", self._keep_storing, job)
        try:
            job.end(*_do(job, work))
            keeper.kill()
            self._store_end(job)
        finally:
            if job.finished_at is None:
                # Killed, because the process stops. The row stays unfinished, for the next one to put right.
                job.end("interrupted", None, errors.Interrupted())
            self._running.pop(job.instance, None)
            job.announce_end()

    def _keep_storing(self, job: Job) -> None:
        """So that a crash takes no more than a second of what was told."""
        while True:
            seen = (job.view, job.written)
            with suppress(sqlite3.Error):  # tried again with the next line, and at the end until it is done
                self._database.write(store.set_job, job.row, job.stored_output)
            gevent.sleep(STORE_SECONDS)
            while seen == (job.view, job.written):
                gevent.sleep(STORE_SECONDS)

    def _store_end(self, job: Job) -> None:
        self._unwritten[job.id] = job
        try:
            self._write_ends()
        except sqlite3.Error:
            log.exception("The end of the job %s could not be written. It will be tried again.", job.id)
            self._background.spawn(f"end of job {job.id}", self._keep_writing_ends)

    def _write_ends(self) -> None:
        for job in list(self._unwritten.values()):
            self._database.write(_end_job, job.row, job.stored_output, self._kept_jobs)
            self._unwritten.pop(job.id, None)

    def _keep_writing_ends(self) -> None:
        while self._unwritten:
            gevent.sleep(STORE_AGAIN_SECONDS)
            with suppress(sqlite3.Error):
                self._write_ends()

    def _write_intent(self, job: Job) -> None:
        self._database.write(store.set_intent, job.id, job.row.intent)

    def _publish(self, job: Job) -> None:
        self.changes.publish(job.view)


def _interrupt(conn: sqlite3.Connection, row: JobRow, successor: JobRow | None) -> None:
    error = errors.Interrupted()
    told = msgspec.json.encode(JobError(error.key, error.detail)).decode()
    store.interrupt_job(conn, row.id, utc_now(), told)
    if successor is not None:
        store.add_job(conn, successor)


def _end_job(conn: sqlite3.Connection, row: JobRow, output: store.Output, kept_jobs: int) -> None:
    store.set_job(conn, row, output)
    store.purge_jobs(conn, kept_jobs)


def _do(job: Job, work: Work) -> Outcome:
    """Run the work and say how it ended; a failure of ours keeps its words, any other goes to the log."""
    try:
        return "succeeded", work(job), None
    except errors.Cancelled as error:
        return "cancelled", None, error
    except errors.PalError as error:
        log.warning("Job %s on %s failed: %s", job.kind, job.instance, error.detail)
        return "failed", None, error
    except Exception:
        log.exception("Job %s on %s failed", job.kind, job.instance)
        return "failed", None, errors.PalError()
