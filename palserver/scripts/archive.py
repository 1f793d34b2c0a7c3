"""Writing the archive of a backup: a tar of the save folder goes in, a .tar.gz comes out."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from palserver.scripts import Failed
from palserver.scripts.hashing import Hashed
from palserver.scripts.packing import QUICK, STORED, Packer, Pieces
from palserver.store.backups import BackupFile

# The disk may be the one that the game saves on: it is never filled up.
KEPT_FREE_BYTES = 512 * 1024 * 1024
# The game's own copies of its world, inside of the world.
NESTED_COPIES = r"Saved/SaveGames/[^/]+/[^/]+/backup(/.*)?"


@dataclass(frozen=True)
class Written:
    """An archive that has been written; `count` is of its files, those included that are hard links."""

    count: int
    size_bytes: int
    sha256: str
    files: tuple[BackupFile, ...]


def write_archive(
    pieces: Iterator[bytes], file: IO[bytes], kept_free_bytes: int = KEPT_FREE_BYTES
) -> Written:
    """Copy a tar, without the game's own copies, to a .tar.gz whose members are below `Saved/`.

    Raises Failed, tarfile.TarError, and what reading and writing raise.
    """
    files: list[BackupFile] = []
    links = 0
    reader, packed = Pieces(pieces), Packer(file)
    with (
        tarfile.open(fileobj=reader, mode="r|") as source,
        tarfile.open(fileobj=packed, mode="w") as target,
    ):
        while (member := source.next()) is not None:
            _move(member)
            if re.fullmatch(NESTED_COPIES, member.name):
                continue
            _check_space(file.name, member.size + kept_free_bytes)
            packed.set_level(STORED if member.name.endswith(".sav") else QUICK)
            files += _copy(member, source, target)
            links += member.islnk()
        reader.check_end(source.offset)
    packed.finish()
    if not files and not links:
        raise Failed("The save folder is empty.")
    return Written(len(files) + links, packed.size_bytes, packed.sha256, tuple(files))


def _copy(member: tarfile.TarInfo, source: tarfile.TarFile, target: tarfile.TarFile) -> list[BackupFile]:
    """What there is to say of a regular file; nothing of any other member."""
    content = source.extractfile(member) if member.isreg() else None
    if content is None:
        target.addfile(member)
        return []
    hashed = Hashed(content)
    target.addfile(member, hashed)
    return [BackupFile(member.name, member.size, hashed.digest.hexdigest())]


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
