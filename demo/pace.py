"""How fast the game runs: the figures that GET /metrics shows."""

from __future__ import annotations

import random
from dataclasses import dataclass

_FULL_FPS = 60.0


@dataclass(slots=True)
class Pace:
    """Frames a second, now and on average; steady until somebody lets it wander."""

    fps: float = _FULL_FPS
    fps_average: float = _FULL_FPS

    @property
    def frame_milliseconds(self) -> float:
        """How long a frame takes."""
        return round(1_000 / self.fps, 4)

    def wander(self, dice: random.Random, player_count: int) -> None:
        """Take one step towards what so many players cost, with now and then a hitch."""
        target = _FULL_FPS - 1.5 * player_count + dice.gauss(0, 2)
        if dice.random() < 0.02:
            target -= 25
        self.fps = max(5.0, self.fps + 0.3 * (target - self.fps))
        self.fps_average = round(self.fps_average + 0.05 * (self.fps - self.fps_average), 7)
