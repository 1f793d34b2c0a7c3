"""Greenlets with a name, an owner, an exception link and a stop."""

from __future__ import annotations

import logging

import gevent

from palserver.background import Background
from palserver.errors import EngineUnreachable
from tests.waiting import wait_until


def test_a_failure_is_logged_under_the_greenlets_name(caplog):
    """A greenlet that dies is not mistaken for a quiet one."""

    def fail() -> None:
        raise RuntimeError("boom")

    background = Background()
    with caplog.at_level(logging.ERROR):
        background.spawn("the reader", fail).join()
        gevent.sleep(0)
    assert "the reader ended with an error" in caplog.text
    assert "boom" in caplog.text


def test_a_supervised_function_is_run_again_after_it_failed():
    """A loop outlives its failures, ours and foreign ones."""
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise EngineUnreachable()
        if len(runs) == 2:
            raise ValueError("unexpected")
        gevent.sleep(10)

    background = Background(retry_first_seconds=0.01, retry_last_seconds=0.02)
    background.supervise("worker", work)
    wait_until(lambda: len(runs) == 3, "the third run")
    background.stop()


def test_stop_ends_everything():
    """After `stop` no greenlet is left, and their `finally` blocks have run."""
    ended: list[str] = []

    def wait(name: str) -> None:
        try:
            gevent.sleep(60)
        finally:
            ended.append(name)

    background = Background()
    background.spawn("one", wait, "one")
    background.supervise("two", wait, "two")
    gevent.sleep(0)
    background.stop()
    assert sorted(ended) == ["one", "two"]
    assert len(background) == 0
