"""The settings of a server that is being made: into the file of the world that it gets, if there is one.

What is there is kept beside it, as by any change of the settings, and put back where the server is not to be.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from palserver.clients.engine import Engine
from palserver.inifile import set_options
from palserver.services.games.files import SETTINGS_PATH, write_file
from palserver.services.settings.files import OLD_PATH, Found, find_file


class Kept(msgspec.Struct, frozen=True):
    """Written down as an intent before the file is touched: where it is, and the hash of what is in it."""

    saved_path: str
    digest: str


def write_settings(
    engine: Engine,
    container: str,
    paths: tuple[str, str],
    options: Mapping[str, str],
    keep: Callable[[Kept], None],
) -> None:
    """Into a container that is stopped; `paths` are where its volume goes and the save folder in it.

    Every other byte of a file that is there stays as it is, and so do its owner and its mode; `keep` is told
    before. Raises SettingsUnreadable.
    """
    saved_path = paths[1]
    old = find_file(engine, container, f"{saved_path}/{SETTINGS_PATH}")
    new = set_options(old.content or b"", options, {})
    if old.content is None:
        write_file(engine, container, paths, (SETTINGS_PATH, new))
    elif new != old.content:
        keep(Kept(saved_path, _hash(old.content)))
        written = {OLD_PATH: old, SETTINGS_PATH: replace(old, content=new, modified_at=time.time())}
        engine.write_archive(container, saved_path, iter([_pack(written)]))


def put_back(engine: Engine, container: str, kept: Kept) -> None:
    """Into a container that is stopped: the file as it was, if that is what is kept. It can be done again.

    Raises SettingsUnreadable.
    """
    old = find_file(engine, container, f"{kept.saved_path}/{OLD_PATH}")
    if old.content is not None and _hash(old.content) == kept.digest:  # else it had not come to that
        engine.write_archive(container, kept.saved_path, iter([_pack({SETTINGS_PATH: old})]))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _pack(files: Mapping[str, Found]) -> bytes:
    """In their order, each into a folder that is there."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, file in files.items():
            header, content = tarfile.TarInfo(name), file.content or b""
            header.size, header.mode, header.mtime = len(content), file.mode, int(file.modified_at)
            header.uid, header.gid = file.uid, file.gid
            archive.addfile(header, io.BytesIO(content))
    return buffer.getvalue()
