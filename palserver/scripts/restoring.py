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
from palserver.errors import BackupNotFound, BackupUnreadable, PalError
from palserver.scripts import CALL_SECONDS, read_variable, run, say, step_back
from palserver.services.backups.folder_records import get_record
from palserver.services.backups.folder_tar import FolderTar
from palserver.services.backups.worlds import SETTINGS_FILES
from palserver.store import folder_backups
from palserver.store.backups import Manifest, find_manifest
from palserver.store.folder_backups import FolderBackup


def tell(name: str, value: object) -> None:
    say(f"= {name} {value}")


def run_telling(work: Callable[[Sequence[str]], None]) -> None:
    """As `run`, beside games that come first, and say the key of what it fails with."""

    def tell_key(words: Sequence[str]) -> None:
        step_back()
        try:
            work(words)
        except PalError as error:
            say(f"! {error.key}")
            raise

    run(tell_key)


def find_folder(instance: str, backup_id: str) -> FolderBackup | None:
    """Where the backup is a folder, as an operator's own script makes them. Raises BackupUnreadable."""
    try:
        return folder_backups.find_folder(Path(read_variable("PALSERVER_BACKUP_DIR")), instance, backup_id)
    except PermissionError as error:
        raise BackupUnreadable() from error


def get_manifest(instance: str, backup_id: str) -> Manifest:
    """Raises BackupNotFound; for a folder that is read for it for the first time, as FolderTar does."""
    backups = Path(read_variable("PALSERVER_BACKUP_DIR"))
    manifest = find_manifest(backups / instance, backup_id)
    if manifest is not None:
        return manifest
    folder = find_folder(instance, backup_id)
    if folder is None:
        raise BackupNotFound()
    return get_record(backups, instance, folder)


@contextmanager
def open_backup(instance: str, backup_id: str) -> Iterator[tuple[IO[bytes], Manifest]]:
    """The archive, held open: what has been checked cannot be exchanged any more. Raises BackupNotFound.

    Of a folder each file is held against its own hash whenever it is read.
    """
    manifest = get_manifest(instance, backup_id)
    path = Path(read_variable("PALSERVER_BACKUP_DIR")) / instance / manifest.archive
    folder = find_folder(instance, backup_id) if not manifest.sha256 else None
    if folder is not None:
        yield FolderTar(folder.root), manifest  # type: ignore[misc]  # as good as a file for us
        return
    with path.open("rb") as file:
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
