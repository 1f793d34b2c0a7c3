"""Where a backup is read from, and reading it until all of it is of one moment."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from palserver.clients.engine import Engine
from palserver.scripts import say, take_turns
from palserver.scripts.archive import Written, write_archive
from palserver.scripts.stillness import USUAL, Patience, Stamps, World
from palserver.services.backups.reasons import MOVED, NEVER_STILL, NO_WORLD, STARTED, tell_left_out

ATTEMPTS = 3


@dataclass(frozen=True)
class Copy:
    """What was written, and why it may not be of one moment, or not complete; None if it is both."""

    written: Written
    reason: str | None


@dataclass(frozen=True)
class Run:
    """Which run of a container it is, or between which two."""

    is_up: bool
    started_at: str | None


@dataclass(frozen=True)
class Source:
    """The save folder of a container, running or not. `world_guid` is that of the live world."""

    engine: Engine
    container: str
    saved_path: str
    world_guid: str | None
    patience: Patience = USUAL

    @property
    def world(self) -> World | None:
        if self.world_guid is None:
            return None
        folder = f"{self.saved_path.rstrip('/')}/SaveGames/0/{self.world_guid}"
        return World(self.engine, self.container, folder, self.patience)

    def find_run(self) -> Run:
        container = self.engine.get_container(self.container)
        return Run(container.is_up, container.started_at)

    def read(self) -> Iterator[bytes]:
        # The slash has the engine follow a link instead of packing it up as one.
        return take_turns(self.engine.read_archive(self.container, self.saved_path.rstrip("/") + "/"))

    def read_file(self, name: str) -> Iterator[bytes]:
        """One file by its name in the archive."""
        path = f"{self.saved_path.rstrip('/')}/{name.partition('/')[2]}"
        return take_turns(self.engine.read_archive(self.container, path))


def copy_world(source: Source, file: IO[bytes]) -> Copy:
    """Write the archive to `file`, again while the game saved meanwhile, but not for ever.

    Raises Failed, TarError, ContainerMissing.
    """
    for attempt in range(1, ATTEMPTS + 1):
        run = source.find_run()
        stamps = _wait_until_still(source) if run.is_up else None
        written = _write(source, file, is_last=attempt == ATTEMPTS)
        if written is None:
            continue
        reason = _find_reason(source, run, stamps)
        if reason in (None, NO_WORLD, NEVER_STILL):
            break  # to try again would not help
        say("The world was saved while it was read. Once more.")
    assert written is not None  # noqa: S101 - the last attempt writes or raises
    return Copy(written, " ".join(filter(None, (reason, _find_left_out(written)))) or None)


def _find_left_out(written: Written) -> str | None:
    """What of the worlds and settings is missing."""
    return tell_left_out(list(written.left_out)) if written.left_out else None


def _wait_until_still(source: Source) -> Stamps | None:
    if source.world is None:
        return None
    say("Waiting until the game leaves the world alone.")
    return source.world.wait_until_still()


def _write(source: Source, file: IO[bytes], *, is_last: bool) -> Written | None:
    """None if the world changed so much that the engine could not read it; raises TarError the last time."""
    file.seek(0)
    file.truncate()
    say(f"Reading {source.saved_path} of {source.container}.")
    try:
        return write_archive(source.read(), file, read_file=source.read_file)
    except tarfile.TarError:
        if is_last:
            raise
        say("It could not be read to its end. Once more.")
        return None


def _find_reason(source: Source, before: Run, stamps: Stamps | None) -> str | None:
    """Why what was just read may not be of one moment; None if it is."""
    if source.find_run() != before:
        return STARTED
    if not before.is_up:
        return None
    if source.world is None or not source.world.is_there():
        return NO_WORLD
    if stamps is None:
        return NEVER_STILL
    return None if source.world.look() == stamps else MOVED
