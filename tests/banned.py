"""A game's list of bans, as a test wants it."""

from __future__ import annotations

import io
import tarfile

from tests.game import SAVED_PATH, Game

LAMIA = "steam_76561190000000001"
MIA = "gdk_2533274800000004"
FOLDER = f"{SAVED_PATH}/SaveGames"


def write_list(game: Game, content: bytes, kind: bytes = tarfile.REGTYPE) -> None:
    """In the place of the game's list, or something that is no file."""
    header = tarfile.TarInfo("banlist.txt")
    header.type, header.linkname = kind, "/etc/hostname" if kind == tarfile.SYMTYPE else ""
    header.size = len(content)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(header, io.BytesIO(content))
    assert game.container.put_archive(FOLDER, buffer.getvalue())
