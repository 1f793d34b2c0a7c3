"""What happens to a session, each whole in one transaction."""

from __future__ import annotations

import logging
import secrets
import sqlite3

import msgspec

from palserver.clock import utc_after, utc_now
from palserver.errors import BadCredentials, Invalid
from palserver.store import sessions, users

log = logging.getLogger(__name__)

REFRESH_SECONDS = 30 * 24 * 3600
MAX_USER_AGENT_CHARACTERS = 200


class Caller(msgspec.Struct, frozen=True):
    """Where somebody signs in from."""

    address: str
    user_agent: str | None


def make_session(username: str, caller: Caller) -> sessions.Session:
    refresh = make_refresh(caller.address)
    return sessions.Session(
        id=secrets.token_hex(16),
        username=username,
        refresh_id=refresh.refresh_id,
        created_at=refresh.at,
        last_used_at=refresh.at,
        expires_at=refresh.expires_at,
        address=caller.address,
        user_agent=caller.user_agent and caller.user_agent[:MAX_USER_AGENT_CHARACTERS],
    )


def make_refresh(address: str) -> sessions.Refresh:
    return sessions.Refresh(secrets.token_hex(16), utc_now(), utc_after(REFRESH_SECONDS), address)


def open_session(
    conn: sqlite3.Connection, session: sessions.Session, checked_hash: str
) -> sessions.SessionUser:
    """Raises BadCredentials if the password was changed, or the user removed, while it was being checked."""
    user = users.find_user(conn, session.username)
    if user is None or user.password_hash != checked_hash:
        raise BadCredentials()
    sessions.purge_sessions(conn, session.created_at)
    sessions.add_session(conn, session)
    users.set_last_login(conn, session.username, session.created_at)
    return sessions.SessionUser(session.id, user.username, user.role, user.must_change_password)


def renew_session(
    conn: sqlite3.Connection, session_id: str, spent_id: str, refresh: sessions.Refresh
) -> sessions.SessionUser | None:
    """None, and the session removed, if the token was used before: one of its two users is a thief."""
    if sessions.set_refresh(conn, session_id, spent_id, refresh):
        return sessions.find_session_user(conn, session_id, refresh.at)
    if sessions.remove_session(conn, session_id):
        log.warning("A spent refresh token was used again, from %s. Its session is ended.", refresh.address)
    return None


def replace_password(
    conn: sqlite3.Connection, known: users.User, password_hash: str, session_id: str
) -> list[str]:
    """End all of the user's sessions but this one, and return their ids.

    Raises Invalid if his password changed in the meantime.
    """
    user = users.find_user(conn, known.username)
    if user is None or user.password_hash != known.password_hash:
        raise Invalid(fields={"current_password": "is wrong"})
    users.set_password(conn, known.username, password_hash, must_change_password=False)
    return sessions.remove_sessions(conn, known.username, keep_id=session_id)
