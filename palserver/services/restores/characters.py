"""Whose characters a restore would bring back, change or take away. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Change = Literal["added", "changed", "removed"]
CHANGES: tuple[Change, ...] = ("added", "changed", "removed")

# Beside the character's own file there may be one of what is stored for it.
FILE = re.compile(r"Saved/SaveGames/[^/]+/[^/]+/Players/([0-9A-Fa-f]{32})(_dps)?\.sav")


class PreviewPlayer(msgspec.Struct, frozen=True):
    """Somebody whose files a restore would touch: `Players/<player_uid>.sav` and what belongs to it.

    `name` is how the game called this player when the panel last asked, null where it never told. Who is
    `removed` has no character in the backup, who is `added` has one only there.
    """

    player_uid: str
    name: str | None
    change: Change


def list_players(told: Mapping[str, Iterable[str]], names: Mapping[str, str]) -> list[PreviewPlayer]:
    """`told` are paths by their change, `names` those known by their uids. Who has none comes last."""
    found: dict[str, set[Change]] = {}
    for change in CHANGES:
        for match in filter(None, map(FILE.fullmatch, told[change])):
            of_one = found.setdefault(match[1].upper(), set())
            if match[2] is None:
                of_one.add(change)
    players = [PreviewPlayer(uid, names.get(uid), _sum_up(of_one)) for uid, of_one in found.items()]
    return sorted(players, key=lambda player: (player.name is None, player.name or "", player.player_uid))


def _sum_up(changes: set[Change]) -> Change:
    """Neither what is stored for a character nor a move to a world of another name makes or ends one."""
    return next(iter(changes)) if len(changes) == 1 else "changed"
