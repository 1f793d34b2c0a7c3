"""An operator's own compose file for an instance, which his update script may change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ComposeFiles:
    """`docker-compose-<name>.yml` in a folder. Raises OSError."""

    folder: Path

    def find(self, name: str) -> str | None:
        path = self._path(name)
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def find_path(self, name: str) -> Path | None:
        path = self._path(name)
        return path if path.is_file() else None

    def put_back(self, name: str, text: str | None) -> None:
        """As it was when it was found, with its mode if there is one; where there was none, none is made."""
        if text is None or self.find(name) == text:
            return
        path = self._path(name)
        temporary = path.with_name(f".{path.name}.part")
        with temporary.open("w", encoding="utf-8") as file:
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def put_away(self, name: str) -> None:
        """Keep it under another name, under which it is no server's any more."""
        path = self._path(name)
        if path.is_file():
            path.replace(path.with_name(f"{path.name}.deleted"))

    def _path(self, name: str) -> Path:
        return self.folder / f"docker-compose-{name}.yml"
