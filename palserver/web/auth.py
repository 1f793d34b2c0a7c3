"""Signing in and out, and one's own account."""

from __future__ import annotations

from typing import Literal

import msgspec
from flask import Blueprint, Response, request

from palserver.errors import Unauthorized
from palserver.services.auth import Grant, OwnSession, SignedIn
from palserver.services.sessions import Caller
from palserver.services.tickets import LIFETIME_SECONDS
from palserver.web import audit, refresh_cookie, tokens
from palserver.web.address import client_address
from palserver.web.context import services
from palserver.web.guards import check_origin, public, require, signed_in
from palserver.web.inputs import read_body, read_query
from palserver.web.problems import render
from palserver.web.replies import no_content, reply

bp = Blueprint("auth", __name__)


class LoginQuery(msgspec.Struct, frozen=True):
    """With `cookie`, the refresh token goes into a cookie that scripts cannot read."""

    cookie: bool = False


class Login(msgspec.Struct, frozen=True):
    username: str
    password: str


class NewPassword(msgspec.Struct, frozen=True):
    current_password: str
    new_password: str


class Password(msgspec.Struct, frozen=True):
    password: str


class Me(msgspec.Struct, frozen=True):
    username: str
    role: str
    must_change_password: bool


class TokenPair(msgspec.Struct, frozen=True):
    """`refresh_token` is left out where a cookie carries it."""

    access_token: str
    expires_in: int
    user: Me
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme


class Verified(msgspec.Struct, frozen=True):
    verified: bool


class Ticket(msgspec.Struct, frozen=True):
    ticket: str
    expires_in: int


class OwnSessions(msgspec.Struct, frozen=True):
    sessions: list[OwnSession]


@bp.post("/api/auth/login")
@public
def login() -> Response:
    use_cookie = read_query(LoginQuery).cookie
    if use_cookie:
        check_origin()
    body = read_body(Login)
    audit.note(target=body.username)
    grant = services().auth.login(
        body.username, body.password, Caller(client_address(), request.headers.get("User-Agent"))
    )
    audit.note(actor=grant.user.username)
    return _hand_out(grant, use_cookie)


@bp.post("/api/auth/refresh")
@public
def refresh() -> Response:
    """204 tells a page, which cannot see its cookie, that nobody is signed in; that is no error."""
    token = tokens.find_bearer_token()
    if token is not None:
        return _hand_out(_spend(token), use_cookie=False)
    cookie = refresh_cookie.find_token()
    check_origin(required=cookie is not None)
    if cookie is not None:
        return _refresh_by_cookie(cookie)
    if "Origin" not in request.headers:
        raise Unauthorized()
    return no_content()


@bp.post("/api/auth/logout")
@public
def logout() -> Response:
    """Public, since it must do its work when the access token has expired and when it was done before."""
    claims = tokens.find_claims(tokens.find_bearer_token() or "", "access")
    if claims is None:
        cookie = refresh_cookie.find_token()
        if cookie is None:
            raise Unauthorized()
        check_origin(required=True)
        claims = tokens.find_claims(cookie, "refresh")
    if claims is not None:
        audit.note(actor=claims.username)
        services().auth.logout(claims.session_id)
    response = no_content()
    refresh_cookie.remove_token(response)
    return response


@bp.get("/api/auth/me")
@require("viewer", before_password_change=True)
def me() -> Response:
    return reply(_me(signed_in()))


@bp.post("/api/auth/password")
@require("viewer", before_password_change=True)
def change_password() -> Response:
    body = read_body(NewPassword)
    services().auth.change_password(signed_in(), body.current_password, body.new_password, client_address())
    return no_content()


@bp.post("/api/auth/verify-password")
@require("viewer")
def verify_password() -> Response:
    body = read_body(Password)
    verified = services().auth.verify_password(signed_in(), body.password, client_address())
    return reply(Verified(verified))


@bp.post("/api/auth/ticket")
@require("viewer")
def add_ticket() -> Response:
    return reply(Ticket(services().auth.add_ticket(signed_in()), LIFETIME_SECONDS))


@bp.get("/api/auth/sessions")
@require("viewer")
def list_sessions() -> Response:
    return reply(OwnSessions(services().auth.list_sessions(signed_in())))


@bp.delete("/api/auth/sessions/<session_id>")
@require("viewer")
def end_session(session_id: str) -> Response:
    services().auth.end_session(signed_in(), session_id)
    return no_content()


def _spend(refresh_token: str) -> Grant:
    claims = tokens.find_claims(refresh_token, "refresh")
    if claims is None:
        raise Unauthorized()
    return services().auth.refresh(claims.session_id, claims.id, client_address())


def _refresh_by_cookie(cookie: str) -> Response:
    try:
        return _hand_out(_spend(cookie), use_cookie=True)
    except Unauthorized as error:
        response = render(error)
        refresh_cookie.remove_token(response)
        return response


def _hand_out(grant: Grant, use_cookie: bool) -> Response:
    refresh_token = tokens.make_refresh_token(grant)
    response = reply(
        TokenPair(
            access_token=tokens.make_access_token(grant),
            expires_in=tokens.ACCESS_SECONDS,
            user=_me(grant.user),
            refresh_token=msgspec.UNSET if use_cookie else refresh_token,
        )
    )
    if use_cookie:
        refresh_cookie.set_token(response, refresh_token)
    return response


def _me(user: SignedIn) -> Me:
    return Me(user.username, user.role, user.must_change_password)
