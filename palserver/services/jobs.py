"""Jobs: what takes longer than a request. One at a time per instance; each has a state, an output, an end."""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Callable
from typing import Annotated, Any

import gevent
import msgspec
from gevent.event import Event

from palserver import errors
from palserver.background import Background
from palserver.clock import utc_now
from palserver.fanout import Subscription, Taken, Topic

log = logging.getLogger(__name__)

KEPT_JOBS = 200
KEPT_LINES = 2000
MAX_LINE_CHARACTERS = 4000

STATES = ("queued", "running", "succeeded", "failed", "cancelled", "interrupted")
JobState = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATES)})]

Result = dict[str, Any]


class JobError(msgspec.Struct, frozen=True):
    """Why a job did not succeed, in the words of a problem."""

    key: str
    detail: str


class JobView(msgspec.Struct, frozen=True):
    """A job as the API shows it. `percent` is null where nobody can know; `result` depends on the kind."""

    id: str
    kind: str
    instance: str
    state: JobState
    actor: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    step: str | None
    percent: float | None
    error: JobError | None
    result: Result | None


class Job:
    """One run. The function that does the work gets it, to tell how far it is and to learn of a cancel."""

    def __init__(self, kind: str, instance: str, actor: str, changed: Callable[[Job], None]) -> None:
        self.id = uuid.uuid4().hex
        self.kind, self.instance, self.actor = kind, instance, actor
        self.state = "queued"
        self.created_at = utc_now()
        self.started_at: str | None = None
        self.finished_at: str | None = None
        self.step: str | None = None
        self.percent: float | None = None
        self.error: errors.PalError | None = None
        self.result: Result | None = None
        self.output: deque[str] = deque(maxlen=KEPT_LINES)
        self.lines: Topic[str] = Topic()
        self.ended = Event()
        self.cancelled = Event()
        self.is_cancellable = True
        self._written = 0
        self._changed = changed

    @property
    def view(self) -> JobView:
        error = JobError(self.error.key, self.error.detail) if self.error else None
        names = (name for name in JobView.__struct_fields__ if name != "error")
        return JobView(error=error, **{name: getattr(self, name) for name in names})

    def enter(self, step: str, *, is_cancellable: bool = True) -> None:
        """Begin a step; a cancel that came before takes effect here. Raises Cancelled."""
        self.check_cancelled()
        self.is_cancellable = is_cancellable
        self.step = step
        self._changed(self)

    def write(self, line: str) -> None:
        """Add a line to the output. Only the newest are kept."""
        line = line[:MAX_LINE_CHARACTERS]
        self._written += 1
        self.output.append(line)
        self.lines.publish(line, size_bytes=len(line) + 64)

    def set_percent(self, percent: float) -> None:
        self.percent = percent
        self._changed(self)

    def check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise errors.Cancelled()

    def wait_or_cancel(self, seconds: float) -> None:
        """Wait; raises Cancelled as soon as a cancel comes."""
        if self.cancelled.wait(seconds):
            raise errors.Cancelled()

    def follow(self) -> tuple[Taken[str], Subscription[str]]:
        """What is kept of the output so far, and a subscription to the rest that ends when the job does."""
        return Taken(self._written - len(self.output), list(self.output)), self.lines.subscribe()

    def begin(self) -> None:
        self.state, self.started_at = "running", utc_now()
        self._changed(self)

    def finish(self, state: str, result: Result | None = None, error: errors.PalError | None = None) -> None:
        self.state, self.result, self.error = state, result, error
        self.finished_at, self.step = utc_now(), None
        self.is_cancellable = False
        self.ended.set()
        self._changed(self)
        self.lines.end()


Work = Callable[[Job], Result | None]
Outcome = tuple[str, Result | None, errors.PalError | None]


class Jobs:
    """Starts jobs and remembers the newest of them. `changes` publishes a job's view at every change."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, Job] = {}
        self._is_stopping = False
        self.changes: Topic[JobView] = Topic()

    def start(self, kind: str, instance: str, actor: str, work: Work) -> Job:
        """Run `work` in a greenlet. Raises InstanceBusy with the other job's id, or ShuttingDown."""
        if self._is_stopping:
            raise errors.ShuttingDown()
        other = self._running.get(instance)
        if other is not None:
            raise errors.InstanceBusy(fields={"job": other.id})
        job = Job(kind, instance, actor, self._publish)
        self._running[instance] = self._jobs[job.id] = job
        self._forget_old()
        self._publish(job)
        self._background.spawn(f"job {kind} {instance}", self._run, job, work)
        return job

    def get(self, job_id: str) -> Job:
        """Raises JobNotFound."""
        job = self._jobs.get(job_id)
        if job is None:
            raise errors.JobNotFound()
        return job

    def find_running(self, instance: str) -> Job | None:
        return self._running.get(instance)

    def list_views(
        self, instance: str | None = None, state: str | None = None, limit: int = KEPT_JOBS
    ) -> list[JobView]:
        """Newest first."""
        chosen = [
            job.view
            for job in reversed(self._jobs.values())
            if instance in (None, job.instance) and state in (None, job.state)
        ]
        return chosen[:limit]

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop at the next safe place. Raises NotCancellable."""
        job = self.get(job_id)
        if not job.is_cancellable:
            raise errors.NotCancellable()
        job.cancelled.set()
        return job

    def count_running(self) -> int:
        return len(self._running)

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
        outcome: Outcome = ("interrupted", None, errors.Interrupted())
        try:
            outcome = _do(job, work)
        finally:  # also when the greenlet is killed
            self._running.pop(job.instance, None)
            job.finish(*outcome)

    def _publish(self, job: Job) -> None:
        self.changes.publish(job.view)

    def _forget_old(self) -> None:
        ended = [job.id for job in self._jobs.values() if job.ended.is_set()]
        for job_id in ended[: max(0, len(self._jobs) - KEPT_JOBS)]:
            del self._jobs[job_id]


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
