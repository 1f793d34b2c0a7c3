"""Waiting for a fact instead of sleeping for luck."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(look: Callable[[], Value], what: str, seconds: float = 60.0) -> Value:
    """Look until the answer is true and return it; fail with `what` was awaited.

    A minute, for a machine that is busy with other things as well; nobody waits longer than he has to.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}; last seen: {value!r}")
        time.sleep(0.05)
