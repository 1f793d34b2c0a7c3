"""The images that an old folder keeps as files: `repo/<version>/<image>_<version>.tar`, with a link `latest`.

Beside each lies a `manifest.json` that says which image it is. They are what `docker save` writes.
"""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from typing import Any

from palserver import names
from palserver.errors import ImageArchiveBroken, ImageArchiveDiffers

LATEST = "latest"
MAX_MANIFEST_BYTES = 4 * 1024 * 1024


def find_archive(folder: Path, repository: str, version: str) -> Path | None:
    """`folder` is `server/repo`, `repository` an image's name without its tag. Raises OSError."""
    path = folder / version / f"{repository.rpartition('/')[2]}_{version}.tar"
    return path if path.is_file() else None


def list_archives(folder: Path, repository: str) -> dict[str, Path]:
    """By their versions; links lead to one of them. Raises OSError."""
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        is_version = names.is_match(names.VERSION, path.name) and not path.is_symlink()
        archive = find_archive(folder, repository, path.name) if is_version else None
        if archive is not None:
            found[path.name] = archive
    return found


def find_latest(folder: Path) -> str | None:
    """The version that the link leads to. Raises OSError."""
    link = folder / LATEST
    if not link.is_symlink():
        return None
    version = link.readlink().name
    return version if names.is_match(names.VERSION, version) and (folder / version).is_dir() else None


def check_archive(path: Path, image: str) -> None:
    """It holds this image and no other, as far as can be seen before the engine reads it.

    Raises ImageArchiveBroken, ImageArchiveDiffers, OSError.
    """
    manifest = path.with_name("manifest.json")
    if manifest.is_file() and _read_claim(manifest) not in (None, image):
        raise ImageArchiveDiffers()
    tags = [tag for entry in _read_entries(path) for tag in entry.get("RepoTags") or []]
    if tags != [image]:
        raise ImageArchiveDiffers()


def _read_claim(manifest: Path) -> str | None:
    """What the old panel has written beside it; None where that is not to be understood."""
    try:
        with manifest.open("rb") as file:
            content = json.loads(file.read(MAX_MANIFEST_BYTES))
    except ValueError:
        return None
    claim = content.get("docker_image") if isinstance(content, dict) else None
    return claim if isinstance(claim, str) and claim else None


def _read_entries(path: Path) -> list[dict[str, Any]]:
    """What the archive itself lists."""
    try:
        with tarfile.open(path) as archive:
            content = archive.extractfile("manifest.json")
            entries = json.loads(content.read(MAX_MANIFEST_BYTES)) if content is not None else None
    except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise ImageArchiveBroken() from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ImageArchiveBroken()
    return entries


def version_key(version: str) -> tuple[Any, ...]:
    """For sorting: numbers count as such, 1.0-rc comes before 1.0, and a word before all numbers."""
    match = re.fullmatch(r"v?(\d+(?:\.\d+)*)(.*)", version)
    if match is None:
        return 0, (), False, _split(version)
    return 1, tuple(map(int, match[1].split("."))), not match[2], _split(match[2])


def _split(text: str) -> tuple[tuple[int, int, str], ...]:
    pieces = re.findall(r"\d+|\D+", text)
    return tuple((1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces)
