"""The engine's log stream as lines: 8-byte frame headers, split and joined lines, broken UTF-8, terminals."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEADER = struct.Struct(">BxxxI")
MAX_LINE_BYTES = 16 * 1024
STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}
TIME_CHARACTERS = 30  # as in 2026-09-01T20:15:00.123456789Z


class RawLine(NamedTuple):
    """`time` is the engine's own, with nine digits, and sorts as text."""

    time: str
    stream: str
    text: str


Frame = tuple[str, bytes]


def _read_whole(frames: Sequence[Frame]) -> list[RawLine]:
    """Frames of one whole line each, as nearly all are, decoded all at once: a flood has 100,000 a second."""
    whole = b"".join([payload for _, payload in frames]).decode("utf-8", "replace")
    lines = whole.split("\n")[:-1]
    times = [line[:TIME_CHARACTERS] for line in lines]
    texts = [line[TIME_CHARACTERS + 1 :] for line in lines]
    if "\r" in whole:
        texts = [text.rstrip("\r") for text in texts]
    streams = [stream for stream, _ in frames]
    return list(map(RawLine._make, zip(times, streams, texts, strict=False)))


class _Partial:
    """The line of one stream that has no newline yet; the first 16 KiB are kept and the rest is counted."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.cut_bytes = 0

    def add(self, piece: bytes) -> None:
        room = MAX_LINE_BYTES + TIME_CHARACTERS + 1 - len(self.kept)
        self.kept += piece[:room]
        self.cut_bytes += len(piece[room:].rstrip(b"\r\n"))

    def finish(self, stream: str) -> RawLine:
        time, _, text = self.kept.decode("utf-8", "replace").partition(" ")
        text = text.rstrip("\r\n")
        if self.cut_bytes:
            text += f" … (+{self.cut_bytes} bytes)"
        self.kept, self.cut_bytes = bytearray(), 0
        return RawLine(time, stream, text)


class LogReader:
    """Feed it what the stream brings, in pieces of any size; it gives back the lines that are whole.

    The stream was asked for with `timestamps=1`. Format: Engine API, "Attach to a container", stream format.
    """

    def __init__(self, *, is_tty: bool) -> None:
        self._is_tty = is_tty
        self._rest = b""
        self._partials: dict[str, _Partial] = {}

    def feed(self, piece: bytes) -> list[RawLine]:
        if self._is_tty:
            return list(self._split("stdout", piece))
        frames = self._cut_frames(piece)
        if all(payload.endswith(b"\n") for _, payload in frames) and not self._is_within_a_line():
            return _read_whole(frames)
        return [line for stream, payload in frames for line in self._join(stream, payload)]

    def _is_within_a_line(self) -> bool:
        return any(partial.kept for partial in self._partials.values())

    def _cut_frames(self, piece: bytes) -> list[Frame]:
        data, at, frames = self._rest + piece, 0, []
        size = len(data)
        while size - at >= HEADER.size:
            stream, length = HEADER.unpack_from(data, at)
            start, end = at + HEADER.size, at + HEADER.size + length
            if end > size:
                break
            frames.append((STREAMS.get(stream, "stdout"), data[start:end]))
            at = end
        self._rest = data[at:]
        return frames

    def _join(self, stream: str, payload: bytes) -> Iterator[RawLine]:
        """A line longer than 16 KiB comes in several frames, each with a copy of the same time in front."""
        partial = self._partials.setdefault(stream, _Partial())
        if partial.kept:
            payload = payload[TIME_CHARACTERS + 1 :]
        partial.add(payload)
        if payload.endswith(b"\n"):
            yield partial.finish(stream)

    def _split(self, stream: str, piece: bytes) -> Iterator[RawLine]:
        """A terminal's log has no frames: lines end where newlines are."""
        partial = self._partials.setdefault(stream, _Partial())
        *wholes, rest = piece.split(b"\n")
        for whole in wholes:
            partial.add(whole)
            yield partial.finish(stream)
        partial.add(rest)
