"""A game that saves while it is backed up: what is called consistent is of one save, every time."""

from __future__ import annotations

import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.savefile import SaveFileError, read_save_file
from palserver.background import Background
from palserver.clients.engine import Engine
from palserver.scripts.archive import write_archive
from palserver.scripts.source import Copy, Source, copy_world
from palserver.scripts.stillness import Patience, World, find_world_guid, is_whole
from palserver.scripts.verify import check_archive
from palserver.services.backups.reasons import MOVED, NEVER_STILL, STARTED
from tests.game import SAVED_PATH, Game
from tests.restored import SPAN
from tests.waiting import wait_until

MakeGame = Callable[..., Game]
# All in the same proportion as what is shipped, so that much can be tried in little time.
QUICK = Patience(still_seconds=0.5, doubt_seconds=2.5, limit_seconds=4.0, look_seconds=0.05)


@pytest.fixture
def client() -> Iterator[Engine]:
    client = Engine(os.environ)
    yield client
    client.close()


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.stop()


def make_busy_game(make_game: MakeGame, span_seconds: int, slow_seconds: float, size_bytes: int) -> Game:
    """One that saves all the time, with somebody on it."""
    environment = {"AUTO_SAVE_SPAN": f"{span_seconds}", "DEMO_WORLD_BYTES": f"{size_bytes}"}
    game = make_game(environment=environment).start()
    game.join("Anna")
    game.join("Bert")
    game.set_faults(slow_save_seconds=slow_seconds)
    return game


def make_source(client: Engine, game: Game, patience: Patience = QUICK) -> Source:
    def find_guid() -> str | None:
        return find_world_guid(client, game.name, SAVED_PATH)

    guid = wait_until(find_guid, "the world has a name")
    source = Source(client, game.name, SAVED_PATH, guid, patience)
    wait_until(lambda: count_players(source.world), "both players are saved")
    return source


def count_players(world: World | None) -> bool:
    stamps = world.look() if world else None
    return stamps is not None and len([name for name in stamps if name.startswith("Players/")]) == 2


def read_save_numbers(archive_path: Path, folder: Path) -> set[Any]:
    """The saves that the files in the archive are of; every file is read to its end."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive_path) as archive:
        archive.extractall(folder, filter="data")
    saves = [path for path in folder.rglob("*.sav") if "backup" not in path.parts]
    assert len(saves) == 4
    return {read_save_file(path)["save_number"] for path in saves}


def back_up(source: Source, path: Path) -> Copy:
    with path.open("w+b") as file:
        copy = copy_world(source, file)
        file.flush()
        file.seek(0)
        found = check_archive(file, copy.written.sha256, copy.written.files)
    assert (found.damages, found.faults) == ([], [])
    return copy


@pytest.mark.parametrize(
    ("span_seconds", "slow_seconds", "size_bytes"),
    [(1, 0.0, 20_000_000), (2, 1.0, 4096), (4, 1.0, 60_000_000), (3, 1.5, 1_000_000)],
)
def test_what_is_called_consistent_is_of_one_save(
    make_game, client, tmp_path, span_seconds, slow_seconds, size_bytes
):
    """However the saves fall, and where they pause between the world and its players."""
    game = make_busy_game(make_game, span_seconds, slow_seconds, size_bytes)
    source = make_source(client, game)
    copies: list[str | None] = []
    deadline = time.monotonic() + 180
    # One of those that pause does get to be of one moment, however slow the machine is.
    while len(copies) < 6 or (slow_seconds and None not in copies and time.monotonic() < deadline):
        copy = back_up(source, tmp_path / "x.tar.gz")
        copies.append(copy.reason)
        if copy.reason is None:
            assert len(read_save_numbers(tmp_path / "x.tar.gz", tmp_path / "out")) == 1
    assert set(copies) <= {None, MOVED, NEVER_STILL}
    if slow_seconds:
        assert None in copies


def test_a_backup_that_looks_away_is_mixed(make_game, client, tmp_path, background):
    """The tests above would pass for nothing if it were not so."""
    game = make_busy_game(make_game, 1, 2.0, 4096)
    source = make_source(client, game)

    def is_mixed() -> bool:
        with (tmp_path / "x.tar.gz").open("wb") as file:
            write_archive(source.read(), file)
        try:
            return len(read_save_numbers(tmp_path / "x.tar.gz", tmp_path / "out")) > 1
        except SaveFileError:
            return True

    wait_until(is_mixed, "an archive is mixed")


def test_a_world_that_is_never_still(make_game, client, tmp_path):
    """It is read once, and marked."""
    game = make_busy_game(make_game, 1, 0.0, 4096)
    source = make_source(client, game, Patience(4.0, 4.0, 6.0, 0.1))
    assert back_up(source, tmp_path / "x.tar.gz").reason == NEVER_STILL


def test_a_world_that_changes_whenever_it_is_read(make_game, client, tmp_path):
    """It is read three times, and marked."""
    game = make_game(environment=SPAN).start()
    game.join("Anna")

    class Nosy(Source):
        """Has the game save each time that it is read."""

        reads = 0

        def read(self) -> Iterator[bytes]:
            Nosy.reads += 1
            yield from super().read()
            touch = f"touch {SAVED_PATH}/SaveGames/0/{self.world_guid}/LevelMeta.sav"
            assert game.container.exec_run(["sh", "-c", touch]).exit_code == 0

    guid = find_world_guid(client, game.name, SAVED_PATH)
    source = Nosy(client, game.name, SAVED_PATH, guid, QUICK)
    assert back_up(source, tmp_path / "x.tar.gz").reason == MOVED
    assert Nosy.reads == 3


def test_a_server_that_is_started_while_it_is_read(make_game, client, tmp_path):
    """A stopped one is taken as it is, but only if it stays stopped."""
    game = make_game(environment=SPAN).start()
    game.container.stop()

    class Nosy(Source):
        """Has the container started or stopped each time that it is read."""

        def read(self) -> Iterator[bytes]:
            yield from super().read()
            game.container.reload()
            game.container.kill() if game.container.status == "running" else game.container.start()

    source = Nosy(client, game.name, SAVED_PATH, find_world_guid(client, game.name, SAVED_PATH), QUICK)
    assert back_up(source, tmp_path / "x.tar.gz").reason == STARTED


@pytest.mark.parametrize(
    ("level", "players", "expected"),
    [
        ("2026-01-01T00:00:10.900000001Z", [], True),
        ("2026-01-01T00:00:10.900000001Z", [1767225610], True),
        ("2026-01-01T00:00:10.900000001Z", [1767225600, 1767225611.0], True),
        ("2026-01-01T00:00:10.900000001Z", [1767225600, 1767225609.9], False),
    ],
)
def test_players_older_than_their_world(level, players, expected):
    """A save of which only half is there yet looks like that; so does one of an empty server."""
    stamps = {"Level.sav": (1, level)} | {f"Players/{mtime}.sav": (1, f"{mtime}") for mtime in players}
    assert is_whole(stamps) is expected
