"""Signing in and out, and one's own account."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, after_this_request, request

from palserver.errors import BadCredentials, OriginRefused, SessionNotFound, TooManyRequests, Unauthorized
from palserver.services.accounts.auth import OwnSession
from palserver.services.accounts.sessions import Caller
from palserver.services.accounts.tickets import LIFETIME_SECONDS
from palserver.web import audit, refresh_cookie, tokens
from palserver.web.address import client_address
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.grants import Me, TokenPair, describe, hand_out, refresh_by_cookie, spend
from palserver.web.guards import check_origin, public, require, signed_in

bp = Blueprint("auth", __name__)

COOKIE = "The refresh token goes into a cookie that no script can read, and not into the answer."


class LoginQuery(msgspec.Struct, frozen=True):
    cookie: Annotated[bool, msgspec.Meta(description=COOKIE)] = False


class Login(msgspec.Struct, frozen=True):
    username: str
    password: str


class NewPassword(msgspec.Struct, frozen=True):
    current_password: str
    new_password: str


class Password(msgspec.Struct, frozen=True):
    password: str


class Verified(msgspec.Struct, frozen=True):
    verified: bool


class Ticket(msgspec.Struct, frozen=True):
    ticket: str
    expires_in: int


class OwnSessions(msgspec.Struct, frozen=True):
    sessions: list[OwnSession]


@bp.post("/api/auth/login")
@public
@answers(200, raises=(BadCredentials, OriginRefused, TooManyRequests))
def login(query: LoginQuery, body: Login) -> TokenPair:
    """Sign in. The access token goes into the header `Authorization: Bearer …` of every other call."""
    if query.cookie:
        check_origin()
    audit.note(target=body.username)
    grant = services().auth.login(
        body.username, body.password, Caller(client_address(), request.headers.get("User-Agent"))
    )
    audit.note(actor=grant.user.username)
    return hand_out(grant, query.cookie)


@bp.post("/api/auth/refresh")
@public
@answers(200, 204, raises=(Unauthorized, OriginRefused))
def refresh() -> TokenPair | None:
    """Spend the refresh token, sent as the bearer token or as the cookie, for a new pair.

    One that is used twice ends its session. Where it is known why a session has ended, `fields.ended` of the
    problem says so: `signed_out`, `ended_elsewhere`, `password_changed` (by its user), `password_set` (by an
    admin) or `account_removed`. 204 tells a page, which cannot see its cookie, that nobody is
    signed in; that is no error.
    """
    token = tokens.find_bearer_token()
    if token is not None:
        return hand_out(spend(token), use_cookie=False)
    cookie = refresh_cookie.find_token()
    check_origin(required=cookie is not None)
    if cookie is not None:
        return refresh_by_cookie(cookie)
    if "Origin" not in request.headers:
        raise Unauthorized()
    return None


@bp.post("/api/auth/logout")
@public
@answers(204, raises=(Unauthorized, OriginRefused))
def logout() -> None:
    """End the session of the bearer token, or of the cookie; its tokens stop working at once.

    Public, since it must do its work when the access token has expired and when it was done before.
    """
    claims = tokens.find_claims(tokens.find_bearer_token() or "", "access")
    if claims is None:
        cookie = refresh_cookie.find_token()
        if cookie is None:
            raise Unauthorized()
        check_origin(required=True)
        claims = tokens.find_claims(cookie, "refresh")
    if claims is not None:
        audit.note(actor=claims.username)
        services().auth.logout(claims.username, claims.session_id)
    after_this_request(refresh_cookie.remove_token)


@bp.get("/api/auth/me")
@require("viewer", before_password_change=True)
@answers(200)
def me() -> Me:
    """Who is signed in."""
    return describe(signed_in())


@bp.post("/api/auth/password")
@require("viewer", before_password_change=True)
@answers(204, raises=(TooManyRequests,))
def change_password(body: NewPassword) -> None:
    """Change one's own password. One's other sessions end."""
    services().auth.change_password(signed_in(), body.current_password, body.new_password, client_address())


@bp.post("/api/auth/verify-password")
@require("viewer")
@answers(200, raises=(TooManyRequests,))
def verify_password(body: Password) -> Verified:
    """Whether this is one's own password: for confirming something dangerous."""
    return Verified(services().auth.verify_password(signed_in(), body.password, client_address()))


@bp.post("/api/auth/ticket")
@require("viewer")
@answers(200)
def add_ticket() -> Ticket:
    """A ticket that opens one WebSocket or one download, as `?ticket=`, once and soon."""
    return Ticket(services().auth.add_ticket(signed_in()), LIFETIME_SECONDS)


@bp.get("/api/auth/sessions")
@require("viewer")
@answers(200)
def list_sessions() -> OwnSessions:
    """One's own signed-in sessions: when, and from where."""
    return OwnSessions(services().auth.list_sessions(signed_in()))


@bp.delete("/api/auth/sessions/<session_id>")
@require("viewer")
@answers(204, raises=(SessionNotFound,))
def end_session(session_id: str) -> None:
    """End one of one's own sessions, at once."""
    services().auth.end_session(signed_in(), session_id)
