"""A tar, read once from its beginning to its end, with bounds on everything that it may claim.

`tarfile` reads an extended header into memory whatever its size, and takes any rubbish for the end.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from palserver.errors import ArchiveBroken, ArchiveTooLarge, ArchiveUnsafe

BLOCK_BYTES = tarfile.BLOCKSIZE
PIECE_BYTES = 256 * 1024
# Names are the only thing in there that we read.
MAX_EXTENSION_BYTES = 64 * 1024
# A tar is padded to a record; whatever follows its end is bounded, so that no time is lost in it.
MAX_PADDING_BYTES = 1024 * 1024
PASSED_OVER = (tarfile.GNUTYPE_LONGLINK,)  # of a link, which is refused when it comes
REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)


@dataclass(frozen=True)
class Member:
    """A file or a folder of the tar, by the name that it claims."""

    name: str
    is_folder: bool
    size_bytes: int
    mode: int
    uid: int
    gid: int
    modified_at: float


class TarReader:
    """`source` is read forward only. Reading raises ArchiveBroken, ArchiveUnsafe and ArchiveTooLarge."""

    def __init__(self, source: IO[bytes], max_members: int) -> None:
        self._source = source
        self._max_headers = 3 * max_members
        self._max_members = max_members
        self._left_bytes = 0  # of the present member's content, its padding included

    def read_members(self) -> Iterator[Member]:
        """Each member; what is not read of one's content is passed over when the next is asked for."""
        count = 0
        while (member := self._read_member()) is not None:
            count += 1
            if count > self._max_members:
                raise ArchiveTooLarge()
            yield member

    def read_content(self, member: Member) -> Iterator[bytes]:
        """The content of the member that was given last, in pieces."""
        left_bytes = member.size_bytes
        while left_bytes:
            piece = self._read(min(left_bytes, PIECE_BYTES))
            left_bytes -= len(piece)
            self._left_bytes -= len(piece)
            yield piece

    def _read_member(self) -> Member | None:
        """The next one; None at the end, which must be whole."""
        extension: dict[str, str] = {}
        self._pass_over(self._left_bytes)
        while (header := self._read_header()) is not None:
            if header.type == tarfile.XHDTYPE:
                extension |= parse_pax(self._read_extension(header))
            elif header.type == tarfile.GNUTYPE_LONGNAME:
                extension["path"] = _decode(self._read_extension(header).rstrip(b"\0"))
            elif header.type in PASSED_OVER:
                self._read_extension(header)
            else:
                return self._take(header, extension)
        if extension:
            raise ArchiveBroken()
        self._check_end()
        return None

    def _take(self, header: tarfile.TarInfo, extension: dict[str, str]) -> Member:
        is_folder = header.type == tarfile.DIRTYPE
        if not is_folder and header.type not in REGULAR:
            raise ArchiveUnsafe(
                "The backup holds a link, a device, or something else that no save folder has."
            )
        size_bytes = _parse_size(extension["size"]) if "size" in extension else header.size
        if size_bytes < 0 or (is_folder and size_bytes):
            raise ArchiveBroken()
        self._left_bytes = _pad(size_bytes)
        return Member(
            name=extension.get("path", header.name).removesuffix("/"),
            is_folder=is_folder,
            size_bytes=size_bytes,
            mode=header.mode & 0o777,
            uid=max(0, header.uid),
            gid=max(0, header.gid),
            modified_at=header.mtime,
        )

    def _read_header(self) -> tarfile.TarInfo | None:
        """None at the block of zeros that begins the end."""
        self._max_headers -= 1
        if self._max_headers < 0:
            raise ArchiveTooLarge()
        try:
            return tarfile.TarInfo.frombuf(self._read(BLOCK_BYTES), "utf-8", "strict")
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the stubs leave it out
            return None
        except tarfile.HeaderError as error:
            raise ArchiveBroken() from error
        except UnicodeDecodeError as error:
            raise ArchiveUnsafe() from error

    def _read_extension(self, header: tarfile.TarInfo) -> bytes:
        if not 0 <= header.size <= MAX_EXTENSION_BYTES:
            raise ArchiveTooLarge()
        return self._read(_pad(header.size))[: header.size]

    def _check_end(self) -> None:
        """One block of zeros has been read; another one follows, and nothing but zeros after that."""
        self._check_zeros(self._read(BLOCK_BYTES))
        padding_bytes = 0
        while piece := self._read_some(PIECE_BYTES):
            self._check_zeros(piece)
            padding_bytes += len(piece)
            if padding_bytes > MAX_PADDING_BYTES:
                raise ArchiveTooLarge()

    def _check_zeros(self, piece: bytes) -> None:
        if piece.count(0) != len(piece):
            raise ArchiveBroken()

    def _pass_over(self, size_bytes: int) -> None:
        while size_bytes:
            size_bytes -= len(self._read(min(size_bytes, PIECE_BYTES)))
        self._left_bytes = 0

    def _read(self, size_bytes: int) -> bytes:
        """So many bytes; an archive that ends before is broken."""
        taken = self._read_some(size_bytes)
        while len(taken) < size_bytes:
            more = self._read_some(size_bytes - len(taken))
            if not more:
                raise ArchiveBroken()
            taken += more
        return taken

    def _read_some(self, size_bytes: int) -> bytes:
        try:
            return self._source.read(size_bytes)
        except (EOFError, OSError, zlib.error) as error:  # how a compressed file says that it is damaged
            raise ArchiveBroken() from error


def parse_pax(content: bytes) -> dict[str, str]:
    """The records of an extended header: name and size, the only ones that count here.

    Raises ArchiveBroken, and ArchiveUnsafe for a file with holes, whose content is not what is read.
    """
    found = {}
    while content:
        digits, space, _ = content.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 8 else 0
        if not space or not len(digits) + 1 < length <= len(content) or content[length - 1] != ord("\n"):
            raise ArchiveBroken()
        key, equals, value = content[len(digits) + 1 : length - 1].partition(b"=")
        if not equals:
            raise ArchiveBroken()
        if key.startswith(b"GNU.sparse"):
            raise ArchiveUnsafe()
        if key in (b"path", b"size"):
            found[key.decode()] = _decode(value)
        content = content[length:]
    return found


def _parse_size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ArchiveBroken()
    return int(text)


def _decode(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise ArchiveUnsafe() from error


def _pad(size_bytes: int) -> int:
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES
