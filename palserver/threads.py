"""Work that must not run on the event loop: a small pool of real threads with a bounded waiting list."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from gevent.threadpool import ThreadPool

from palserver.errors import TooManyRequests

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Threads:
    """`run` waits without blocking the loop. gevent's own pool is not used: name look-ups share it."""

    def __init__(self, count: int, max_waiting: int | None = None, niceness: int = 0) -> None:
        self._pool = ThreadPool(count)
        self._niceness = niceness
        self._limit = None if max_waiting is None else count + max_waiting
        self._busy = 0
        self._lowered = threading.local()

    def run(
        self, function: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """Run in a thread; raise what it raises, or TooManyRequests when the waiting list is full."""
        if self._limit is not None and self._busy >= self._limit:
            raise TooManyRequests(retry_after_seconds=1)
        self._busy += 1
        try:
            result, error = self._pool.apply(self._call, (function, arguments, named))
        finally:
            self._busy -= 1
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def _call(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[Any, BaseException | None]:
        """Errors come back as values: gevent prints every exception that leaves one of its threads."""
        if self._niceness and not hasattr(self._lowered, "done"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
            self._lowered.done = True
        try:
            return function(*arguments, **named), None
        except BaseException as error:  # noqa: BLE001 - it is raised again in `run`
            return None, error

    def stop(self) -> None:
        """Wait for what is running, then end the threads."""
        self._pool.join()
        self._pool.kill()
