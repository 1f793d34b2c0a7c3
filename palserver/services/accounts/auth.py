"""Who is signed in: sessions, their refresh tokens and tickets, and changing one's own password."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import msgspec

from palserver.clock import utc_now
from palserver.errors import BadCredentials, Invalid, SessionNotFound, Unauthorized
from palserver.fanout import Topic
from palserver.services.accounts.credentials import Credentials
from palserver.services.accounts.endings import Ending, Endings
from palserver.services.accounts.passwords import Passwords, find_fault
from palserver.services.accounts.sessions import (
    Caller,
    make_refresh,
    make_session,
    open_session,
    renew_session,
    replace_password,
)
from palserver.services.accounts.tickets import Tickets
from palserver.services.news import Hint
from palserver.store import sessions
from palserver.store.database import Database

ROLES = ("viewer", "operator", "admin")
Role = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(ROLES)})]


class SignedIn(msgspec.Struct, frozen=True):
    """The user behind a request, as the database knew him when the request began."""

    username: str
    role: str
    session_id: str
    must_change_password: bool


class Grant(msgspec.Struct, frozen=True):
    """A session that was opened or renewed, and the name of the one refresh token it takes next."""

    user: SignedIn
    refresh_id: str


class OwnSession(msgspec.Struct, frozen=True):
    """One of the caller's sessions. `last_used_at` and `address` are those of its last refresh."""

    id: str
    created_at: str
    last_used_at: str
    address: str | None
    user_agent: str | None
    current: bool


class Auth:
    """Nothing that opens a session is remembered outside the database, so whatever ends one acts at once."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        endings: Endings,
        news: Topic[Hint],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._endings = endings
        self._news = news
        self._passwords = passwords
        self._credentials = Credentials(database, passwords, clock)
        self._tickets = Tickets(clock)

    def login(self, username: str, password: str, caller: Caller) -> Grant:
        """Open a session. Raises BadCredentials, or TooManyRequests after too many failures."""
        user = self._credentials.find_user(username, password, caller.address)
        if user is None:
            raise BadCredentials()
        session = make_session(username, caller)
        opened = self._database.write(open_session, session, user.password_hash)
        self._news.publish(Hint("users", "admin"))  # they see when somebody signed in last
        self._tell_sessions(username)
        return Grant(_signed_in(opened), session.refresh_id)

    def refresh(self, session_id: str, refresh_id: str, address: str) -> Grant:
        """Spend one refresh token for the next. Raises Unauthorized, with the reason in `ended` where it is
        known; a spent one ends the session.
        """
        refresh = make_refresh(address)
        renewed = self._database.write(renew_session, session_id, refresh_id, refresh)
        if renewed is None:
            ending = self._endings.find(session_id)
            raise Unauthorized(fields={"ended": ending} if ending else None)
        self._tell_sessions(renewed.username)
        return Grant(_signed_in(renewed), refresh.refresh_id)

    def find_signed_in(self, session_id: str) -> SignedIn | None:
        found = sessions.find_session_user(self._database.reader, session_id, utc_now())
        return None if found is None else _signed_in(found)

    def get_signed_in(self, session_id: str) -> SignedIn:
        """Raises Unauthorized when the session has ended."""
        user = self.find_signed_in(session_id)
        if user is None:
            raise Unauthorized()
        return user

    def logout(self, username: str, session_id: str) -> None:
        if self._database.write(sessions.remove_session_of, username, session_id):
            self._note_ended(username, [session_id], "signed_out")

    def verify_password(self, user: SignedIn, password: str, address: str) -> bool:
        """Raises TooManyRequests: this must not be an easier way to guess than signing in."""
        return self._credentials.find_user(user.username, password, address) is not None

    def change_password(self, user: SignedIn, current: str, new: str, address: str) -> None:
        """End the user's other sessions, too. Raises Invalid, or TooManyRequests as a sign-in does.

        A wrong current password is Invalid and not a 401, which scripts and the page take for signed out.
        """
        known = self._credentials.find_user(user.username, current, address)
        problems = {} if known else {"current_password": "is wrong"}
        fault = "must differ from the current one" if new == current else find_fault(new)
        if fault:
            problems["new_password"] = fault
        if known is None or problems:
            raise Invalid(fields=problems)
        new_hash = self._passwords.make_hash(new)
        ended = self._database.write(replace_password, known, new_hash, user.session_id)
        self._news.publish(Hint("users", "admin"))
        self._note_ended(user.username, ended, "password_changed")

    def add_ticket(self, user: SignedIn) -> str:
        return self._tickets.add(user.session_id)

    def use_ticket(self, ticket: str) -> SignedIn:
        """Raises Unauthorized when it is spent, expired or unknown, or its session has ended."""
        session_id = self._tickets.take(ticket)
        if session_id is None:
            raise Unauthorized()
        return self.get_signed_in(session_id)

    def list_sessions(self, user: SignedIn) -> list[OwnSession]:
        return [
            OwnSession(
                id=session.id,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                address=session.address,
                user_agent=session.user_agent,
                current=session.id == user.session_id,
            )
            for session in sessions.list_sessions(self._database.reader, user.username, utc_now())
        ]

    def end_session(self, user: SignedIn, session_id: str) -> None:
        """End one of the user's own. Raises SessionNotFound."""
        if not self._database.write(sessions.remove_session_of, user.username, session_id):
            raise SessionNotFound()
        self._note_ended(user.username, [session_id], "ended_elsewhere")

    def _note_ended(self, username: str, session_ids: list[str], ending: Ending) -> None:
        self._endings.note(session_ids, ending)
        self._tell_sessions(username)

    def _tell_sessions(self, username: str) -> None:
        self._news.publish(Hint("sessions", username=username))


def _signed_in(user: sessions.SessionUser) -> SignedIn:
    return SignedIn(user.username, user.role, user.session_id, user.must_change_password)
