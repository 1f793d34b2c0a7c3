"""The only place that spawns greenlets: each has a name, an owner, an exception link and a stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Group

from palserver.errors import PalError

log = logging.getLogger(__name__)


class Background:
    """Owns the greenlets of one process part; `stop` ends them all."""

    def __init__(self, retry_first_seconds: float = 0.2, retry_last_seconds: float = 5.0) -> None:
        self._greenlets = Group()
        self._retry_first_seconds = retry_first_seconds
        self._retry_last_seconds = retry_last_seconds

    def spawn(self, name: str, function: Callable[..., Any], *arguments: Any) -> gevent.Greenlet:
        """Run `function` once; what it raises is logged under `name`."""
        greenlet = gevent.Greenlet(function, *arguments)
        greenlet.name = name
        greenlet.link_exception(_log_exception)
        self._greenlets.add(greenlet)
        greenlet.start()
        return greenlet

    def supervise(self, name: str, function: Callable[..., Any], *arguments: Any) -> gevent.Greenlet:
        """Run `function` again and again, waiting longer after each failure; only a kill ends it.

        A return counts as success and is followed by the shortest wait.
        """
        return self.spawn(name, self._supervise, name, function, *arguments)

    def _supervise(self, name: str, function: Callable[..., Any], *arguments: Any) -> None:
        wait_seconds = self._retry_first_seconds
        while True:
            try:
                function(*arguments)
                wait_seconds = self._retry_first_seconds
            except PalError as error:
                log.info("%s: %s Trying again in %.1f s.", name, error.detail, wait_seconds)
            except Exception:
                log.exception("%s failed. Trying again in %.1f s.", name, wait_seconds)
            gevent.sleep(wait_seconds)
            wait_seconds = min(wait_seconds * 2, self._retry_last_seconds)

    def stop(self, timeout_seconds: float = 1.0) -> None:
        """Kill every greenlet and wait for their ends."""
        self._greenlets.kill(block=True, timeout=timeout_seconds)

    def __len__(self) -> int:
        return len(self._greenlets)


def _log_exception(greenlet: gevent.Greenlet) -> None:
    log.error("%s ended with an error", greenlet.name, exc_info=greenlet.exc_info)
