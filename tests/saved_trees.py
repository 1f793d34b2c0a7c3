"""What lies in a server's save folder, read through the engine: the same for every kind of mount."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from demo.savefile import read_save_file
from palserver.store.backups import Manifest, set_manifest
from tests.game import SAVED_PATH, Game, list_helpers
from tests.made_backups import GUID, Entry, describe, make_entry, pack

# Not part of any backup, nor of what a restore exchanges in place of a world that has none.
NESTED_COPIES = "/backup/"


@dataclass(frozen=True)
class Found:
    """A file: what is in it, whose it is."""

    content: bytes
    mode: int
    owner: tuple[int, int]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]


def read_tree(game: Game) -> dict[str, Found]:
    """Every file by its name as in a backup, without the game's nested copies."""
    stream, _ = game.client.api.get_archive(game.name, f"{SAVED_PATH}/")
    found = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            name = f"Saved/{member.name.partition('/')[2]}"
            if content is not None and NESTED_COPIES not in name:
                found[name] = Found(content.read(), member.mode, (member.uid, member.gid))
    return found


def read_world(game: Game) -> dict[str, Found]:
    """What a restore exchanges: the worlds, the bans, the settings."""
    tree = read_tree(game)
    return {
        name: found for name, found in tree.items() if name.startswith(("Saved/SaveGames/", "Saved/Config/"))
    }


def hash_world(game: Game) -> dict[str, str]:
    return {name: found.digest for name, found in read_world(game).items()}


def read_day(game: Game) -> int:
    """The day of the world as it was saved last; the file is checked to its last byte for it."""
    (level,) = [found for name, found in read_tree(game).items() if name.endswith("/Level.sav")]
    with tempfile.NamedTemporaryFile() as file:
        file.write(level.content)
        file.flush()
        return int(str(read_save_file(Path(file.name))["days"]))


def hash_archive(path: Path) -> dict[str, str]:
    """As `hash_world`, of a backup's archive."""
    with tarfile.open(path) as archive:
        files = {
            member.name: content.read() for member in archive if (content := archive.extractfile(member))
        }
    return {
        name: hashlib.sha256(content).hexdigest()[:12]
        for name, content in files.items()
        if name.startswith(("Saved/SaveGames/", "Saved/Config/"))
    }


def find_traces(game: Game) -> list[str]:
    """Temporaries on the volume, and containers beside the server."""
    stream, _ = game.client.api.get_archive(game.name, f"{SAVED_PATH}/")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        left = [name for name in archive.getnames() if ".palserver" in name]
    return left + [helper for helper, beside in list_helpers(game.client).items() if beside == game.name]


def keep_tree(folder: Path, tree: dict[str, Found], backup_id: str = "20260101-120000") -> Manifest:
    """A backup of this tree in an instance's backup folder."""
    entries: list[Entry] = [
        make_entry(name, found.content, mode=found.mode, uid=found.owner[0], gid=found.owner[1])
        for name, found in tree.items()
    ]
    archive = pack(entries)
    name = f"{backup_id}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(archive)
    files = {name: found.content for name, found in tree.items()}
    manifest = describe(archive, files, id=backup_id, archive=name, instance=folder.name)
    set_manifest(folder, manifest)
    return manifest


def rename_world(tree: dict[str, Found], old_guid: str, guid: str = GUID) -> dict[str, Found]:
    """The same world under another GUID, its settings included."""
    return {
        name.replace(old_guid, guid): Found(
            found.content.replace(old_guid.encode(), guid.encode())
            if name.endswith(".ini")
            else found.content,
            found.mode,
            found.owner,
        )
        for name, found in tree.items()
    }
