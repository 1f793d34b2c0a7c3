"""The daily copy of the panel's own database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrations import migrate
from palserver.services.backups.snapshots import KEPT, Snapshots
from palserver.store import instances as store
from palserver.store.database import Database
from tests.panel import Panel
from tests.pretend_rows import make_instance
from tests.waiting import wait_until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup" / ".panel"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "paladmin.db", migrate)
    database.write(store.add_instance, make_instance("alpha"))
    yield database
    database.close()


@pytest.fixture
def snapshots(database: Database, folder: Path) -> Iterator[Snapshots]:
    snapshots = Snapshots(database, folder)
    yield snapshots
    snapshots.stop()


def read_names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [instance.name for instance in store.list_instances(conn)]


def test_a_snapshot_is_all_of_the_database(snapshots, folder):
    """For its owner's eyes, whole, and alone in its folder."""
    path = snapshots.make_if_due(NOON)
    assert path == folder / "paladmin-20260101-120000.db"
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert read_names(path) == ["alpha"]
    assert list(folder.iterdir()) == [path]


def test_the_newest_files_age_decides(snapshots, database, folder):
    """Once in a day, however often the panel starts; a file of the future does not hold it up."""
    snapshots.make_if_due(NOON)
    other = Snapshots(database, folder)
    assert other.make_if_due(NOON + 23 * HOUR) is None
    assert other.make_if_due(NOON + 24 * HOUR) is not None
    assert other.make_if_due(NOON - 24 * HOUR) is not None
    other.stop()


def test_a_clock_that_was_wrong(snapshots, folder):
    """One of the future has no other made at each look, and does not push out those of the days before."""
    ahead = snapshots.make_if_due(NOON + 800 * 24 * HOUR)
    made = [snapshots.make_if_due(NOON + day * 24 * HOUR) for day in range(KEPT)]
    assert snapshots.make_if_due(NOON + (KEPT - 1) * 24 * HOUR + HOUR) is None
    assert None not in made
    assert ahead is not None
    assert sorted(folder.iterdir()) == made


def test_the_newest_are_kept(snapshots, folder):
    """So many of them, and what else lies there is left alone."""
    folder.mkdir(parents=True)
    (folder / "notes.txt").touch()
    made = [snapshots.make_if_due(NOON + day * 24 * HOUR) for day in range(KEPT + 3)]
    assert sorted(folder.iterdir()) == [folder / "notes.txt", *made[-KEPT:]]


def test_a_failure_leaves_nothing(snapshots, folder, tmp_path):
    """And the next try, over what a killed one left, succeeds."""
    folder.parent.mkdir()
    folder.touch()
    with pytest.raises(OSError):
        snapshots.make_if_due(NOON)
    folder.unlink()
    folder.mkdir()
    (folder / ".paladmin.db.part").write_bytes(b"half")
    made = snapshots.make_if_due(NOON)
    assert list(folder.iterdir()) == [made]


def test_writing_goes_on_meanwhile(snapshots, database):
    """A copy is of one moment: with every instance there is the one that was added before it."""
    is_done = threading.Event()
    copies: list[list[str]] = []

    def copy() -> None:
        for day in range(5):
            path = snapshots.make_if_due(NOON + day * 24 * HOUR)
            assert path is not None
            copies.append(read_names(path))
        is_done.set()

    thread = threading.Thread(target=copy)
    thread.start()
    number = 0
    while not is_done.is_set():
        database.write(store.add_instance, make_instance(f"beta-{number:06}"))
        number += 1
    thread.join()
    assert [len(names) for names in copies] == sorted(len(names) for names in copies)
    for names in copies:
        assert names == ["alpha", *(f"beta-{each:06}" for each in range(len(names) - 1))]


def test_a_panel_makes_one_at_its_start_and_no_second(make_panel, tmp_path):
    """What a restart finds is young enough."""
    panel: Panel = make_panel()
    folder = tmp_path / "server" / "backup" / ".panel"
    panel.start()
    wait_until(lambda: folder.is_dir() and list(folder.glob("paladmin-*.db")), "there is one")
    panel.stop()
    panel.start()
    panel.stop()
    assert len(list(folder.iterdir())) == 1
