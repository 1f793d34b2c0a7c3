"""SaveGames/banlist.txt: the bans, one line each; the file is all there is."""

from __future__ import annotations

from pathlib import Path
from threading import Lock


class BanList:
    """The file and what may be done to it; somebody may edit it by hand while the server runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def add(self, user_id: str, player_id: str) -> None:
        """Ban somebody, known or never seen; twice is once."""
        with self._lock:
            lines = self._read()
            if not any(_is_of(line, user_id) for line in lines):
                self._write([*lines, f"{user_id},{player_id}"])

    def remove(self, user_id: str) -> None:
        """Lift a ban: the line stays and is left blank, which is how the game does it."""
        with self._lock:
            self._write(["" if _is_of(line, user_id) else line for line in self._read()])

    def is_banned(self, user_id: str) -> bool:
        """Whether the list has this user id."""
        return any(_is_of(line, user_id) for line in self._read())

    def _read(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []

    def _write(self, lines: list[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _is_of(line: str, user_id: str) -> bool:
    return line.partition(",")[0] == user_id
