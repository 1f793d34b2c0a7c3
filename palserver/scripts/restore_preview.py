"""`restore-preview.sh ID INSTANCE`: what a restore would add, change and remove.

The present files are read through the engine and compared by their names, sizes and SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress

from palserver import names
from palserver.errors import ContainerMissing
from palserver.scripts import Failed, read_words
from palserver.scripts.restoring import Server, get_manifest, run_telling, tell
from palserver.services.backups.archives import ROOT
from palserver.services.backups.tar_reader import PIECE_BYTES
from palserver.services.backups.worlds import SETTINGS_FILES, find_world_guid
from palserver.services.restores.previews import compare, list_targets
from palserver.store.backups import ANY_ID, BackupFile


def main(words: Sequence[str]) -> None:
    backup_id, instance = read_words(words, "restore-preview.sh ID INSTANCE", ANY_ID, names.INSTANCE)
    manifest = get_manifest(instance, backup_id)
    server = Server()
    server.engine.get_container(server.container)
    settings = server.read_settings()
    guids = (find_world_guid(settings.get(path)) for path in SETTINGS_FILES)
    targets = list_targets(manifest.files, next((guid for guid in guids if guid), None))
    sizes = {file.path: file.size_bytes for file in targets.files}
    compared = compare(targets, _read_present(server, sizes))
    for name in ("added", "changed", "removed"):
        for path in getattr(compared, name):
            tell(name, path if path.isprintable() else ascii(path))
    tell("unchanged_count", compared.unchanged_count)
    tell("needed_bytes", sum(sizes.values()))


def _read_present(server: Server, sizes: dict[str, int]) -> Iterator[BackupFile]:
    """What lies in the save folder; hashed only where it might be the same, since sizes tell the rest."""
    pieces = Pieces(server.engine.read_archive(server.container, server.saved_path))
    try:
        with suppress(ContainerMissing), tarfile.open(fileobj=pieces, mode="r|") as archive:
            for member in archive:
                path = f"{ROOT}/{member.name.partition('/')[2]}"
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    digest = hashlib.sha256()
                    while sizes.get(path) == member.size and (piece := content.read(PIECE_BYTES)):
                        digest.update(piece)
                    yield BackupFile(path, member.size, digest.hexdigest())
    except tarfile.TarError as error:
        raise Failed("The save folder could not be read to its end. Try again.") from error


class Pieces(io.RawIOBase):
    """The pieces of a tar as a file that is read forward."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        return next(self._pieces, b"")


if __name__ == "__main__":
    run_telling(main)
