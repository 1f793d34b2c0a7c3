"""Who is banned from a server: the game's own list, and what is known of the bans that were ordered here."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from palserver import errors, names
from palserver.clients.engine import MAX_FILE_BYTES, Engine
from palserver.clients.palworld import Player
from palserver.clock import utc_now
from palserver.fanout import Topic
from palserver.services.backups.worlds import BANS
from palserver.services.games.games import Games
from palserver.services.news import Hint
from palserver.store import bans as store
from palserver.store import instances
from palserver.store.database import Database

LINE = re.compile(rf"({names.USER_ID}),([0-9A-Fa-f]{{32}})")
MAX_LINE_CHARACTERS = 200


class BanView(msgspec.Struct, frozen=True):
    """One line of the game's list. `line` is the line itself where it has not the game's own form, else null.

    The name, the reason, who banned and when are known only of a ban that was ordered here.
    """

    user_id: str | None
    player_id: str | None
    line: str | None
    player_name: str | None = None
    reason: str | None = None
    banned_by: str | None = None
    banned_at: str | None = None


class Bans(msgspec.Struct, frozen=True):
    """The last line of the game's list first. `is_cut` says that there are more than could be read."""

    bans: list[BanView]
    is_cut: bool


class BanLists:
    """Calls take an instance's name. Orders raise what those of `Games` raise, and need a running game."""

    def __init__(self, database: Database, engine: Engine, games: Games, news: Topic[Hint]) -> None:
        self._database = database
        self._engine = engine
        self._games = games
        self._news = news

    def view(self, name: str) -> Bans:
        """Read from the save folder, whether the server runs or not; no list is a list of nobody.

        Raises InstanceNotFound, BansUnreadable, ContainerMissing, EngineUnreachable, EngineRefused.
        """
        instance = instances.find_instance(self._database.reader, name)
        if instance is None:
            raise errors.InstanceNotFound()
        path = f"{instance.saved_path}/{BANS}"
        stamp = self._engine.find_stamp(instance.container, path)
        if stamp is None:
            self._engine.inspect(instance.container)
            return Bans([], is_cut=False)
        content = self._engine.read_file(instance.container, path)
        if content is None:
            raise errors.BansUnreadable()
        is_cut = stamp.size > MAX_FILE_BYTES
        if is_cut:
            content = content.rpartition(b"\n")[0]
        known = {ban.user_id: ban for ban in store.list_bans(self._database.reader, name)}
        return Bans(read_bans(content, known), is_cut)

    def ban(self, name: str, user_id: str, reason: str | None, actor: str) -> None:
        player = self._find_player(name, user_id)
        self._games.ban(name, user_id, reason)
        shown = (player.name or player.account_name) if player else None
        self._database.write(store.set_ban, store.Ban(name, user_id, shown, reason, actor, utc_now()))
        self._news.publish(Hint("bans", instance=name))

    def unban(self, name: str, user_id: str) -> None:
        self._games.unban(name, user_id)
        self._database.write(store.remove_ban, name, user_id)
        self._news.publish(Hint("bans", instance=name))

    def _find_player(self, name: str, user_id: str) -> Player | None:
        """While it is still on: who is banned is gone afterwards. A game that hangs is not asked again."""
        found = _find(self._games.find_players(name) or [], user_id)
        instance = instances.find_instance(self._database.reader, name)
        if found or instance is None or self._games.view(instance).status == "unresponsive":
            return found
        try:
            return _find(self._games.players(name), user_id)  # it may have come since the last poll
        except errors.PalError:
            return None  # the ban itself will say what is wrong


def _find(players: list[Player], user_id: str) -> Player | None:
    return next((player for player in players if player.user_id == user_id), None)


def read_bans(content: bytes, known: Mapping[str, store.Ban]) -> list[BanView]:
    """One for each line that is not blank, the last first; who is in it twice is told once.

    An unban leaves its line blank. What is broken is neither mended nor left out.
    """
    lines = (line.strip() for line in content.decode("utf-8-sig", "replace").split("\n"))
    views = [_read_line(line, known) for line in lines if line]
    return list({view.user_id or view.line: view for view in reversed(views)}.values())


def _read_line(line: str, known: Mapping[str, store.Ban]) -> BanView:
    match = LINE.fullmatch(line)
    if match is None:
        return BanView(None, None, line[:MAX_LINE_CHARACTERS])
    user_id, player_id = match.groups()
    ban = known.get(user_id)
    if ban is None:
        return BanView(user_id, player_id, None)
    return BanView(user_id, player_id, None, ban.player_name, ban.reason, ban.actor, ban.banned_at)
