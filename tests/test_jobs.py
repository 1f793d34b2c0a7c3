"""Jobs: one at a time, with a state, an output and an end."""

from __future__ import annotations

import gevent
import pytest

from migrations import migrate
from palserver import errors
from palserver.background import Background
from palserver.services.jobs.job import KEPT_LINES
from palserver.services.jobs.jobs import Job, Jobs
from palserver.store.database import Database
from tests.panel import receive


@pytest.fixture
def background():
    background = Background()
    yield background
    background.stop()


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "panel.db", migrate)
    yield database
    database.close()


@pytest.fixture
def jobs(database, background):
    return Jobs(database, background, kept_jobs=20)


def finish(job: Job) -> Job:
    assert job.ended.wait(60)
    return job


def test_a_job_succeeds_with_its_result(jobs):
    """The result is what the work returned; the times are in order."""
    job = finish(jobs.start("backup", "one", "vera", lambda job: {"copies": 1}))
    view = job.view
    assert (view.state, view.result, view.error, view.actor) == ("succeeded", {"copies": 1}, None, "vera")
    times = [view.created_at, view.started_at, view.finished_at]
    assert None not in times
    assert times == sorted(filter(None, times))
    assert jobs.find_running("one") is None


def test_an_end_is_told_when_the_next_one_may_begin(jobs, database, monkeypatch):
    """Not while it is still being written down: whoever began the next one then would be refused."""
    job = jobs.start("backup", "one", "vera", lambda job: {"copies": 1})
    write, seen = database.write, []

    def look_and_write(*arguments: object) -> object:
        if job.finished_at is not None:
            seen.extend(jobs.list_views("one"))
        return write(*arguments)

    monkeypatch.setattr(database, "write", look_and_write)
    finish(job)
    assert [(view.state, view.finished_at, view.result) for view in seen] == [("running", None, None)]
    (view,) = jobs.list_views("one")
    assert (view.state, view.result) == ("succeeded", {"copies": 1})
    assert jobs.get(job.id).view == view


def test_what_a_job_is_about_is_known_of_a_failed_one_too(jobs):
    """It is there from the beginning, and the database keeps it."""

    def refuse(job: Job) -> None:
        raise errors.PortInUse()

    job = finish(jobs.start("backup", "one", "vera", refuse, {"note": "before the raid"}))
    assert job.view.about == {"note": "before the raid"}
    assert jobs.get(job.id).view.about == {"note": "before the raid"}
    assert finish(jobs.start("start", "one", "vera", refuse)).view.about is None


def test_a_failure_keeps_our_words_and_hides_foreign_ones(jobs):
    """A person reads why in our words; a library's message stays in the log."""

    def refuse(job: Job) -> None:
        raise errors.PortInUse()

    def break_down(job: Job) -> None:
        raise KeyError("internal detail")

    view = finish(jobs.start("start", "one", "vera", refuse)).view
    assert view.error is not None
    assert (view.state, view.error.key) == ("failed", "port_in_use")
    view = finish(jobs.start("start", "one", "vera", break_down)).view
    assert view.error is not None
    assert (view.state, view.error.key) == ("failed", "internal")
    assert "internal detail" not in str(view.error)


def test_one_job_at_a_time_for_each_instance(jobs):
    """A second one is refused with the first one's id; another instance is not in its way."""
    first = jobs.start("stop", "one", "vera", lambda job: job.wait_or_cancel(60))
    with pytest.raises(errors.InstanceBusy) as busy:
        jobs.start("start", "one", "oscar", lambda job: None)
    assert busy.value.fields == {"job": first.id}
    finish(jobs.start("start", "two", "oscar", lambda job: None))
    jobs.cancel(first.id)
    assert finish(first).state == "cancelled"
    finish(jobs.start("start", "one", "oscar", lambda job: None))


