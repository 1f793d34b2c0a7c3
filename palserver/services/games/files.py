"""Files put into the save folder of a server that has never run: its settings, and the folders above them."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable, Iterator

from palserver import errors
from palserver.clients.engine import Engine

SETTINGS_PATH = "Config/LinuxServer/PalWorldSettings.ini"
# What most images run the game as, where the image itself does not say.
USUAL_OWNER = (1000, 1000)
FOLDER_MODE, FILE_MODE = 0o755, 0o640

Owner = tuple[int, int]


def write_file(
    engine: Engine,
    container: str,
    paths: tuple[str, str],
    file: tuple[str, bytes] | None,
    owner: Owner | None = None,
) -> None:
    """A file below the save folder, by its path there, with all folders above it; without one, those only."""
    data_path, saved_path = paths
    below = saved_path[len(data_path) :].strip("/")
    name = "/".join(filter(None, (below, file[0] if file else "")))
    owner = owner or find_owner(engine, container, data_path)
    packed = _pack(
        name, file[1] if file else None, owner, lambda path: engine.has_path(container, f"{data_path}/{path}")
    )
    engine.write_archive(container, data_path, iter([packed]))


def find_owner(engine: Engine, container: str, path: str) -> Owner:
    """Whose the folder is as the image brings it; else the image's user, as far as it is a number."""
    header = _read_header(engine, container, path)
    if header is not None and header.uid != 0:
        return header.uid, header.gid
    user = re.fullmatch(r"(\d+)(?::(\d+))?", engine.inspect(container)["Config"].get("User") or "")
    return (int(user[1]), int(user[2] or user[1])) if user else USUAL_OWNER


def _read_header(engine: Engine, container: str, path: str) -> tarfile.TarInfo | None:
    try:
        pieces = engine.read_archive(container, path)
        return tarfile.TarInfo.frombuf(next(pieces)[:512], "utf-8", "replace")
    except (errors.ContainerMissing, StopIteration, tarfile.TarError):
        return None


def _pack(name: str, content: bytes | None, owner: Owner, has_path: Callable[[str], bool]) -> bytes:
    """Folders that are there keep their owner and mode: only what is missing is in the tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in _list_folders(name, content):
            if not has_path(folder):
                archive.addfile(_header(folder, 0, owner, tarfile.DIRTYPE))
        if content is not None:
            archive.addfile(_header(name, len(content), owner, tarfile.REGTYPE), io.BytesIO(content))
    return buffer.getvalue()


def _list_folders(name: str, content: bytes | None) -> Iterator[str]:
    parts = name.split("/") if name else []
    ends = range(1, len(parts) + (content is None))
    return ("/".join(parts[:end]) for end in ends)


def _header(name: str, size_bytes: int, owner: Owner, kind: bytes) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.size = kind, size_bytes
    header.mode = FOLDER_MODE if kind == tarfile.DIRTYPE else FILE_MODE
    header.uid, header.gid = owner
    return header
