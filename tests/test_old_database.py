"""Facts about the old panel's database: its users come along, it is kept, whenever a start is killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import bcrypt
import pytest

from migrations import migrate
from palserver.services.accounts.old_database import OldDatabaseError, make_room
from palserver.services.accounts.users_file import prepare_accounts
from palserver.store import users
from palserver.store.database import Database, DatabaseInUse
from tests.old_tree import OldTree, hash_password, signs_in
from tests.panel import PROJECT

CHEAP = 4
ROWS = [("mina", b"old secret", "admin"), ("jun", b"op123!", "op"), ("앤", b"short", "viewer")]


@pytest.fixture
def tree(tmp_path: Path) -> OldTree:
    return OldTree(tmp_path / "ent")


def open_panel(tree: OldTree, db_path: Path | None = None) -> Database:
    """A start, as far as the database and the accounts go."""
    db_path = db_path or tree.database
    database = Database(db_path, migrate, lambda: make_room(db_path, tree.folder, migrate))
    prepare_accounts(database, tree.folder, db_path, None, CHEAP)
    return database


@pytest.fixture
def start(tree: OldTree) -> Iterator[Callable[..., dict[str, users.User]]]:
    """Start and stop; returns the accounts."""

    def run(db_path: Path | None = None) -> dict[str, users.User]:
        with closing(open_panel(tree, db_path)) as database:
            return {user.username: user for user in users.list_users(database.reader)}

    yield run


def copy_of(tree: OldTree) -> Path:
    return tree.server / "paladmin.db.before-palserver"


def is_right(user: users.User, password: bytes) -> bool:
    return bcrypt.checkpw(password, user.password_hash.encode())


def test_users_keep_their_passwords_and_roles(tree, start):
    """They sign in as before, and need not change anything; when they were made is kept."""
    tree.add_users(ROWS)
    found = start()
    assert {name: user.role for name, user in found.items()} == {
        "mina": "admin",
        "jun": "operator",
        "앤": "viewer",
    }
    assert all(is_right(found[name], password) for name, password, _ in ROWS)
    assert not any(user.must_change_password for user in found.values())
    assert (found["mina"].created_at, found["mina"].last_login_at) == ("2025-12-09T06:30:00.123Z", None)


def test_the_old_one_is_kept_and_works(tree, start):
    """Under its new name it is what it was, private, and only one copy is ever made of the same."""
    tree.add_users(ROWS)
    start()
    copy = copy_of(tree)
    assert signs_in(copy, "jun", b"op123!")
    assert copy.stat().st_mode & 0o777 == 0o600
    before = copy.read_bytes()
    start()
    assert copy.read_bytes() == before
    assert sorted(path.name for path in tree.server.glob("paladmin.db*")) == [
        "paladmin.db",
        "paladmin.db.before-palserver",
        "paladmin.db.lock",
    ]


def test_back_and_in_again(tree, start):
    """Put back as the README says it works there; what was added there comes along the next time."""
    tree.add_users(ROWS)
    start()
    copy_of(tree).replace(tree.database)
    assert signs_in(tree.database, "mina", b"old secret")
    with closing(sqlite3.connect(tree.database)) as conn:
        conn.execute("UPDATE users SET password = ? WHERE username = 'jun'", (hash_password(b"new one"),))
        conn.commit()
    assert is_right(start()["jun"], b"new one")
    assert signs_in(copy_of(tree), "jun", b"new one")


def test_an_earlier_copy_is_never_lost(tree, start):
    """Where there is one already, and it is another, it gets a number."""
    tree.add_users(ROWS)
    copy_of(tree).write_bytes(b"of an earlier time")
    start()
    assert signs_in(copy_of(tree), "mina", b"old secret")
    assert (tree.server / "paladmin.db.before-palserver.1").read_bytes() == b"of an earlier time"


def test_what_is_only_in_its_log(tree, start):
    """A writer that was killed in WAL mode has left its last rows beside the file; they come along."""
    code = (
        "import os, sqlite3, sys\n"
        "conn = sqlite3.connect(sys.argv[1])\n"
        "row = ('late', sys.argv[2], 'admin')\n"
        "conn.execute('INSERT INTO users (username, password, role) VALUES (?, ?, ?)', row)\n"
        "conn.commit()\n"
        "os._exit(0)\n"
    )
    tree.add_users(ROWS, is_wal=True)
    subprocess.run([sys.executable, "-c", code, tree.database, hash_password(b"late one")], check=True)
    assert (tree.server / "paladmin.db-wal").stat().st_size > 0
    assert is_right(start()["late"], b"late one")
    assert signs_in(copy_of(tree), "late", b"late one")


def test_a_transaction_that_was_never_finished(tree, start):
    """What a killed writer had half written in journal mode is undone, in the copy too."""
    code = (
        "import os, sqlite3, sys\n"
        "conn = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "conn.execute('PRAGMA cache_size = 1')\n"
        "conn.execute('BEGIN')\n"
        "conn.execute(\"UPDATE users SET role = 'gone'\")\n"
        "for number in range(300):\n"
        "    row = (f'n{number}', 'y' * 500, 'x')\n"
        "    conn.execute('INSERT INTO users (username, password, role) VALUES (?, ?, ?)', row)\n"
        "os._exit(0)\n"
    )
    tree.add_users(ROWS)
    subprocess.run([sys.executable, "-c", code, tree.database], check=True)
    assert (tree.server / "paladmin.db-journal").exists()
    assert {user.role for user in start().values()} == {"admin", "operator", "viewer"}
    assert signs_in(copy_of(tree), "mina", b"old secret")


def test_odd_rows_are_told(tree, start, caplog):
    """Nothing stops the start: what cannot be taken over is named, with what to do."""
    tree.add_users(
        [
            ("mina", b"first", "admin"),
            ("mina", b"second", "viewer"),
            ("kim lee", b"secret", "admin"),
            ("", b"secret", "admin"),
            ("sha", "$bcrypt-sha256$v=2,t=2b,r=12$abc", "viewer"),
            ("plain", "password", "operator"),
            ("boss", b"secret", "superuser"),
        ]
    )
    found = start()
    assert found.keys() == {"mina", "sha", "plain", "boss"}
    assert is_right(found["mina"], b"first")
    assert found["boss"].role == "viewer"
    assert found["plain"].password_hash.startswith("$2b$")
    assert not is_right(found["plain"], b"password")
    told = caplog.text
    for words in (
        "“mina”) is left out: the old panel knew only the first",
        "“kim lee”) is left out",
        "“sha”): its password is kept in a way that is not known here",
        "“plain”): its password",
        "“boss”): its role “superuser” is not known here",
    ):
        assert words in told
    assert signs_in(copy_of(tree), "kim lee", b"secret")


def test_no_admin_among_them(tree, start, caplog):
    """They come along as they are, and the log says how to get an admin."""
    tree.add_users([("jun", b"secret", "op")])
    assert start().keys() == {"jun"}
    assert "None of the accounts is an admin. Put one into users.json" in caplog.text


def test_a_database_without_anybody(tree, start):
    """It is kept, and there is a first admin as in a new folder."""
    tree.add_users([])
    assert start()["admin"].must_change_password
    assert copy_of(tree).exists()


def test_in_the_other_place(tree, start):
    """Below `sqldb` it is read, once, and not touched at all."""
    old = tree.add_users(ROWS, tree.server / "sqldb" / "paladmin.db")
    before = old.read_bytes(), old.stat().st_mtime_ns
    assert start().keys() == {"mina", "jun", "앤"}
    assert (old.read_bytes(), old.stat().st_mtime_ns) == before
    assert [path.name for path in old.parent.iterdir()] == ["paladmin.db"]
    with closing(open_panel(tree)) as database:
        database.write(users.remove_user, "jun")
    assert start().keys() == {"mina", "앤"}


def test_in_both_places(tree, start, caplog):
    """The one that was written last counts; the other is told of."""
    tree.add_users([("stale", b"secret", "admin")])
    newer = tree.add_users(ROWS, tree.server / "sqldb" / "paladmin.db")
    os.utime(tree.database, (1_700_000_000, 1_700_000_000))
    assert start().keys() == {"mina", "jun", "앤"}
    assert "paladmin.db has accounts, too. They are older" in caplog.text
    assert newer.exists()
    assert signs_in(copy_of(tree), "stale", b"secret")


def test_users_json_comes_after_it(tree, start):
    """Who is in both keeps what the database says: passwords were changed there."""
    tree.add_users(ROWS)
    tree.write("users.json", '[{"username": "mina", "password": "first one", "role": "viewer"}]')
    found = start()
    assert found["mina"].role == "admin"
    assert is_right(found["mina"], b"old secret")


def test_another_place_for_ours(tree, start):
    """With a DB_PATH elsewhere the old one stays as it is, and its users come along all the same."""
    old = tree.add_users(ROWS)
    before = old.read_bytes(), old.stat().st_mtime_ns
    assert "mina" in start(tree.folder / "panel.db")
    assert (old.read_bytes(), old.stat().st_mtime_ns) == before
    assert not copy_of(tree).exists()


def test_the_old_panel_still_writes(tree, start):
    """While it has a transaction open nothing is begun, and the words say what to do."""
    tree.add_users(ROWS)
    before = tree.database.read_bytes()
    with closing(sqlite3.connect(tree.database, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        with pytest.raises(OldDatabaseError, match=r"is in use\. Stop the old panel first"):
            start()
        conn.execute("ROLLBACK")
    assert tree.database.read_bytes() == before
    assert "mina" in start()


def test_a_second_panel_waits_for_nobody(tree, start):
    """The lock is held while the databases are exchanged."""
    tree.add_users(ROWS)
    with closing(open_panel(tree)), pytest.raises(DatabaseInUse):
        start()


def test_a_damaged_one_stops_the_start(tree, start):
    """Nobody is told that there is a fresh panel where there were accounts."""
    old = tree.add_users(ROWS, tree.server / "sqldb" / "paladmin.db")
    content = bytearray(old.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    old.write_bytes(content)
    with pytest.raises(OldDatabaseError, match="cannot be read"):
        start()


# Each start is a process of its own, forked off one that has imported everything already.
KILLER = """
import os, sys
from pathlib import Path
from migrations import migrate
from palserver.services.accounts.old_database import make_room

