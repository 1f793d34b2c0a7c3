"""That something is new which not everybody may see: told to those who may ask for it, never what it is."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Subject = Literal["users", "sessions", "me", "audit", "bans"]


class Hint(NamedTuple):
    """`role` is the least that may hear it; `username` the only one, where it is about somebody's own."""

    about: Subject
    role: str = "viewer"
    username: str | None = None
    instance: str | None = None


class News(msgspec.Struct, frozen=True, tag_field="type", tag="news"):
    """Something is new that you may ask for: the accounts, your own sessions, your own account (`me`), the
    audit trail, or the bans of an instance.
    """

    about: Subject
    instance: str | None


class ForSome(NamedTuple):
    """An encoded message that is not for everybody; its hint says whom it is for."""

    payload: bytes
    hint: Hint
