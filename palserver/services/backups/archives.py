"""The checks of a backup's archive: nothing of it is restored, nor called verified, before it passes all.

It is read as a stream, in bounded memory; a member's content has passed when it has been read to its end.
"""

from __future__ import annotations

import gzip
import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from palserver.errors import (
    ArchiveBroken,
    ArchiveDiffers,
    ArchiveTooLarge,
    ArchiveUnsafe,
    SaveBroken,
    WorldUnclear,
)
from palserver.services.backups.save_header import LONGEST_BYTES, find_fault
from palserver.services.backups.tar_reader import PIECE_BYTES, Member, TarReader
from palserver.services.backups.worlds import (
    SETTINGS_FILES,
    find_only_world,
    find_world_folders,
    find_world_guid,
)
from palserver.store.backups import BackupFile, Manifest

ROOT = "Saved"
MAX_NAME_BYTES = 4096
MAX_PART_BYTES = 255
MAX_SETTINGS_BYTES = 1024 * 1024
GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """What a world may be at most. The largest known are a hundredth of it."""

    members: int = 100_000
    file_bytes: int = 8 * GIB
    total_bytes: int = 32 * GIB


LIMITS = Limits()


@dataclass(frozen=True)
class Checked:
    """An archive that has passed: the GUID of its live world, and whose it was, as `uid:gid`."""

    world_guid: str
    owner: str


def check_archive(file: IO[bytes], manifest: Manifest, limits: Limits = LIMITS) -> Checked:
    """Read all of it.

    Raises ArchiveBroken, ArchiveUnsafe, ArchiveTooLarge, ArchiveDiffers, SaveBroken, WorldUnclear, OSError.
    """
    check_hash(file, manifest)
    reading = Reading(file, manifest, limits)
    for _, content in reading.read_members():
        for _ in content:
            pass
    uid, gid = reading.owner or (0, 0)
    return Checked(reading.find_world(), f"{uid}:{gid}")


def check_hash(file: IO[bytes], manifest: Manifest) -> None:
    """The file as a whole is what was written; it stands at its beginning again. Raises ArchiveBroken."""
    file.seek(0)
    if not manifest.sha256:
        return  # a folder, each of whose files has its own
    digest, size_bytes = hashlib.sha256(), 0
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
        size_bytes += len(piece)
    if (digest.hexdigest(), size_bytes) != (manifest.sha256, manifest.size_bytes):
        raise ArchiveBroken()
    file.seek(0)


@dataclass
class Reading:
    """One pass over the members of an archive."""

    file: IO[bytes]
    manifest: Manifest
    limits: Limits = LIMITS
    owner: tuple[int, int] | None = None  # that of the first thing below `SaveGames`: the game's own
    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)
    _total_bytes: int = 0
    _named_worlds: set[str] = field(default_factory=set)

    def read_members(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Each member and its content. Raises as `check_archive` does, at the latest at the end."""
        expected = {file.path: file for file in self.manifest.files}
        reader = TarReader(open_archive(self.file, self.manifest.archive), self.limits.members)
        for member in reader.read_members():
            self._note(member)
            if self.owner is None and member.name.startswith(f"{ROOT}/SaveGames"):
                self.owner = member.uid, member.gid
            if member.is_folder:
                yield member, iter(())
                continue
            file = expected.get(member.name)
            if file is None or file.size_bytes != member.size_bytes:
                raise ArchiveDiffers()
            yield member, self._check_content(reader.read_content(member), file)
        if self._files != expected.keys():
            raise ArchiveDiffers()

    def find_world(self) -> str:
        """The live world's GUID, once all has been read. Raises WorldUnclear.

        Where nothing names it, a world that is there alone is it.
        """
        named = {self.manifest.world_guid} if self.manifest.world_guid else self._named_worlds
        only = find_only_world(path.removeprefix(f"{ROOT}/") for path in self._files)
        if not named and only is not None:
            named = {only}
        if len(named) != 1 or (self._named_worlds and not named <= self._named_worlds):
            raise WorldUnclear()
        guid = str(named.pop())
        if len(find_world_folders((path.removeprefix(f"{ROOT}/") for path in self._files), guid)) != 1:
            raise WorldUnclear()
        return guid

    def _note(self, member: Member) -> None:
        """Names that are safe and come once, sizes within bounds."""
        check_name(member.name)
        parents = [member.name[:end] for end, letter in enumerate(member.name) if letter == "/"]
        is_known = member.name in self._files or (member.name in self._folders and not member.is_folder)
        if is_known or not self._files.isdisjoint(parents):
            raise ArchiveUnsafe("The backup holds two things of one name.")
        self._folders.update(parents, (member.name,) if member.is_folder else ())
        if not member.is_folder:
            self._files.add(member.name)
        self._total_bytes += member.size_bytes
        if member.size_bytes > self.limits.file_bytes or self._total_bytes > self.limits.total_bytes:
            raise ArchiveTooLarge()

    def _check_content(self, pieces: Iterator[bytes], file: BackupFile) -> Iterator[bytes]:
        digest, head = hashlib.sha256(), b""
        kept_bytes = MAX_SETTINGS_BYTES if _is_settings(file.path) else LONGEST_BYTES
        for piece in pieces:
            digest.update(piece)
            head += piece[: kept_bytes - len(head)]
            yield piece
        if digest.hexdigest() != file.sha256:
            raise ArchiveBroken()
        if file.path.lower().endswith(".sav") and find_fault(head[:LONGEST_BYTES], file.size_bytes):
            raise SaveBroken()
        if _is_settings(file.path) and (guid := find_world_guid(head)) is not None:
            self._named_worlds.add(guid)


def check_name(name: str) -> None:
    """Below `Saved/`, and no way out of it. Raises ArchiveUnsafe."""
    if "\\" in name or not all(letter.isprintable() or _is_space(letter) for letter in name):
        raise ArchiveUnsafe()
    parts = name.split("/")
    is_plain = all(part not in ("", ".", "..") and len(part.encode()) <= MAX_PART_BYTES for part in parts)
    if parts[0] != ROOT or not is_plain or len(name.encode()) > MAX_NAME_BYTES:
        raise ArchiveUnsafe()


def _is_space(letter: str) -> bool:
    """Also one as wide as a syllable, or one that no line breaks at: people type them."""
    return unicodedata.category(letter) == "Zs"


def open_archive(file: IO[bytes], name: str) -> IO[bytes]:
    """The tar in it, decompressed as its name says. Raises ArchiveUnsafe for a kind that we do not write."""
    if name.endswith(".tar.gz"):
        return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value]  # as good as one for us
    if name.endswith(".tar"):
        return file
    raise ArchiveUnsafe("The backup's file is of a kind that cannot be restored.")


def _is_settings(path: str) -> bool:
    return path.removeprefix(f"{ROOT}/") in SETTINGS_FILES