def start(base, left):
    def watch(event, arguments):
        nonlocal left
        if event.startswith(("open", "os.", "sqlite3.connect")) and base in str(arguments):
            left -= 1
            if left == 0:
                os._exit(9)

    sys.addaudithook(watch)
    make_room(Path(base, "server", "paladmin.db"), Path(base), migrate)
    os._exit(0)

for step, base in enumerate(iter(sys.stdin.readline, ""), 1):
    child = os.fork()
    if child == 0:
        start(base.rstrip("\\n"), step)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_killed_at_every_step(tmp_path):
    """Before each thing it does on the disk it dies: the next start has all accounts, and the copy."""
    killer = subprocess.Popen(
        [sys.executable, "-c", KILLER], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with killer:
        assert killer.stdin is not None
        assert killer.stdout is not None
        for step in range(1, 200):
            tree = OldTree(tmp_path / f"{step}")
            tree.add_users(ROWS, is_wal=step % 2 == 0)
            killer.stdin.write(f"{tree.folder}\n")
            killer.stdin.flush()
            code = int(killer.stdout.readline())
            assert code in (0, 9)
            with closing(open_panel(tree)) as database:
                assert {user.username for user in users.list_users(database.reader)} == {"mina", "jun", "앤"}
            assert signs_in(copy_of(tree), "mina", b"old secret"), step
            left = {path.name for path in tree.server.glob("paladmin.db*")}
            assert left == {"paladmin.db", "paladmin.db.before-palserver", "paladmin.db.lock"}, step
            if code == 0:
                break
    assert step > 12
