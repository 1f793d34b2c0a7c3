"""`backup.sh INSTANCE`: the save folder, read through the engine, as a .tar.gz in the backup folder."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from palserver import names
from palserver.clients.engine import Engine
from palserver.errors import ContainerMissing
from palserver.scripts import CALL_SECONDS, Failed, read_variable, read_words, run, say

# The disk may be the one that the game saves on: it is never filled up.
KEPT_FREE_BYTES = 512 * 1024 * 1024
# Saves are compressed by the game; to try harder takes longer and finds nothing.
COMPRESSION_LEVEL = 1
# The game's own copies of its world, inside of the world.
NESTED_COPIES = r"Saved/SaveGames/[^/]+/[^/]+/backup(/.*)?"


def main(words: Sequence[str]) -> None:
    (instance,) = read_words(words, "backup.sh INSTANCE", names.INSTANCE)
    container, saved_path = read_variable("PALSERVER_CONTAINER"), read_variable("PALSERVER_SAVED_PATH")
    folder = Path(read_variable("PALSERVER_BACKUP_DIR")) / instance
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(os.environ, CALL_SECONDS)
    engine.get_container(container)
    say(f"Reading {saved_path} of {container}.")
    with _new_file(folder) as file:
        # The slash has the engine follow a link instead of packing it up as one.
        pieces = engine.read_archive(container, saved_path.rstrip("/") + "/")
        try:
            count = write_archive(pieces, file)
        except ContainerMissing as error:
            raise Failed(f"There is no {saved_path} in {container}.") from error
        except tarfile.TarError as error:
            raise Failed("The save folder could not be read to its end. Try again.") from error
    path = Path(file.name).with_name(Path(file.name).name.removeprefix(".").removesuffix(".part"))
    say(f"Wrote {path} ({count} files, {path.stat().st_size / 1e6:.1f} MB).")


@contextmanager
def _new_file(folder: Path) -> Iterator[IO[bytes]]:
    """A file of its own, named for this second; it gets its name when it is whole, else it is gone."""
    file, path = _claim(folder)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(file.name, path)
    except BaseException:
        os.unlink(file.name)
        raise
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _claim(folder: Path) -> tuple[IO[bytes], Path]:
    """The temporary file is the claim on the name: made first, by one process only."""
    while True:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        path, temporary = folder / f"{stamp}.tar.gz", folder / f".{stamp}.tar.gz.part"
        try:
            file = temporary.open("xb")
        except FileExistsError:
            time.sleep(0.1)
            continue
        if not path.exists():
            os.fchmod(file.fileno(), 0o600)  # the game's settings, with its passwords, are in there
            return file, path
        file.close()
        temporary.unlink()
        time.sleep(0.1)


def write_archive(pieces: Iterator[bytes], file: IO[bytes], kept_free_bytes: int = KEPT_FREE_BYTES) -> int:
    """Copy a tar, without the game's own copies, to a .tar.gz whose members are below `Saved/`.

    Returns the number of files. Raises Failed, tarfile.TarError, and what reading and writing raise.
    """
    count = 0
    reader = _Pieces(pieces)
    with (
        tarfile.open(fileobj=reader, mode="r|") as source,
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION_LEVEL) as packed,
        tarfile.open(fileobj=packed, mode="w|") as target,
    ):
        while (member := source.next()) is not None:
            _move(member)
            if not re.fullmatch(NESTED_COPIES, member.name):
                _check_space(file.name, member.size + kept_free_bytes)
                target.addfile(member, source.extractfile(member) if member.isreg() else None)
                count += member.isreg() or member.islnk()
        reader.check_end(source.offset)
    if count == 0:
        raise Failed("The save folder is empty.")
    return count


class _Pieces(io.RawIOBase):
    """The pieces of a tar as a file; it is read from the beginning to the end only."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._size_bytes = 0
        self._zeros_at_end = 0

    def read(self, size: int = -1) -> bytes:
        piece = next(self._pieces, b"")
        zeros = len(piece) - len(piece.rstrip(b"\0"))
        self._zeros_at_end = zeros + (self._zeros_at_end if zeros == len(piece) else 0)
        self._size_bytes += len(piece)
        return piece

    def check_end(self, offset: int) -> None:
        """Raises ReadError unless there is nothing but the two empty blocks of a tar's end from `offset` on.

        `tarfile` takes any end between two members, and any header that it cannot read, for the end.
        """
        while self.read():
            pass
        rest_bytes = self._size_bytes - offset
        if rest_bytes < 2 * tarfile.BLOCKSIZE or rest_bytes > self._zeros_at_end:
            raise tarfile.ReadError("the end is missing")


def _move(member: tarfile.TarInfo) -> None:
    """Put it below `Saved/`: the engine's archive begins with the folder's own name. Raises Failed."""
    member.name = _rename(member.name)
    if member.islnk():  # to a member before it; a symbolic link's text is the game's affair
        member.linkname = _rename(member.linkname)
        if re.fullmatch(NESTED_COPIES, member.linkname):
            raise Failed(f"{member.name} is a hard link into the game's own copies.")
    # Where a name is long or not English, it stands here as well, and would win.
    kept = {key: value for key, value in member.pax_headers.items() if key not in ("path", "linkpath")}
    member.pax_headers = kept


def _rename(name: str) -> str:
    _, slash, rest = name.partition("/")
    return f"Saved{slash}{rest}"


def _check_space(path: str, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(os.path.dirname(path)).free
    if free_bytes < needed_bytes:
        left, needed = f"{free_bytes / 1e6:.0f} MB", f"{needed_bytes / 1e6:.0f} MB"
        raise Failed(f"The disk is too full: {left} left, {needed} needed.")


if __name__ == "__main__":
    run(main)
