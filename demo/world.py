"""One world: what it remembers, and its files.

Every file of one save carries the same `save_number`; a copy that mixes numbers was taken in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from demo.players import Character, Newcomer, new_character, read_character
from demo.savefile import ONCE, TWICE, read_save_file, write_save_file

_META_BYTES = 1_200
_PLAYER_BYTES = 4_000


@dataclass(slots=True)
class World:
    """The running world; `folder` bears its guid as its name."""

    folder: Path
    days: int = 1
    save_number: int = 0
    characters: dict[str, Character] = field(default_factory=dict)

    @property
    def guid(self) -> str:
        """The folder's name, which is the world's identity."""
        return self.folder.name

    @property
    def option_path(self) -> Path:
        """Where a WorldOption.sav lies, if it does, as after the import of a co-op world."""
        return self.folder / "WorldOption.sav"

    def get_or_add_character(self, newcomer: Newcomer) -> Character:
        """The character this player has here, a new one on the first visit."""
        fresh = new_character(newcomer)
        return self.characters.setdefault(fresh.player_id, fresh)

    def save(self, level_bytes: int, between: Callable[[], None]) -> None:
        """Rewrite all files, the level first; `between` runs before the players' files follow.

        Raises OSError; files written so far stay.
        """
        self.save_number += 1
        characters = list(self.characters.values())
        moment: dict[str, object] = {"guid": self.guid, "days": self.days, "save_number": self.save_number}
        level = {**moment, "characters": [character.as_head() for character in characters]}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_save_file(self.folder / "Level.sav", level, level_bytes, TWICE)
        write_save_file(self.folder / "LevelMeta.sav", moment, _META_BYTES, ONCE)
        between()
        for character in characters:
            self._save_character(character)

    def _save_character(self, character: Character) -> None:
        path = self.folder / "Players" / f"{character.player_id}.sav"
        # The folder is not there before the first player, in the real server too.
        path.parent.mkdir(exist_ok=True)
        head = {"save_number": self.save_number, **character.as_head()}
        write_save_file(path, head, _PLAYER_BYTES, ONCE)


def load_world(folder: Path) -> World:
    """Read a world from its folder, a new one when there is none; raises SaveFileError when it is broken."""
    level = folder / "Level.sav"
    if not level.exists():
        return World(folder)
    head = cast(dict[str, Any], read_save_file(level))
    characters = [read_character(each) for each in head["characters"]]
    return World(
        folder,
        days=head["days"],
        save_number=head["save_number"],
        characters={character.player_id: character for character in characters},
    )
