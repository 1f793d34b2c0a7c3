"""Whether the game leaves its world alone for a while. It saves when it likes, and locks nothing."""

from __future__ import annotations

import tarfile
import time
from dataclasses import dataclass

from palserver.clients.engine import Engine
from palserver.clock import parse_time
from palserver.errors import ContainerMissing
from palserver.scripts.packing import Pieces
from palserver.services.backups import worlds
from palserver.services.backups.worlds import SETTINGS_FILES

FILES = ("Level.sav", "LevelMeta.sav")

# The size and the time of each file by its name.
Stamps = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Patience:
    """`doubt_seconds` takes the place of `still_seconds` while the players' files are older than the world.

    That is how it looks between the two halves of a save, and also when nobody has played for a while.
    """

    still_seconds: float = 3.0
    doubt_seconds: float = 10.0
    limit_seconds: float = 30.0
    look_seconds: float = 0.5


def find_world_guid(engine: Engine, container: str, saved_path: str) -> str | None:
    """The live world's, as the game's settings name it; None if they do not."""
    for name in SETTINGS_FILES:
        guid = worlds.find_world_guid(engine.read_file(container, f"{saved_path.rstrip('/')}/{name}"))
        if guid is not None:
            return guid
    return None


USUAL = Patience()


@dataclass(frozen=True)
class World:
    """The live world's folder in a container, reached through the engine's archive API."""

    engine: Engine
    container: str
    folder: str
    patience: Patience = USUAL

    def is_there(self) -> bool:
        """Whether there is a world in the folder, under exactly that name."""
        return self.engine.has_path(self.container, f"{self.folder}/Level.sav")

    def wait_until_still(self) -> Stamps | None:
        """What has not moved for long enough; None if there was no such moment in time."""
        deadline = time.monotonic() + self.patience.limit_seconds
        while time.monotonic() < deadline:
            seen = self.look()
            if seen is not None and self._is_still(seen) and self.look() == seen:
                return seen
        return None

    def look(self) -> Stamps | None:
        """Every file that has to be of the same save; None if they moved under our eyes."""
        stamps = self._look_at_level()
        pieces = Pieces(self.engine.read_archive(self.container, f"{self.folder}/Players/"))
        try:
            with tarfile.open(fileobj=pieces, mode="r|") as archive:
                stamps |= {member.name: (member.size, f"{member.mtime}") for member in archive}
                pieces.check_end(archive.offset)
        except ContainerMissing:
            return stamps  # nobody has ever joined
        except tarfile.TarError:
            return None
        return stamps

    def _look_at_level(self) -> Stamps:
        """Costs next to nothing: the players' files are not read, but their folder tells of a new one."""
        stamps = {
            name: self.engine.find_stamp(self.container, f"{self.folder}/{name}")
            for name in (*FILES, "Players")
        }
        return {name: (stamp.size, stamp.mtime) for name, stamp in stamps.items() if stamp is not None}

    def _is_still(self, seen: Stamps) -> bool:
        begun_at = time.monotonic()
        wanted_seconds = self.patience.still_seconds if is_whole(seen) else self.patience.doubt_seconds
        first = self._look_at_level()
        while time.monotonic() < begun_at + wanted_seconds:
            time.sleep(self.patience.look_seconds)
            if self._look_at_level() != first:
                return False
        return True


def is_whole(stamps: Stamps) -> bool:
    """Whether the players' files are as new as the world's, as they are after a save of both."""
    players = [int(float(mtime)) for name, (_, mtime) in stamps.items() if name.startswith("Players/")]
    level = stamps.get("Level.sav")
    if level is None or not players:
        return True
    return max(players) >= int(parse_time(level[1]).timestamp())
