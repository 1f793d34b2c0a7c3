"""The lives of the players: they come, load, wander, talk, learn and go."""

from __future__ import annotations

import random
import time
from contextlib import suppress

from demo.cast import CAST, CHATTER, LINES
from demo.effort import Effort
from demo.game import Game, TurnedAwayError
from demo.players import Player

_TICK_SECONDS = 1.0
_TICKS_PER_DAY = 600
_MOST_PLAYERS = 7
_START_LOCATION = (-349_821.5, 268_990.12)


class Life:
    """Everything that happens by itself, thrown with one set of dice so that a seed repeats it."""

    def __init__(self, game: Game, dice: random.Random) -> None:
        self._game = game
        self._dice = dice
        self._effort = Effort()
        self._wanted_players = 3
        self._ticks = 0

    def run_forever(self) -> None:
        """Live, one second after the other."""
        while True:
            time.sleep(_TICK_SECONDS)
            self.tick()
            self._sweat()

    def tick(self) -> None:
        """One second of everybody's life."""
        self._ticks += 1
        if self._ticks % _TICKS_PER_DAY == 0:
            self._game.world.days += 1
        self._come_and_go()
        for player in self._game.roster.list_players():
            if player.is_loading:
                self._load(player)
            else:
                self._play(player)
        if self._chance(300):
            for line in CHATTER:
                self._game.console.say(line)
        self._game.pace.wander(self._dice, len(self._game.roster))

    def _chance(self, seconds: float) -> bool:
        """True about once in so many seconds."""
        return self._dice.random() < _TICK_SECONDS / seconds

    def _come_and_go(self) -> None:
        if self._chance(60):
            self._wanted_players = self._dice.randint(1, _MOST_PLAYERS)
        present = {player.character.user_id for player in self._game.roster.list_players()}
        if len(present) < self._wanted_players and self._chance(4):
            away = [newcomer for newcomer in CAST if newcomer.user_id not in present]
            # Somebody who is turned away, banned or for want of room, tries again some other time.
            with suppress(TurnedAwayError):
                self._game.connect(self._dice.choice(away))
        elif len(present) > self._wanted_players and self._chance(8):
            self._game.leave(self._dice.choice(sorted(present)))

    def _load(self, player: Player) -> None:
        if self._chance(6):
            character = player.character
            if character.level == 1:
                character.location_x, character.location_y = _START_LOCATION
                character.level = self._dice.randint(2, 45)
                character.building_count = self._dice.choice((None, 0, 12, 214))
            self._game.enter(player)

    def _play(self, player: Player) -> None:
        character = player.character
        character.location_x = round(character.location_x + self._dice.gauss(0, 900), 2)
        character.location_y = round(character.location_y + self._dice.gauss(0, 900), 2)
        player.ping = round(max(4.0, player.ping + self._dice.gauss(0, 3)), 1)
        if self._chance(90):
            character.level += 1
        if character.building_count is not None and self._chance(30):
            character.building_count += 1
        if self._chance(45):
            self._game.console.chat(character.name, self._dice.choice(LINES))
        if self._chance(400):
            self._blurt(character.name)

    def _blurt(self, name: str) -> None:
        """Somebody becomes admin, and the log tells everybody how: the real one does, to the letter."""
        password = self._game.settings.text("AdminPassword")
        if password:
            self._game.console.log(f"{name} executed the command. adminpassword {password}")

    def _sweat(self) -> None:
        player_count = len(self._game.roster)
        self._effort.hold(12 + 4 * player_count)
        self._effort.burn(0.008 * player_count + 0.3 / self._game.pace.fps)
