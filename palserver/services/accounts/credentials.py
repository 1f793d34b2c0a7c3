"""Whether a user name and a password belong together, for a limited number of guesses."""

from __future__ import annotations

import time
from collections.abc import Callable

from palserver.errors import TooManyRequests
from palserver.services.accounts.attempts import Attempts
from palserver.services.accounts.passwords import Passwords
from palserver.store import users
from palserver.store.database import Database


class Credentials:
    """The one door to `Passwords.is_right`, so that no way of guessing goes uncounted."""

    def __init__(
        self, database: Database, passwords: Passwords, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = Attempts(clock)

    def find_user(self, username: str, password: str, address: str) -> users.User | None:
        """The user if the password is his; None, after the same time, if it is not or there is no such user.

        Raises TooManyRequests after too many failures from `address`, or when too many wait to be checked.
        """
        self._attempts.begin(username, address)
        user = users.find_user(self._database.reader, username)
        try:
            is_right = self._passwords.is_right(password, user.password_hash if user else None)
        except TooManyRequests:
            self._attempts.forgive(username, address)  # our being busy is not a wrong password
            raise
        if not is_right:
            return None
        self._attempts.forgive(username, address)
        return user
