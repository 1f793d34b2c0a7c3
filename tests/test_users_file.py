"""Facts about the accounts at a start: taken over from users.json, or a first admin made."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from palserver.services.accounts import users_file
from palserver.services.accounts.users_file import UsersFileError
from palserver.store import users
from tests.first_start import Start, entry


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    start = Start(tmp_path)
    yield start
    start.database.close()


def is_right(user: users.User, password: str) -> bool:
    return bcrypt.checkpw(password.encode(), user.password_hash.encode())


class TestFirstAdmin:
    def test_admin_admin_must_be_changed(self, start):
        """With no account at all there is `admin`, whose password opens only its own change."""
        (admin,) = start.prepare().values()
        assert (admin.username, admin.role, admin.must_change_password) == ("admin", "admin", True)
        assert is_right(admin, "admin")

    def test_the_configured_password_may_stay(self, start):
        """A password that the owner chose need not be changed."""
        admin = start.prepare("correct horse")["admin"]
        assert not admin.must_change_password
        assert is_right(admin, "correct horse")

    def test_admin_as_the_configured_password(self, start):
        """The default is no better for having been configured."""
        assert start.prepare("admin")["admin"].must_change_password

    def test_only_once(self, start):
        """A later start changes nobody's password, whatever is configured then."""
        first = start.prepare("correct horse")
        assert start.prepare("another horse") == first


class TestTakingOver:
    def test_plain_passwords_are_hashed(self, start):
        """Their users sign in with what they had, short ones too, and need not change it."""
        start.file.write_text(json.dumps([entry("ann", "7100"), entry("앤", "비밀", "viewer")]))
        found = start.prepare()
        assert found.keys() == {"ann", "앤"}
        assert is_right(found["ann"], "7100")
        assert is_right(found["앤"], "비밀")
        assert (found["ann"].role, found["앤"].role) == ("admin", "viewer")
        assert not any(user.must_change_password for user in found.values())

    @pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
    def test_hashes_are_kept(self, start, prefix):
        """A password that is hashed already stays as it is; its spelling tells where it is from."""
        known = prefix + bcrypt.hashpw(b"secret", bcrypt.gensalt(5)).decode()[4:]
        start.file.write_text(json.dumps([entry(password=known)]))
        assert start.prepare()["ann"].password_hash == f"$2y${known[4:]}"

    def test_the_old_second_role(self, start):
        """The panel that wrote the file calls an operator `op` in places."""
        start.file.write_text(json.dumps([entry(), entry("bob", role="op"), entry("eve", role="operator")]))
        found = start.prepare()
        assert (found["bob"].role, found["eve"].role) == ("operator", "operator")

    def test_is_renamed_and_private(self, start):
        """Afterwards it is users.json.migrated, which only its owner can read."""
        start.file.write_text(json.dumps([entry()]))
        start.file.chmod(0o644)
        start.prepare()
        assert not start.file.exists()
        assert stat.S_IMODE(start.migrated.stat().st_mode) == 0o600

    def test_beside_the_database(self, start):
        """The file may lie there, too; both are taken, and the base folder's comes first."""
        beside = start.db_path.parent / "users.json"
        start.file.write_text(json.dumps([entry("ann", "first")]))
        beside.write_text(json.dumps([entry("ann", "second"), entry("bob")]))
        found = start.prepare()
        assert found.keys() == {"ann", "bob"}
        assert is_right(found["ann"], "first")
        assert not start.file.exists()
        assert not beside.exists()

    def test_existing_accounts_stay_as_they_are(self, start):
        """A name that is there already keeps its password and role."""
        before = start.prepare("correct horse")["admin"]
        start.file.write_text(json.dumps([entry("admin", "stolen", "viewer"), entry("bob")]))
        found = start.prepare()
        assert found["admin"] == before
        assert "bob" in found

    def test_a_byte_order_mark_is_no_harm(self, start):
        """Editors on Windows put one there."""
        start.file.write_bytes(b"\xef\xbb\xbf" + json.dumps([entry()]).encode())
        assert "ann" in start.prepare()

    def test_an_empty_list(self, start):
        """Nobody is in it, so the first admin is made."""
        start.file.write_text("[]")
        assert start.prepare().keys() == {"admin"}
        assert start.migrated.exists()

    def test_no_first_admin_beside_them(self, start):
        """With accounts brought along no admin/admin is made, even if none of them is an admin."""
        start.file.write_text(json.dumps([entry(role="viewer")]))
        assert start.prepare("correct horse").keys() == {"ann"}


class TestInterruptions:
    def test_between_the_accounts_and_the_renaming(self, start, monkeypatch):
        """The next start takes the file again, changes nothing, and renames it."""
        start.file.write_text(json.dumps([entry()]))
        with monkeypatch.context() as interrupted:
            interrupted.setattr(users_file, "move_file", _power_cut)
            with pytest.raises(KeyboardInterrupt):
                start.prepare()
        before = start.read_users()
        assert before.keys() == {"ann"}
        assert start.file.exists()
        assert start.prepare() == before
        assert not start.file.exists()

    def test_in_the_middle_of_the_accounts(self, start, monkeypatch):
        """All of them are there or none."""
        start.file.write_text(json.dumps([entry(), entry("bob")]))
        add = users.add_user

        def add_one(conn, user):
            if user.username == "bob":
                _power_cut()
            return add(conn, user)

        with monkeypatch.context() as interrupted:
            interrupted.setattr(users, "add_user", add_one)
            with pytest.raises(KeyboardInterrupt):
                start.prepare()
        assert start.read_users() == {}
        assert start.prepare().keys() == {"ann", "bob"}

    def test_over_an_older_migrated_one(self, start):
        """A file that was put away before does not stand in the way."""
        start.migrated.write_text("old")
        start.file.write_text(json.dumps([entry()]))
        start.prepare()
        assert json.loads(start.migrated.read_text()) == [entry()]

    def test_when_it_cannot_be_put_away(self, start):
        """The start is refused then: at every later one, whoever was removed would come back."""
        start.file.write_text(json.dumps([entry()]))
        start.migrated.mkdir()
        with pytest.raises(UsersFileError, match="cannot be renamed"):
            start.prepare()
        start.migrated.rmdir()
        assert start.prepare().keys() == {"ann"}


def _power_cut(*_: object) -> None:
    raise KeyboardInterrupt
