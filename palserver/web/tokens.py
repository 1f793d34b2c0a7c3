"""Signed tokens: which session a request belongs to. Whether that session still stands is not in them."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from typing import Any, Literal, cast

import jwt
import msgspec
from flask import Flask, current_app, request
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token

from palserver.services.accounts.auth import Grant
from palserver.services.accounts.sessions import REFRESH_SECONDS

ACCESS_SECONDS = 15 * 60
MAX_VERIFIED = 1000
EXTENSION = "palserver.verified_tokens"

Kind = Literal["access", "refresh"]


class Claims(msgspec.Struct, frozen=True):
    """What a token of ours says. `id` is, in a refresh token, the session's `refresh_id`."""

    id: str
    kind: Kind
    username: str
    session_id: str
    expires_at: float


def install(app: Flask, secret_key: str) -> None:
    """`secret_key` may have any length; what signs is made from it and always has the right one."""
    app.config.update(
        JWT_SECRET_KEY=hashlib.sha256(secret_key.encode(errors="surrogateescape")).hexdigest(),
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=ACCESS_SECONDS),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(seconds=REFRESH_SECONDS),
        JWT_ENCODE_NBF=False,  # a clock set back a little would make them tokens of the future
    )
    JWTManager(app)
    app.extensions[EXTENSION] = {}


def make_access_token(grant: Grant) -> str:
    claims = {"sid": grant.user.session_id}
    return cast(str, create_access_token(grant.user.username, additional_claims=claims))


def make_refresh_token(grant: Grant) -> str:
    claims = {"sid": grant.user.session_id, "jti": grant.refresh_id}
    return cast(str, create_refresh_token(grant.user.username, additional_claims=claims))


def find_bearer_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def find_claims(token: str, kind: Kind) -> Claims | None:
    """None unless the token is ours, of that kind, and has not expired."""
    verified: dict[str, Claims] = current_app.extensions[EXTENSION]
    claims = verified.get(token)
    if claims is None:
        claims = _verify(token)
        if claims is not None and kind == claims.kind == "access":
            _remember(verified, token, claims)
    if claims is None or claims.kind != kind or claims.expires_at <= time.time():
        return None
    return claims


def _remember(verified: dict[str, Claims], token: str, claims: Claims) -> None:
    """Verifying costs as much as all the rest of a small request, and an access token comes many times."""
    if len(verified) >= MAX_VERIFIED:
        verified.clear()
    verified[token] = claims


def _verify(token: str) -> Claims | None:
    """By hand: the extension would refuse those of a moment ago when the clock has been set back since."""
    key, algorithms = current_app.config["JWT_SECRET_KEY"], current_app.config["JWT_DECODE_ALGORITHMS"]
    try:
        values: dict[str, Any] = jwt.decode(token, key, algorithms, options={"verify_iat": False})
    except jwt.PyJWTError:
        return None
    return Claims(values["jti"], values["type"], values["sub"], values["sid"], values["exp"])
