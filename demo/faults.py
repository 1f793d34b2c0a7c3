"""The faults that can be switched on to see what a panel makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from threading import Condition
from typing import Any


class FaultError(ValueError):
    """No such fault, or not a value for it."""


@dataclass(frozen=True, slots=True)
class FaultSet:
    """Which faults are on; demo/README.md says what each does."""

    hang: bool = False
    refuse: bool = False
    unauthorized: bool = False
    bad_json: bool = False
    garbage_status: int | None = None
    drop_connections: bool = False
    slow_save_seconds: float = 0
    save_fails: bool = False
    never_exit: bool = False
    ignore_sigterm: bool = False
    crash_on_save: bool = False


class Faults:
    """The current set, replaced as a whole so that a reader never sees half a change."""

    def __init__(self, preset: Mapping[str, Any]) -> None:
        self._changed = Condition()
        self.current = FaultSet()
        self.merge(preset)

    def merge(self, changes: Mapping[str, Any]) -> FaultSet:
        """Change some faults and leave the others; raises FaultError, changing nothing, when one is wrong."""
        for name, value in changes.items():
            _check_fault(name, value)
        with self._changed:
            self.current = replace(self.current, **changes)
            self._changed.notify_all()
            return self.current

    def wait_while_hanging(self) -> bool:
        """Return when `hang` is off, and whether it was on."""
        with self._changed:
            was_hanging = self.current.hang
            self._changed.wait_for(lambda: not self.current.hang)
        return was_hanging

    def as_json(self) -> dict[str, object]:
        """The current set by name."""
        return asdict(self.current)


def _check_fault(name: str, value: Any) -> None:
    if name not in FaultSet.__slots__:
        raise FaultError(f"no such fault: {name}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "garbage_status":
        is_fit = value is None or (isinstance(value, int) and value in range(100, 1_000))
    elif name == "slow_save_seconds":
        is_fit = is_number and 0 <= value <= 86_400
    else:
        is_fit = isinstance(value, bool)
    if not is_fit:
        raise FaultError(f"not a value for {name}: {value!r}")
