"""Work off the event loop."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import gevent
import gevent.monkey
import pytest

from palserver.errors import TooManyRequests
from palserver.threads import Threads

# The patched sleep yields; this one blocks its thread, as bcrypt and SQLite do.
block_seconds = gevent.monkey.get_original("time", "sleep")


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads(1, max_waiting=1, niceness=15)
    yield threads
    threads.stop()


def test_the_loop_runs_on_while_a_thread_works(threads):
    """Another greenlet ticks while a call blocks its thread."""
    ticks: list[int] = []

    def tick() -> None:
        while True:
            ticks.append(1)
            gevent.sleep(0.01)

    ticking = gevent.spawn(tick)
    threads.run(block_seconds, 0.3)
    ticking.kill()
    assert len(ticks) > 5


def test_what_the_work_raises_is_raised_where_it_was_asked_for(threads, capfd):
    """The caller gets the error itself, and nothing is printed behind its back."""

    def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        threads.run(fail)
    assert capfd.readouterr().err == ""


def test_the_waiting_list_is_bounded(threads):
    """One works, one waits, the next is sent away with a time to come back."""
    waiting = [gevent.spawn(threads.run, block_seconds, 0.2) for _ in range(2)]
    gevent.sleep(0)
    with pytest.raises(TooManyRequests) as refused:
        threads.run(block_seconds, 0)
    assert refused.value.retry_after_seconds >= 1
    gevent.joinall(waiting, raise_error=True)
    threads.run(block_seconds, 0)


def test_low_priority_is_the_threads_own(threads):
    """The worker is nice, the rest of the process is not."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    niceness = threads.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert niceness == 15
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
