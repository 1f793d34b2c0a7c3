"""What the scripts of a restore have in common.

They are run by the panel alone, and speak to it in between: `= name value` is a fact, `! key` is the kind of
the failure that the last line describes. All other lines are for people.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from palserver.clients.engine import Engine
from palserver.errors import BackupNotFound, PalError
from palserver.scripts import CALL_SECONDS, read_variable, run, say
from palserver.services.worlds import SETTINGS_FILES
from palserver.store.backups import Manifest, find_manifest


def tell(name: str, value: object) -> None:
    say(f"= {name} {value}")


def run_telling(work: Callable[[Sequence[str]], None]) -> None:
    """As `run`, and say the key of what it fails with."""

    def tell_key(words: Sequence[str]) -> None:
        try:
            work(words)
        except PalError as error:
            say(f"! {error.key}")
            raise

    run(tell_key)


def get_manifest(instance: str, backup_id: str) -> tuple[Path, Manifest]:
    """The instance's backup folder and the manifest in it. Raises BackupNotFound."""
    folder = Path(read_variable("PALSERVER_BACKUP_DIR")) / instance
    manifest = find_manifest(folder, backup_id)
    if manifest is None:
        raise BackupNotFound()
    return folder, manifest


@contextmanager
def open_backup(instance: str, backup_id: str) -> Iterator[tuple[IO[bytes], Manifest]]:
    """The archive, held open: what has been checked cannot be exchanged any more. Raises BackupNotFound."""
    folder, manifest = get_manifest(instance, backup_id)
    with (folder / manifest.archive).open("rb") as file:
        yield file, manifest


class Server:
    """The container whose save folder it is about."""

    def __init__(self) -> None:
        self.engine = Engine(os.environ, CALL_SECONDS)
        self.container = read_variable("PALSERVER_CONTAINER")
        # The slash has the engine follow a link.
        self.saved_path = read_variable("PALSERVER_SAVED_PATH").rstrip("/") + "/"

    def read_settings(self) -> dict[str, bytes]:
        """The live GameUserSettings.ini by their paths; more than one where the game was moved over."""
        found = {
            path: self.engine.read_file(self.container, self.saved_path + path) for path in SETTINGS_FILES
        }
        return {path: content for path, content in found.items() if content is not None}
