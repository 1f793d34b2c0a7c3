"""A backup made into the tar that is unpacked beside the live world."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from palserver.services.backups.archives import MAX_SETTINGS_BYTES, ROOT, Reading
from palserver.services.backups.tar_reader import BLOCK_BYTES, Member
from palserver.services.backups.worlds import (
    SETTINGS_FILES,
    find_only_world,
    find_unit,
    find_world_guid,
    list_units,
    name_world,
)
from palserver.services.restores.side_scripts import WORK_PREFIX

FOLDER_MODE, FILE_MODE = 0o755, 0o644


@dataclass
class Staging:
    """What belonged to `archive_owner` will belong to `owner`; each is a user's and a group's number.

    `settings` are the live GameUserSettings.ini by their paths, without those that are not there.
    """

    reading: Reading
    work: str
    owner: tuple[int, int]
    archive_owner: tuple[int, int]
    settings: Mapping[str, bytes]
    _folders: set[str] = field(default_factory=set)

    def pack(self) -> Iterator[bytes]:
        """The tar in pieces. Raises what `Reading.read_members` and `find_world` raise, before its end."""
        paths = []
        for member, content in self.reading.read_members():
            path = member.name.removeprefix(f"{ROOT}/")
            if find_unit(path) is None:
                for _ in content:  # it is checked all the same
                    pass
            elif member.is_folder:
                yield from self._pack_folder(path, member)
            else:
                paths.append(path)
                yield from self._pack_file(path, member, content)
        added = self._name_world(paths)
        for path, text in added.items():
            yield from self._pack_own(f"new/{path}", text)
        units = list_units([*paths, *added], self._find_live_guid())
        # Last: as long as it is not there, nothing has been touched.
        yield from self._pack_own("units", "".join(f"{unit}\n" for unit in units).encode())
        yield bytes(2 * BLOCK_BYTES)

    def _name_world(self, paths: list[str]) -> dict[str, bytes]:
        """The settings that name the world, where the backup brings none of its own."""
        guid = self.reading.find_world()
        if any(path in SETTINGS_FILES for path in paths):
            return {}
        live = self.settings or {SETTINGS_FILES[0]: b""}
        return {path: name_world(text, guid) for path, text in live.items()}

    def _find_live_guid(self) -> str | None:
        found = (find_world_guid(self.settings.get(path)) for path in SETTINGS_FILES)
        return next((guid for guid in found if guid is not None), None)

    def _pack_folder(self, path: str, member: Member) -> Iterator[bytes]:
        yield from self._pack_parents(path)
        self._folders.add(path)
        yield self._header(f"new/{path}", 0, member.mode | 0o700, member)

    def _pack_file(self, path: str, member: Member, content: Iterator[bytes]) -> Iterator[bytes]:
        yield from self._pack_parents(path)
        if path in SETTINGS_FILES and member.size_bytes <= MAX_SETTINGS_BYTES:
            text = b"".join(content)
            named = find_world_guid(text)
            guid = self.reading.manifest.world_guid or named or self._find_only_world()
            text = text if guid in (None, named) else name_world(text, guid)
            yield from self._pack_content(f"new/{path}", text, member)
            return
        yield self._header(f"new/{path}", member.size_bytes, member.mode | 0o600, member)
        yield from content
        yield bytes(-member.size_bytes % BLOCK_BYTES)

    def _find_only_world(self) -> str | None:
        files = self.reading.manifest.files
        return find_only_world(file.path.removeprefix(f"{ROOT}/") for file in files)

    def _pack_own(self, name: str, text: bytes) -> Iterator[bytes]:
        yield from self._pack_parents(name.removeprefix("new/")) if name.startswith("new/") else ()
        yield from self._pack_content(name, text, None)

    def _pack_content(self, name: str, text: bytes, member: Member | None) -> Iterator[bytes]:
        yield self._header(name, len(text), member.mode | 0o600 if member else FILE_MODE, member)
        yield text + bytes(-len(text) % BLOCK_BYTES)

    def _pack_parents(self, path: str) -> Iterator[bytes]:
        """Not every tar names its folders; what the engine makes of itself belongs to root."""
        for parent in [path[:end] for end, letter in enumerate(path) if letter == "/"]:
            if parent not in self._folders:
                self._folders.add(parent)
                yield self._header(f"new/{parent}", 0, FOLDER_MODE, None, is_folder=True)

    def _header(
        self, name: str, size_bytes: int, mode: int, member: Member | None, *, is_folder: bool = False
    ) -> bytes:
        header = tarfile.TarInfo(f"{WORK_PREFIX}{self.work}/{name}")
        is_folder = is_folder or (member is not None and member.is_folder)
        header.type = tarfile.DIRTYPE if is_folder else tarfile.REGTYPE
        header.size, header.mode = size_bytes, mode
        header.uid, header.gid = self._find_owner(member)
        header.mtime = member.modified_at if member else 0
        return header.tobuf(tarfile.PAX_FORMAT)

    def _find_owner(self, member: Member | None) -> tuple[int, int]:
        """The game may run under another number now than it did then. Somebody else's files stay his."""
        if member is None:
            return self.owner
        (uid, gid), (archive_uid, archive_gid) = self.owner, self.archive_owner
        return (
            uid if member.uid == archive_uid else member.uid,
            gid if member.gid == archive_gid else member.gid,
        )
