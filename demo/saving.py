"""Saving the world: on request, on a timer, and what can go wrong with it."""

from __future__ import annotations

import time
from threading import Lock

from demo.console import Console
from demo.ending import crash_process
from demo.faults import Faults
from demo.rolling import keep_rolling_copy
from demo.world import World

_SEGMENTATION_FAULT = 139


class Saver:
    """The one writer of the world's files."""

    def __init__(self, world: World, faults: Faults, console: Console, level_bytes: int) -> None:
        self._world = world
        self._faults = faults
        self._console = console
        self._level_bytes = level_bytes
        self._lock = Lock()

    def save(self, is_rolling: bool) -> bool:
        """Rewrite the world's files, and copy them when rolling copies are kept; False when that failed."""
        with self._lock:
            if self._faults.current.save_fails:
                return self._complain()
            try:
                self._world.save(self._level_bytes, self._dwell)
                if is_rolling:
                    keep_rolling_copy(self._world.folder)
            except OSError:
                return self._complain()
        return True

    def autosave_forever(self, span_seconds: float, is_rolling: bool) -> None:
        """Save every so many seconds, whatever became of the last time."""
        while True:
            time.sleep(span_seconds)
            self.save(is_rolling)

    def _dwell(self) -> None:
        faults = self._faults.current
        if faults.crash_on_save:
            crash_process(self._console, _SEGMENTATION_FAULT)
        time.sleep(faults.slow_save_seconds)

    def _complain(self) -> bool:
        self._console.say("Failed to save. Failed copy from backup.")
        return False
