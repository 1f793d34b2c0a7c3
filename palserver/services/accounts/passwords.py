"""Passwords: hashed and checked with bcrypt, in threads of their own, and what a new one must be."""

from __future__ import annotations

import os

import bcrypt

from palserver import names
from palserver.threads import Threads

COST = 12
MIN_CHARACTERS = 8
MAX_BYTES = 72
MAX_THREADS = 2
# Past a cost of 16 one sign-in takes seconds. Of the salt's last character four bits are no salt: bcrypt
# raises an error if they are set.
HASH = r"\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}"
# The spellings mean the same, and ours is `$2b$`. Who made the others may have cut longer passwords off
# without a word, as the older bcrypt does, and their users must be able to sign in.
BROUGHT = "$2y$"


class Passwords:
    """bcrypt takes a quarter of a second on purpose; on the event loop it would hold up everybody.

    Both methods raise TooManyRequests when too many wait already.
    """

    def __init__(self, cost: int = COST) -> None:
        self._cost = cost
        self._threads = Threads(_count_threads(), max_waiting=16, niceness=15)

    def make_hash(self, password: str) -> str:
        return self._threads.run(make_hash, password, self._cost)

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether `password` made the hash. Without a hash (no such user) it takes as long, and is False."""
        known = password_hash.encode() if password_hash else None
        return self._threads.run(_is_right, password.encode(), known, self._cost)

    def stop(self) -> None:
        self._threads.stop()


def make_hash(password: str, cost: int) -> str:
    """`password` has at most MAX_BYTES bytes: bcrypt takes no more, and raises ValueError."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def mark_brought(password_hash: str) -> str:
    """The same hash, told from ours from now on."""
    return BROUGHT + password_hash[len(BROUGHT) :]


def find_fault(password: str) -> str | None:
    """What keeps it from being somebody's new password; None if nothing does."""
    if len(password) < MIN_CHARACTERS:
        return f"must have at least {MIN_CHARACTERS} characters"
    if len(password.encode()) > MAX_BYTES:
        return f"must have at most {MAX_BYTES} bytes"
    return None


def is_hash(text: str) -> bool:
    """Whether it is a bcrypt hash that `is_right` can check."""
    return names.is_match(HASH, text)


def _is_right(password: bytes, password_hash: bytes | None, cost: int) -> bool:
    if password_hash is not None and password_hash.startswith(BROUGHT.encode()):
        password = password[:MAX_BYTES]
    if password_hash is None or len(password) > MAX_BYTES:
        make_hash("", cost)
        return False
    is_right = bcrypt.checkpw(password, password_hash)
    # A hash that was brought along may be cheaper than ours, and its user would be told from one who does
    # not exist. Work doubles with each step of the cost, so 2^n + 2^n + 2^(n+1) + … fills up to ours exactly.
    for cheaper in range(_read_cost(password_hash), cost):
        make_hash("", cheaper)
    return is_right


def _read_cost(password_hash: bytes) -> int:
    """The two digits in `$2b$12$…`."""
    return int(password_hash[4:6])


def _count_threads() -> int:
    """One core stays free: niceness does not count between containers, only within one."""
    return max(1, min(MAX_THREADS, (os.cpu_count() or 1) - 1))
