"""`image-load.sh VERSION INSTANCE REPOSITORY`: an image in `server/repo`, loaded into the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from palserver import names
from palserver.clients.engine import Engine
from palserver.errors import ImageArchiveDiffers, ImageMissing
from palserver.scripts import read_variable, read_words, say, step_back
from palserver.scripts.restoring import run_telling, tell
from palserver.services.images.archives import check_archive, find_archive

PATTERNS = (names.VERSION, names.INSTANCE, names.REPOSITORY)
# An image has gigabytes, and the engine is silent while it writes them.
LOAD_SECONDS = 1800
PIECE_BYTES = 1024 * 1024


def main(words: Sequence[str]) -> None:
    version, _, repository = read_words(words, "image-load.sh VERSION INSTANCE REPOSITORY", *PATTERNS)
    image = f"{repository}:{version}"
    path = find_archive(Path(read_variable("PALSERVER_BASE_DIR"), "server", "repo"), repository, version)
    if path is None:
        raise ImageMissing()
    step_back()
    say(f"Loading {image} from {path.name}.")
    check_archive(path, image)
    engine = Engine(os.environ, LOAD_SECONDS)
    with path.open("rb") as file:
        progress = Progress(os.fstat(file.fileno()).st_size)
        for layer, loaded_bytes in engine.load(read_pieces(file, progress)):
            progress.take_loaded(layer, loaded_bytes)
    try:
        engine.inspect_image(image)
    except ImageMissing as error:
        raise ImageArchiveDiffers() from error
    say(f"{image} is there.")


class Progress:
    """Half of the way is to send it, half to unpack it; told for each percent."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = max(1, size_bytes)
        self._sent_bytes = 0
        self._loaded: dict[str, int] = {}
        self._told = -1

    def take_sent(self, size_bytes: int) -> None:
        self._sent_bytes += size_bytes
        self._tell()

    def take_loaded(self, layer: str, size_bytes: int) -> None:
        self._loaded[layer] = size_bytes
        self._tell()

    def _tell(self) -> None:
        done_bytes = self._sent_bytes + sum(self._loaded.values())
        percent = min(99, 100 * done_bytes // (2 * self._size_bytes))
        if percent > self._told:
            self._told = percent
            tell("percent", percent)


def read_pieces(file: IO[bytes], progress: Progress) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
        progress.take_sent(len(piece))


if __name__ == "__main__":
    run_telling(main)
