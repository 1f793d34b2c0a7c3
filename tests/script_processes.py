"""The scripts that a panel runs, as the processes that they are."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.waiting import wait_until

LOOK_SECONDS = 0.02


def find_scripts(instance: str) -> dict[int, str]:
    """The bundled scripts that run for an instance: the module of each by its process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            modules = [word for word in words if word.startswith("palserver.scripts.")]
            if modules and instance in words:
                found[int(path.parent.name)] = modules[0].rpartition(".")[2]
    return found


def kill_script(instance: str, module: str, dice: random.Random, most_seconds: float) -> bool:
    """Wait for the script, and then a while; kill it alone, or with all that was started for it.

    Returns whether it was still there.
    """

    def find() -> int:
        return next((process for process, name in find_scripts(instance).items() if name == module), 0)

    process = wait_until(find, f"{module} runs", 60)
    time.sleep(dice.uniform(0, most_seconds))
    is_alone = dice.choice((True, False))
    try:
        if is_alone:
            os.kill(process, signal.SIGKILL)
        else:
            os.killpg(os.getpgid(process), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


class Peaks:
    """A context in which the most memory that each of an instance's scripts has taken is watched."""

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self.bytes: dict[str, int] = {}

    def __enter__(self) -> Peaks:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            for process, module in find_scripts(self._instance).items():
                peak = read_memory(process, "VmHWM")
                self.bytes[module] = max(peak, self.bytes.get(module, 0))


def read_memory(process: int, figure: str) -> int:
    """Bytes, by the kernel's name for the figure; 0 if the process is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text("ascii", errors="replace").splitlines():
            if line.startswith(f"{figure}:"):
                return int(line.split()[1]) * 1024
    return 0
