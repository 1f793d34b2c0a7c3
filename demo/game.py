"""The running game: everything the REST port, the control port and the players' lives act upon."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from demo.banlist import BanList
from demo.console import Console
from demo.ending import end_process
from demo.faults import Faults
from demo.pace import Pace
from demo.players import Newcomer, Player, Roster
from demo.saving import Saver
from demo.settings import Settings
from demo.world import World

VERSION = "v1.0.3.101283"


class TurnedAwayError(Exception):
    """A player cannot come in: banned, or the server is full."""


@dataclass(slots=True)
class Game:
    """The parts of the game, and the few things that happen to several of them at once."""

    settings: Settings
    world: World
    saver: Saver
    bans: BanList
    faults: Faults
    console: Console
    roster: Roster = field(default_factory=Roster)
    pace: Pace = field(default_factory=Pace)
    started_at: float = field(default_factory=time.monotonic)

    def connect(self, newcomer: Newcomer) -> Player:
        """Let somebody begin to load; a second time changes nothing. Raises TurnedAwayError."""
        present = self.roster.find(newcomer.user_id)
        if present:
            return present
        if self.bans.is_banned(newcomer.user_id):
            raise TurnedAwayError("banned")
        if len(self.roster) >= self.settings.player_limit:
            raise TurnedAwayError("the server is full")
        player = Player(self.world.get_or_add_character(newcomer), newcomer.ip)
        self.roster.add(player)
        who = f"{player.shown_name} {newcomer.ip}".strip()
        self.console.log(f"{who} connected the server. (User id: {newcomer.user_id})")
        return player

    def enter(self, player: Player) -> None:
        """Loading is over: the player stands in the world."""
        if player.is_loading:
            player.is_loading = False
            ids = f"User id: {player.character.user_id}, Player id: {player.character.player_id}"
            self.console.log(f"{player.character.name} joined the server. ({ids})")

    def leave(self, user_id: str) -> bool:
        """Somebody goes, or is made to; False when they were not here."""
        player = self.roster.remove(user_id)
        if player:
            self.console.log(f"{player.shown_name} left the server. (User id: {user_id})")
        return player is not None

    def save(self) -> bool:
        """Rewrite the world's files; False when that failed."""
        return self.saver.save(self.settings.is_on("bIsUseBackupSaveData"))

    def start_shutdown(self, wait_seconds: float) -> None:
        """Tell the players, and later save and end."""
        self.console.log(f"The server will shut down in {wait_seconds:g} seconds.")
        timer = threading.Timer(wait_seconds, self._shut_down)
        timer.daemon = True
        timer.start()

    def _shut_down(self) -> None:
        self.save()
        if not self.faults.current.never_exit:
            end_process(0)
