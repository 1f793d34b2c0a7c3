"""Work for nothing: processor time and memory, so that there is a curve to look at."""

from __future__ import annotations

import time

_BLOCK_BYTES = 1 << 20


class Effort:
    """Holds some memory and burns some time."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def hold(self, megabytes: int) -> None:
        """Hold so much memory, a step of one megabyte at a time."""
        if len(self._blocks) < megabytes:
            # Filled with ones, because pages of zeros would not be there until somebody wrote to them.
            self._blocks.append(b"\1" * _BLOCK_BYTES)
        elif len(self._blocks) > megabytes:
            self._blocks.pop()

    def burn(self, seconds: float) -> None:
        """Keep a processor busy."""
        deadline = time.thread_time() + seconds
        while time.thread_time() < deadline:
            pass
