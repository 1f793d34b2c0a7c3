"""What signing in hands out: an access token, and a refresh token in the answer or in a cookie."""

from __future__ import annotations

from typing import Literal

import msgspec
from flask import after_this_request

from palserver.errors import Unauthorized
from palserver.services.accounts.auth import Grant, Role, SignedIn
from palserver.web import refresh_cookie, tokens
from palserver.web.address import client_address
from palserver.web.context import services


class Me(msgspec.Struct, frozen=True):
    username: str
    role: Role
    must_change_password: bool


class TokenPair(msgspec.Struct, frozen=True):
    """`refresh_token` is left out where a cookie carries it."""

    access_token: str
    expires_in: int
    user: Me
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme


def spend(refresh_token: str) -> Grant:
    """Raises Unauthorized."""
    claims = tokens.find_claims(refresh_token, "refresh")
    if claims is None:
        raise Unauthorized()
    return services().auth.refresh(claims.session_id, claims.id, client_address())


def refresh_by_cookie(cookie: str) -> TokenPair:
    """Raises Unauthorized, and takes a cookie that is of no use away."""
    try:
        return hand_out(spend(cookie), use_cookie=True)
    except Unauthorized:
        after_this_request(refresh_cookie.remove_token)
        raise


def hand_out(grant: Grant, use_cookie: bool) -> TokenPair:
    """With `use_cookie` the refresh token leaves in the cookie only."""
    refresh_token = tokens.make_refresh_token(grant)
    if use_cookie:
        after_this_request(lambda response: refresh_cookie.set_token(response, refresh_token))
    return TokenPair(
        access_token=tokens.make_access_token(grant),
        expires_in=tokens.ACCESS_SECONDS,
        user=describe(grant.user),
        refresh_token=msgspec.UNSET if use_cookie else refresh_token,
    )


def describe(user: SignedIn) -> Me:
    return Me(user.username, user.role, user.must_change_password)
