"""Tells the lines that the panel itself causes by asking the game, each followed by an empty one."""

from __future__ import annotations

from collections.abc import Sequence

from palserver.services.logs.messages import LogLine

# Whoever else asks for these is told apart by nothing; what only people order (save, announce) is not here.
ENDPOINTS = ("info", "metrics", "players", "settings")
MARK = "[LOG] REST accessed endpoint /v1/api/"
MARKS = tuple(MARK + endpoint for endpoint in ENDPOINTS)


class PollingLines:
    """Fed with every line, in order: an empty line belongs to the one before it on its stream."""

    def __init__(self) -> None:
        self._polled: set[str] = set()

    def mark(self, lines: Sequence[LogLine]) -> list[LogLine]:
        """The same lines, with `true` behind those that polling has caused."""
        if not self._polled and not any(MARK in line[3] for line in lines):
            return list(lines)  # as nearly always in a flood, which has no time for more
        return [(*line, True) if self._is_own(line[2], line[3]) else line for line in lines]

    def _is_own(self, stream: str, text: str) -> bool:
        if text == "":
            is_own = stream in self._polled
            self._polled.discard(stream)
            return is_own
        if MARK in text and any(mark in text for mark in MARKS):
            self._polled.add(stream)
            return True
        self._polled.discard(stream)
        return False
