"""Who plays, and who came and went, told from one answer of a game to the next. Nothing here asks anybody."""

from __future__ import annotations

from typing import Literal, NamedTuple

from palserver.clients.palworld import Player

# One answer may leave somebody out, while the world is saved for instance.
MISSES_IN_A_ROW = 2


Move = Literal["joined", "left"]


class PlayerEvent(NamedTuple):
    """`event` is `joined` or `left`; `player` is as last seen."""

    instance: str
    event: Move
    player: Player


class Roster:
    """The players of one run of a game, by their user ids.

    The first answer tells who is there and announces nobody: they may have been there for hours. Whoever is
    still loading has not come yet, and whoever has no user id cannot be told from others.
    """

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._present: dict[str, Player] | None = None
        self._misses: dict[str, int] = {}

    def update(self, players: list[Player]) -> list[PlayerEvent]:
        """Take one answer; an answer that did not come must not be given, for nothing follows from it."""
        listed = {player.user_id: player for player in players if player.user_id is not None}
        playing = {user_id: player for user_id, player in listed.items() if not player.loading}
        if self._present is None:
            self._present = playing
            return []
        joined = [player for user_id, player in playing.items() if user_id not in self._present]
        gone = self._count_misses(self._present.keys() - listed.keys())
        left = [self._present.pop(user_id) for user_id in gone]
        self._present |= playing
        return [
            *(PlayerEvent(self._instance, "left", player) for player in left),
            *(PlayerEvent(self._instance, "joined", player) for player in joined),
        ]

    def _count_misses(self, missed: set[str]) -> list[str]:
        """Those who were left out often enough to be gone; one appearance and the count begins anew."""
        self._misses = {user_id: self._misses.get(user_id, 0) + 1 for user_id in missed}
        return sorted(user_id for user_id, misses in self._misses.items() if misses >= MISSES_IN_A_ROW)