def test_a_job_is_cancelled_only_where_that_is_safe(jobs):
    """Past the point of no return a cancel is refused instead of being ignored."""

    def work(job: Job) -> None:
        job.enter("careful", is_cancellable=False)
        gevent.sleep(60)

    job = jobs.start("update", "one", "vera", work)
    assert job.view.is_cancellable
    gevent.sleep(0)
    assert not job.view.is_cancellable
    with pytest.raises(errors.NotCancellable):
        jobs.cancel(job.id)


def test_a_job_whose_process_stops_is_interrupted(jobs, background):
    """It does not stay `running` for ever."""
    job = jobs.start("update", "one", "vera", lambda job: gevent.sleep(60))
    gevent.sleep(0)
    background.stop()
    assert (job.view.state, job.view.error.key) == ("interrupted", "interrupted")


def test_after_the_stop_nothing_starts(jobs):
    """Jobs that may be cancelled are, and new ones are refused."""
    job = jobs.start("stop", "one", "vera", lambda job: job.wait_or_cancel(60))
    gevent.sleep(0)
    jobs.stop()
    jobs.wait(60)
    assert job.state == "cancelled"
    with pytest.raises(errors.ShuttingDown):
        jobs.start("start", "two", "vera", lambda job: None)


def test_the_output_is_bounded(jobs):
    """The newest lines are kept, and how many are gone is known."""

    def talk(job: Job) -> None:
        for number in range(KEPT_LINES + 10):
            job.write(f"line {number}")

    job = finish(jobs.start("backup", "one", "vera", talk))
    taken, subscription = job.follow()
    assert (taken.lost, len(taken.items)) == (10, KEPT_LINES)
    assert taken.items[0] == "line 10"
    assert subscription.take() is None


def test_old_jobs_are_forgotten(jobs):
    """The newest are kept; a running one is never forgotten."""
    running = jobs.start("stop", "busy", "vera", lambda job: job.wait_or_cancel(60))
    made = [finish(jobs.start("start", "one", "vera", lambda job: None)).id for _ in range(30)]
    assert [view.id for view in jobs.list_views(limit=1000)] == [*made[:-21:-1], running.id]
    assert jobs.get(running.id) is running
    jobs.cancel(running.id)


def test_the_list_is_newest_first_and_can_be_narrowed(panel, game):
    """By instance and by state, with a limit."""
    panel.adopt(game.name)
    first = panel.run_job(f"/api/instances/{game.name}/start")
    second = panel.run_job(f"/api/instances/{game.name}/start")
    listed = panel.get(f"/api/jobs?instance={game.name}")["jobs"]
    assert [job["id"] for job in listed] == [second["id"], first["id"]]
    assert len(panel.get(f"/api/jobs?instance={game.name}&limit=1")["jobs"]) == 1
    assert panel.get(f"/api/jobs?instance={game.name}&state=failed")["jobs"] == []
    assert panel.call("GET", "/api/jobs?state=odd").json()["fields"].keys() == {"state"}
    assert panel.call("GET", "/api/jobs?limit=0").json()["fields"].keys() == {"limit"}


def test_an_unknown_job_is_not_found(panel):
    """By every way of asking, and for a WebSocket before it is accepted."""
    for method, path in [("GET", ""), ("GET", "/output"), ("POST", "/cancel")]:
        answer = panel.call(method, f"/api/jobs/nothing{path}")
        assert (answer.status_code, answer.json()["key"]) == (404, "job_not_found")


def test_the_output_is_told_live_and_ends_with_the_job(panel, game):
    """Lines as they come, the final job, and a normal close."""
    panel.adopt(game.name)
    answer = panel.call("POST", f"/api/instances/{game.name}/stop", {"wait_seconds": 1})
    with panel.watch(f"/api/jobs/{answer.json()['job']['id']}/output") as socket:
        lines, message = [], receive(socket)
        while message["type"] == "lines":
            lines += message["lines"]
            message = receive(socket, 60)
    assert "The world is saved." in lines
    assert (message["type"], message["job"]["state"]) == ("job", "succeeded")
    text = panel.call("GET", f"/api/jobs/{message['job']['id']}/output").text
    assert text.splitlines() == lines
