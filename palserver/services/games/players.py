"""By which names a game has told of its players: kept for when only their files are there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from palserver.clients.palworld import Player
from palserver.clock import utc_now
from palserver.store import players as store
from palserver.store.database import Database
from palserver.store.players import KEPT_PLAYERS, KnownPlayer

UID = re.compile(r"[0-9A-F]{32}")
MAX_NAME_CHARACTERS = 200
DAY = len("2026-01-01")


def keep_players(database: Database, instance: str, players: Iterable[Player]) -> None:
    """Written only where somebody is new, is called otherwise, or is seen for the first time in a day.

    Who is still joining has no id yet, and who has no name leaves the one that was told before.
    """
    now = utc_now()
    told: dict[str, KnownPlayer] = {}
    for player in players:
        uid = (player.player_id or "").replace("-", "").upper()
        if player.name and UID.fullmatch(uid):
            told[uid] = KnownPlayer(instance, uid, player.name[:MAX_NAME_CHARACTERS], now)
    news = [player for player in list(told.values())[:KEPT_PLAYERS] if _is_news(database, player)]
    if news:
        with suppress(sqlite3.Error):  # tried again with the next answer
            database.write(store.set_players, instance, news)


def _is_news(database: Database, player: KnownPlayer) -> bool:
    kept = store.find_player(database.reader, player.instance, player.player_uid)
    return kept is None or (kept.name, kept.last_seen_at[:DAY]) != (player.name, player.last_seen_at[:DAY])
