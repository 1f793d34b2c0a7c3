"""Finding a game's address and password by asking, and remembering what answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gevent.lock import BoundedSemaphore

from palserver import errors
from palserver.clients import palworld
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.clients.palworld_http import READ_SECONDS, GameAddress, limit
from palserver.inifile import decode, read_options
from palserver.services.games.addresses import (
    LOOPBACK,
    SETTINGS_PATH,
    Options,
    list_base_urls,
    list_passwords,
)
from palserver.store.instances import Instance

LOOK_SECONDS = READ_SECONDS
PAUSE_MARK = "/palworld/.paused"
# A failure that took longer has used up the patience of whoever waits for the answer.
QUICK_SECONDS = 1.0
# The worse the failure, the less it says; the one that says most is the one that is told.
_TELLING = (errors.GameUnreachable, errors.GameBadAnswer, errors.GameUnauthorized)

Answer = TypeVar("Answer")
Run = tuple[object, ...]


def find_address(base_urls: Sequence[str], passwords: Sequence[str]) -> GameAddress:
    """The first of them that answers GET /info with 200; the whole look is bounded in time.

    Anything less than an authenticated answer proves nothing: something else may sit on that port. Raises
    GameUnauthorized where every password was refused, GameBadAnswer, or GameUnreachable.
    """
    failure: errors.PalError = errors.GameUnreachable()
    with limit(LOOK_SECONDS):
        for base_url in base_urls:
            found = _try_passwords(base_url, passwords)
            if isinstance(found, GameAddress):
                return found
            failure = max(failure, found, key=_how_telling)
    raise failure


def _try_passwords(base_url: str, passwords: Sequence[str]) -> GameAddress | errors.PalError:
    """The address with the password that it takes, or why none did."""
    failure: errors.PalError = errors.GameUnreachable()
    for password in passwords:
        address = GameAddress(base_url, password)
        try:
            palworld.get_info(address, attempts=1)
        except errors.GameUnauthorized as error:
            failure = error
        except (errors.GameUnreachable, errors.GameBadAnswer) as error:
            return error
        else:
            return address
    return failure


def _how_telling(failure: errors.PalError) -> int:
    return next(rank for rank, kind in enumerate(_TELLING) if isinstance(failure, kind))


@dataclass(repr=False)
class _Memory:
    """What is remembered of one instance; `run` is what it holds for."""

    lock: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    run: Run = ()
    address: GameAddress | None = None
    failure: errors.PalError | None = None
    failed_at: float = 0.0


class GameAccess:
    """Addresses by instance, each good for one run of one container and until the first failure."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._memories: dict[str, _Memory] = {}
        self._passwords: dict[str, set[str]] = {}

    def ask(
        self, instance: Instance, container: Container, question: Callable[[GameAddress], Answer]
    ) -> Answer:
        """Put a question that may be put twice: after a quick failure at a remembered address, look anew."""
        began = time.monotonic()
        remembered = self._find_remembered(instance, container)
        try:
            return self.order(instance, container, question)
        except (errors.GameUnreachable, errors.GameUnauthorized):
            if remembered is None or time.monotonic() - began > QUICK_SECONDS:
                raise
        return self.order(instance, container, question)

    def order(
        self, instance: Instance, container: Container, order: Callable[[GameAddress], Answer]
    ) -> Answer:
        """Call once, and look first if nothing is remembered. What failed is not remembered any more."""
        address = self._get_address(instance, container)
        try:
            return order(address)
        except (errors.GameUnreachable, errors.GameUnauthorized):
            self._drop(instance.name, address)
            raise

    def is_held_still(self, container: Container) -> bool:
        """Whether the container's own image has stopped its game for want of players, as some can."""
        is_able = container.environment.get("AUTO_PAUSE_ENABLED", "").lower() in ("true", "1", "yes", "on")
        return is_able and self._engine.has_path(container.id, PAUSE_MARK)

    def list_passwords(self, name: str) -> set[str]:
        """All that were ever tried: secrets also while the game does not answer, or when it has a new one."""
        return self._passwords.get(name, set())

    def forget(self, name: str) -> None:
        self._memories.pop(name, None)

    def _get_address(self, instance: Instance, container: Container) -> GameAddress:
        """Two who ask at once look once: the second waits and takes what the first has found, or its failure.

        Whoever asks later has it looked at anew: the game may be up by now, and have a world to save.
        """
        began = time.monotonic()
        memory = self._memories.setdefault(instance.name, _Memory())
        run = _run_of(instance, container)
        with memory.lock:
            if memory.run != run:
                memory.run, memory.address, memory.failure = run, None, None
            if memory.address is None:
                if memory.failure is not None and memory.failed_at >= began:
                    raise type(memory.failure)(memory.failure.detail)
                memory.address = self._look(memory, instance, container)
            return memory.address

    def _look(self, memory: _Memory, instance: Instance, container: Container) -> GameAddress:
        try:
            options = self._read_options(instance, container)
            base_urls = list_base_urls(instance, container, options, self._engine.address.host or LOOPBACK)
            passwords = list_passwords(instance, container, options)
            self._passwords.setdefault(instance.name, set()).update(filter(None, passwords))
            address = find_address(base_urls, passwords)
        except _TELLING as error:
            memory.failure, memory.failed_at = error, time.monotonic()
            raise
        return address

    def _read_options(self, instance: Instance, container: Container) -> Options:
        try:
            content = self._engine.read_file(container.id, f"{instance.saved_path}/{SETTINGS_PATH}")
        except errors.EngineRefused:
            return {}  # a path that cannot be in this container; the environment may still do
        return read_options(decode(content)) if content is not None else {}

    def _find_remembered(self, instance: Instance, container: Container) -> GameAddress | None:
        memory = self._memories.get(instance.name)
        return memory.address if memory is not None and memory.run == _run_of(instance, container) else None

    def _drop(self, name: str, address: GameAddress) -> None:
        """Only what failed: somebody else may have found a better address meanwhile."""
        memory = self._memories.get(name)
        if memory is not None and memory.address is address:
            memory.address = None


def _run_of(instance: Instance, container: Container) -> Run:
    return container.id, container.started_at, instance.rest_address, instance.admin_password
