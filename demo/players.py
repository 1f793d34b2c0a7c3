"""The people: what the world remembers of each, and who is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody at the door: what the platform knows of a player."""

    name: str
    account_name: str
    user_id: str
    ip: str


@dataclass(slots=True)
class Character:
    """What the world remembers of a player between two visits."""

    player_id: str
    user_id: str
    name: str
    account_name: str
    level: int = 1
    location_x: float = 0.0
    location_y: float = 0.0
    building_count: int | None = None

    def as_head(self) -> dict[str, object]:
        """What is written into the save files."""
        return asdict(self)


@dataclass(slots=True)
class Player:
    """A connected player; while loading, only the platform's name is known to others."""

    character: Character
    ip: str
    ping: float = 31.4
    is_loading: bool = True

    @property
    def shown_name(self) -> str:
        """The name in lists and in the log."""
        return self.character.account_name if self.is_loading else self.character.name

    def for_rest(self) -> dict[str, object]:
        """The record in GET /players; the key is `iP`, and `building_count` is missing for some."""
        known = Character("None", "", "", "", level=0) if self.is_loading else self.character
        record = {
            "name": self.shown_name,
            "accountName": self.character.account_name,
            "playerId": known.player_id,
            "userId": self.character.user_id,
            "iP": self.ip,
            "ping": self.ping,
            "location_x": known.location_x,
            "location_y": known.location_y,
            "level": known.level,
        }
        if known.building_count is not None:
            record["building_count"] = known.building_count
        return record


class Roster:
    """Who is connected, by user id."""

    def __init__(self) -> None:
        self._players: dict[str, Player] = {}
        self._lock = Lock()

    def add(self, player: Player) -> None:
        """Let somebody in."""
        with self._lock:
            self._players[player.character.user_id] = player

    def find(self, user_id: str) -> Player | None:
        """The connected player with this user id, or None."""
        return self._players.get(user_id)

    def remove(self, user_id: str) -> Player | None:
        """Take somebody out and return them; None when they are not connected."""
        with self._lock:
            return self._players.pop(user_id, None)

    def list_players(self) -> list[Player]:
        """Everybody, in the order they came."""
        with self._lock:
            return list(self._players.values())

    def __len__(self) -> int:
        return len(self._players)


def make_user_id(name: str) -> str:
    """A Steam user id that is always the same for the same name."""
    return f"steam_7656119{crc32(name.encode()):010d}"


def new_character(newcomer: Newcomer) -> Character:
    """A character on its first day; of the 32 digits of its id only the first eight count, as usual."""
    return Character(
        player_id=f"{crc32(newcomer.user_id.encode()):08X}{'0' * 24}",
        user_id=newcomer.user_id,
        name=newcomer.name,
        account_name=newcomer.account_name,
    )


def read_character(head: Mapping[str, Any]) -> Character:
    """The opposite of Character.as_head."""
    return replace(Character("", "", "", ""), **head)
