"""A start of the panel, as far as its accounts go."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrations import migrate
from palserver.services.accounts.users_file import UsersFileError, prepare_accounts
from palserver.store import users
from palserver.store.database import Database
from tests.accounts_server import CHEAP


class Start:
    """A base folder with a database in it, and the accounts prepared as at a start."""

    def __init__(self, folder: Path) -> None:
        self.base_dir = folder / "base"
        self.db_path = self.base_dir / "server" / "paladmin.db"
        self.db_path.parent.mkdir(parents=True)
        self.file = self.base_dir / "users.json"
        self.migrated = self.base_dir / "users.json.migrated"
        self.database = Database(self.db_path, migrate)

    def prepare(self, admin_password: str | None = None) -> dict[str, users.User]:
        prepare_accounts(self.database, self.base_dir, self.db_path, admin_password, cost=CHEAP)
        return self.read_users()

    def read_users(self) -> dict[str, users.User]:
        return {user.username: user for user in users.list_users(self.database.reader)}

    def refuse(self) -> str:
        """Prepare, expecting a refusal that changes nothing; return its words."""
        before = self.read_users()
        with pytest.raises(UsersFileError) as refusal:
            self.prepare()
        assert self.read_users() == before
        return str(refusal.value)


def entry(*values: object, **named: object) -> dict[str, object]:
    """One account of a file; what is not given is in order."""
    good = {"username": "ann", "password": "secret", "role": "admin"}
    return good | dict(zip(good, values, strict=False)) | named
