"""Backups made by hand: an archive and its manifest, as whole or as broken as a test wants them."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from palserver.clock import utc_now
from palserver.store.backups import BackupFile, Manifest

GUID = "A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4"
WORLD = f"Saved/SaveGames/0/{GUID}"
SETTINGS = "Saved/Config/LinuxServer/GameUserSettings.ini"

Entry = tuple[tarfile.TarInfo, bytes]


def make_save(content: bytes = b"content", magic: bytes = b"PlZ", packing: int = 0x31) -> bytes:
    """A file with the head of a .sav; nothing in it can be unpacked."""
    return struct.pack("<II3sB", len(content), len(content), magic, packing) + content


def write_settings(guid: str) -> bytes:
    return f"[/Script/Pal.PalGameLocalSettings]\nDedicatedServerName={guid}\n".encode()


def make_files(guid: str = GUID, level: bytes = b"day 7") -> dict[str, bytes]:
    """A small world and its settings, by the names in an archive."""
    return {
        f"Saved/SaveGames/0/{guid}/Level.sav": make_save(level),
        f"Saved/SaveGames/0/{guid}/LevelMeta.sav": make_save(b"meta"),
        f"Saved/SaveGames/0/{guid}/Players/{'1' * 32}.sav": make_save(b"player", b"PlM"),
        "Saved/SaveGames/banlist.txt": b"steam_1\n",
        SETTINGS: write_settings(guid),
        "Saved/Config/LinuxServer/PalWorldSettings.ini": b"",
    }


def make_entry(name: str, content: bytes = b"", **changes: Any) -> Entry:
    """A member of a tar; `changes` are of its header."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o644, 1_700_000_000
    for key, value in changes.items():
        setattr(member, key, value)
    return member, content


def list_entries(files: Mapping[str, bytes], **changes: Any) -> list[Entry]:
    """Each folder, then each file."""
    folders = dict.fromkeys(name[:end] for name in files for end, letter in enumerate(name) if letter == "/")
    made = [make_entry(name, type=tarfile.DIRTYPE, **{**changes, "mode": 0o755}) for name in folders]
    return made + [make_entry(name, content, **changes) for name, content in files.items()]


def pack(entries: Iterable[Entry], mode: str = "w:gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for member, content in entries:
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return packed.getvalue()


def describe(packed: bytes, files: Mapping[str, bytes], **changes: Any) -> Manifest:
    """The manifest of an archive with these files."""
    values: dict[str, Any] = {
        "id": "20260101-120000",
        "instance": "alpha",
        "archive": "20260101-120000.tar.gz",
        "created_at": utc_now(),
        "kind": "manual",
        "size_bytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "consistent": True,
        "reason": None,
        "world_guid": None,
        "game_version": None,
        "image": None,
        "note": None,
        "pinned": False,
        "verified_at": None,
        "files": tuple(
            BackupFile(name, len(content), hashlib.sha256(content).hexdigest())
            for name, content in files.items()
        ),
    }
    return Manifest(**(values | changes))
