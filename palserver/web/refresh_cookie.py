"""The refresh token of a browser, in a cookie that no script can read and no other site can send."""

from __future__ import annotations

from flask import Response, current_app, request

from palserver.services.accounts.sessions import REFRESH_SECONDS

NAME = "palserver_refresh"
PATH = "/api/auth"


def find_token() -> str | None:
    return request.cookies.get(NAME) or None


def set_token(response: Response, token: str) -> Response:
    response.set_cookie(
        NAME,
        token,
        max_age=REFRESH_SECONDS,
        path=PATH,
        secure=_is_https(),
        httponly=True,
        samesite="Strict",
    )
    return response


def remove_token(response: Response) -> Response:
    response.delete_cookie(NAME, path=PATH, secure=_is_https(), httponly=True, samesite="Strict")
    return response


def _is_https() -> bool:
    """Behind a proxy the request itself is plain http; what browsers see is then in the configuration."""
    return request.is_secure or (current_app.config["PUBLIC_URL"] or "").startswith("https://")
