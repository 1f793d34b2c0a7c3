"""One job: a state, a step, an output, an end."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Annotated, Any

import gevent
import msgspec
from gevent.event import Event

from palserver import errors
from palserver.clock import utc_after, utc_now
from palserver.fanout import Subscription, Taken, Topic
from palserver.store.jobs import JobRow, Output

KEPT_LINES = 2000
MAX_LINE_CHARACTERS = 4000
# Of the newest lines so much is written to the database.
STORED_CHARACTERS = 256 * 1024

STATES = ("queued", "running", "succeeded", "failed", "cancelled", "interrupted")
JobState = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATES)})]

About = dict[str, Any]
Result = dict[str, Any]
Intent = dict[str, Any]


class JobError(msgspec.Struct, frozen=True):
    """Why a job did not succeed, in the words of a problem."""

    key: str
    detail: str


class JobView(msgspec.Struct, frozen=True):
    """A job as the API shows it. `percent` is null where nobody can know; `result` depends on the kind.

    `about` is what was asked for: a backup's note, an update's version. A countdown has a `step_ends_at`.
    """

    id: str
    kind: str
    instance: str
    state: JobState
    actor: str
    about: About | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    step: str | None
    step_ends_at: str | None
    percent: float | None
    is_cancellable: bool
    error: JobError | None
    result: Result | None


class Job:
    """One run. The function that does the work gets it, to tell how far it is and to learn of a cancel.

    `changed` is told of every change; `write_down` keeps an intent for whoever has to tidy up after a crash.
    """

    def __init__(
        self,
        kind: str,
        instance: str,
        actor: str,
        changed: Callable[[Job], None],
        write_down: Callable[[Job], None],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.kind, self.instance, self.actor = kind, instance, actor
        self.state = "queued"
        self.created_at = utc_now()
        self.started_at: str | None = None
        self.finished_at: str | None = None
        self.step: str | None = None
        self.step_ends_at: str | None = None
        self.percent: float | None = None
        self.error: JobError | None = None
        self.result: Result | None = None
        self.intent: Intent = {}
        self._kept_intent: Intent = {}
        self.output: deque[str] = deque(maxlen=KEPT_LINES)
        self.lines: Topic[str] = Topic()
        self.ended = Event()
        self.cancelled = Event()
        self.is_cancellable = True
        self.written = 0
        self._view_before_end: JobView | None = None
        self._changed = changed
        self._write_down = write_down

    @property
    def about(self) -> About | None:
        """Written down with the intents, so that it is known of a job that has ended, too."""
        about: About | None = self.intent.get("about")
        return about

    @property
    def view(self) -> JobView:
        """As it was before its end, until that is announced: only then may the next one begin."""
        if self._view_before_end is not None:
            return self._view_before_end
        return JobView(**{name: getattr(self, name) for name in JobView.__struct_fields__})

    @property
    def row(self) -> JobRow:
        encoded = _encode(self)
        plain = {each.name: getattr(self, each.name) for each in fields(JobRow) if each.name not in encoded}
        return JobRow(**plain | encoded)

    @property
    def stored_output(self) -> Output:
        """As much of the newest lines as is kept for good."""
        lines: deque[str] = deque()
        characters = 0
        for line in reversed(self.output):
            characters += len(line) + 1
            if characters > STORED_CHARACTERS:
                break
            lines.appendleft(f"{line}\n")
        return Output("".join(lines), self.written - len(lines))

    def enter(self, step: str, *, is_cancellable: bool = True, seconds: float | None = None) -> None:
        """Begin a step; a cancel that came before takes effect here. Raises Cancelled.

        `seconds` is how long it will take, where that is known.
        """
        self.check_cancelled()
        self.is_cancellable = is_cancellable
        self.step = step
        self.step_ends_at = None if seconds is None else utc_after(seconds)
        self._changed(self)

    def intend(self, **facts: Any) -> None:
        """Write down what is about to be done; returns when that will survive a crash.

        What stands there already is not written again: the way back must not need room on a full disk.
        """
        self.intent |= facts
        if not facts.items() <= self._kept_intent.items():
            self._write_down(self)
            self._kept_intent = {**self.intent}

    def inherit(self, intent: Intent) -> None:
        """What another job has written down, and is written down of this one from its beginning."""
        self.intent, self._kept_intent = intent, {**intent}

    def write(self, line: str) -> None:
        """Add a line to the output. Only the newest are kept."""
        line = line[:MAX_LINE_CHARACTERS]
        self.written += 1
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

    @contextmanager
    def cut_short(self) -> Iterator[None]:
        """A cancel ends at once what is waited for in here, which may be left half-way: raises Cancelled."""
        waiting = gevent.getcurrent()

        def cut(_: Event) -> None:
            waiting.throw(errors.Cancelled())

        self.check_cancelled()
        self.cancelled.rawlink(cut)
        try:
            yield
        finally:
            self.cancelled.unlink(cut)

    def follow(self) -> tuple[Taken[str], Subscription[str]]:
        """What is kept of the output so far, and a subscription to the rest that ends when the job does."""
        return Taken(self.written - len(self.output), list(self.output)), self.lines.subscribe()

    def begin(self) -> None:
        self.state, self.started_at = "running", utc_now()
        self._changed(self)

    def end(self, state: str, result: Result | None, error: errors.PalError | None) -> None:
        """Nobody is told before `announce_end`, so that it can be written down first."""
        self._view_before_end = self.view
        self.state, self.result = state, result
        self.error = JobError(error.key, error.detail) if error else None
        self.finished_at, self.step, self.step_ends_at = utc_now(), None, None
        self.is_cancellable = False

    def announce_end(self) -> None:
        self._view_before_end = None
        self.ended.set()
        self._changed(self)
        self.lines.end()


def make_unseen(kind: str, instance: str) -> Job:
    """One that nobody follows, for work that is done while somebody waits."""
    return Job(kind, instance, "", _ignore, _ignore)


def restore(row: JobRow, output: Output) -> Job:
    """A job that has ended, as the database has it."""
    job = Job(row.kind, row.instance, row.actor, _ignore, _ignore)
    job.id, job.state, job.step, job.percent = row.id, row.state, row.step, row.percent
    job.created_at, job.started_at, job.finished_at = row.created_at, row.started_at, row.finished_at
    job.error = None if row.error is None else msgspec.json.decode(row.error, type=JobError)
    job.result = None if row.result is None else msgspec.json.decode(row.result)
    job.intent = msgspec.json.decode(row.intent)
    job.output.extend(output.text.split("\n")[:-1])
    job.written = output.lost_lines + len(job.output)
    job.is_cancellable = False
    job.announce_end()
    return job


def _ignore(job: Job) -> None:
    """Nothing changes any more."""


def _encode(job: Job) -> dict[str, str | None]:
    return {
        name: None if value is None else msgspec.json.encode(value).decode()
        for name, value in (("error", job.error), ("result", job.result), ("intent", job.intent))
    }
