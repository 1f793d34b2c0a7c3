"""The SQLite file: migrations, one writer, one panel."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import gevent
import pytest

from migrations import MIGRATIONS, NewerDatabase, get_version, migrate
from palserver.store.database import Database, DatabaseInUse, connect
from palserver.store.metrics import COLUMNS, list_rows


def open_plain(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "panel.db", migrate)
    yield database
    database.close()


def add_row(conn: sqlite3.Connection, action: str) -> None:
    conn.execute("INSERT INTO audit (at, action, outcome) VALUES ('now', ?, 'ok')", (action,))


def list_actions(conn: sqlite3.Connection) -> list[str]:
    return [row[0] for row in conn.execute("SELECT action FROM audit ORDER BY id")]


def test_the_first_start_makes_the_tables(database):
    """A new file gets every migration and is private to its owner."""
    assert get_version(database.reader) == len(MIGRATIONS)
    assert list_actions(database.reader) == []
    file = Path(database.reader.execute("PRAGMA database_list").fetchone()["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_is_in_wal_mode(database):
    """Readers are not held up by the writer."""
    assert database.reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_migrating_again_changes_nothing(tmp_path):
    """A second start finds nothing to do and keeps what is there."""
    conn = connect(tmp_path / "panel.db")
    migrate(conn)
    add_row(conn, "before")
    assert migrate(conn) == len(MIGRATIONS)
    assert list_actions(conn) == ["before"]
    conn.close()


def test_what_was_measured_before_there_was_a_highest_is_kept(tmp_path):
    """The migration that adds it leaves each row as it was; the figure is what is known of its highest."""
    conn = connect(tmp_path / "panel.db")
    migrate(conn, MIGRATIONS[:9])
    conn.execute(
        """
        INSERT INTO instances (name, container, source, saved_path, spec, created_at)
        VALUES ('pal', 'pal', 'adopted', '', '{}', 'now')
        """
    )
    conn.execute(
        """
        INSERT INTO metrics (instance, step_seconds, time, cpu_percent, players)
        VALUES ('pal', 60, 120, 2.5, 3)
        """
    )
    migrate(conn)
    (row,) = list_rows(conn, "pal", 60, 0, 1000)
    known = {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None}
    assert known == {
        "time": 120,
        "cpu_percent": 2.5,
        "highest_cpu_percent": 2.5,
        "lowest_cpu_percent": 2.5,
        "players": 3,
        "highest_players": 3,
        "lowest_players": 3,
    }
    conn.close()


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path):
    """Statement and number go together: half a migration is none."""
    conn = connect(tmp_path / "panel.db")
    broken = (*MIGRATIONS, ("CREATE TABLE half (id INTEGER)", "THIS IS NOT SQL"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(conn, broken)
    assert get_version(conn) == len(MIGRATIONS)
    assert conn.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchone() is None
    mended = (*MIGRATIONS, ("CREATE TABLE half (id INTEGER)",))
    assert migrate(conn, mended) == len(MIGRATIONS) + 1
    conn.close()


def test_a_database_newer_than_the_code_is_refused(tmp_path):
    """Nothing is written to it, and the sentence says what to do."""
    conn = connect(tmp_path / "panel.db")
    conn.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NewerDatabase, match="newer PalServer"):
        migrate(conn)
    assert conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    conn.close()


def test_a_write_that_fails_is_undone_whole(database):
    """What was written before the error in the same call is not there afterwards."""

    def write(conn: sqlite3.Connection) -> None:
        add_row(conn, "half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        database.write(write)
    assert list_actions(database.reader) == []


def test_what_sqlite_undid_itself_is_told_as_it_was(database):
    """As on a full disk: the error is the one that it had, and the next write works."""

    def write(conn: sqlite3.Connection) -> None:
        add_row(conn, "half")
        conn.execute("CREATE TABLE single (id INTEGER PRIMARY KEY)")
        for _ in range(2):
            conn.execute("INSERT OR ROLLBACK INTO single VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.write(write)
    database.write(add_row, "whole")
    assert list_actions(database.reader) == ["whole"]


def test_writers_take_turns(database):
    """Fifty greenlets that read and write in one transaction lose no update."""

    def append(conn: sqlite3.Connection) -> None:
        add_row(conn, str(len(list_actions(conn))))

    gevent.joinall([gevent.spawn(database.write, append) for _ in range(50)], raise_error=True)
    assert list_actions(database.reader) == [str(number) for number in range(50)]


def test_the_loop_runs_on_while_the_file_is_locked(database, tmp_path):
    """Another process holding the write lock holds up the writer, and nobody else."""
    other = open_plain(tmp_path / "panel.db")
    other.execute("BEGIN IMMEDIATE")
    writing = gevent.spawn(database.write, add_row, "late")
    ticks = 0
    for _ in range(10):
        gevent.sleep(0.01)
        ticks += 1
        assert list_actions(database.reader) == []
    assert not writing.ready()
    other.execute("ROLLBACK")
    other.close()
    writing.get(timeout=60)
    assert ticks == 10
    assert list_actions(database.reader) == ["late"]


def test_the_reader_cannot_write(database):
    """Writes that do not go through the writer thread fail instead of freezing the loop some day."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        add_row(database.reader, "sneaked in")


def test_a_second_panel_on_the_same_database_is_refused(database, tmp_path):
    """Two processes would each believe that they alone run an instance's job."""
    with pytest.raises(DatabaseInUse):
        Database(tmp_path / "panel.db", migrate)


def test_a_closed_database_can_be_opened_again(tmp_path):
    """The lock goes with its owner."""
    Database(tmp_path / "panel.db", migrate).close()
    Database(tmp_path / "panel.db", migrate).close()
