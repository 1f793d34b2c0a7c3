"""What the archive of a backup is packed with, beside what it could be packed with: size, time, memory."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import zstandard

from bench.lab import Lab
from bench.table import Row
from palserver.scripts.packing import QUICK, STORED, Packer

SAVE_BYTES = 256 * 1024 * 1024
TEXT_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 256 * 1024
MIB = 1024 * 1024


def measure(lab: Lab) -> Iterator[Row]:
    """A save, which the game has compressed already, and settings, which are text."""
    with tempfile.TemporaryDirectory() as folder:
        save, text = Path(folder, "Level.sav"), Path(folder, "PalWorldSettings.ini")
        save.write_bytes(_make_save())
        text.write_bytes(b"ExpRate=1.000000,PalCaptureRate=1.000000," * (TEXT_BYTES // 41))
        for name in WAYS:
            words = [sys.executable, "-m", "bench.packing", name, str(save), str(text)]
            yield Row(
                f"{SAVE_BYTES // MIB} MiB of saves, {TEXT_BYTES // MIB} MiB of text: {name}", _run(words)
            )


def _make_save() -> bytes:
    """As dense as a save, over and over again, but farther apart than any of these packers looks back."""
    block = zlib.compress(os.urandom(8 * MIB), QUICK)
    return (block * (SAVE_BYTES // len(block) + 1))[:SAVE_BYTES]


def _run(words: list[str]) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _pack_ours(save: Path, text: Path, file: IO[bytes]) -> None:
    packer = Packer(file)
    for path, level in ((text, QUICK), (save, STORED)):
        packer.set_level(level)
        for piece in _read(path):
            packer.write(piece)
    packer.finish()


def _pack_gzip(level: int) -> Callable[[Path, Path, IO[bytes]], None]:
    def pack(save: Path, text: Path, file: IO[bytes]) -> None:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=level) as packer:
            for path in (text, save):
                for piece in _read(path):
                    packer.write(piece)

    return pack


def _pack_zstandard(level: int) -> Callable[[Path, Path, IO[bytes]], None]:
    def pack(save: Path, text: Path, file: IO[bytes]) -> None:
        with zstandard.ZstdCompressor(level=level).stream_writer(file, closefd=False) as packer:
            for path in (text, save):
                for piece in _read(path):
                    packer.write(piece)

    return pack


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


WAYS = {
    "as backups are": _pack_ours,
    "gzip -1": _pack_gzip(1),
    "gzip -6": _pack_gzip(6),
    "zstd -1": _pack_zstandard(1),
    "zstd -3": _pack_zstandard(3),
}


def _pack_once(name: str, save: Path, text: Path) -> str:
    """In a process of its own, so that its memory is its own, too."""
    begin_seconds = time.process_time()
    with tempfile.TemporaryFile(dir=save.parent) as file:
        WAYS[name](save, text, file)
        seconds = time.process_time() - begin_seconds  # of a core
        share = file.seek(0, os.SEEK_END) / (save.stat().st_size + text.stat().st_size)
    return f"{share:.1%}, {seconds:.2f} s, {_read_peak_mib():.0f} MiB"


def _read_peak_mib() -> float:
    """Resident memory at its highest; what `getrusage` gives is the parent's, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    print(_pack_once(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
