"""Who may call a view: marked on the view, checked before any of them runs.

The check runs before a WebSocket is accepted too, so that a stranger gets a real 401 and not an open socket.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from palserver import errors
from palserver.services.accounts.auth import ROLES, SignedIn
from palserver.web import tokens
from palserver.web.context import services
from palserver.web.inputs import read_query

View = TypeVar("View", bound=Callable[..., object])

PUBLIC = None


def public(view: View) -> View:
    """Everybody may call it, signed in or not."""
    view.required_role = PUBLIC  # type: ignore[attr-defined]
    return view


def require(
    role: str,
    *,
    before_password_change: bool = False,
    ticket: bool = False,
    metrics_token: bool = False,
) -> Callable[[View], View]:
    """Only a signed-in user of at least `role` may call it.

    `ticket` views (WebSockets, downloads) also accept `?ticket=`, since neither a link nor a browser's
    socket can set a header. `before_password_change` views answer even while a default password stands.
    `metrics_token` views answer to the fixed token of the configuration too, which opens nothing else; they
    have no user then. Who reads them is a machine, and no audience.
    """

    def mark(view: View) -> View:
        view.required_role = role  # type: ignore[attr-defined]
        view.before_password_change = before_password_change  # type: ignore[attr-defined]
        view.takes_ticket = ticket  # type: ignore[attr-defined]
        view.takes_metrics_token = metrics_token  # type: ignore[attr-defined]
        return view

    return mark


def install(app: Flask) -> None:
    app.before_request(_guard)


def signed_in() -> SignedIn:
    """The user of this request; only for views that `require` a role."""
    return cast(SignedIn, g.signed_in)


def _guard() -> None:
    if request.endpoint is None:
        return  # no such route: Flask answers 404 or 405
    view = current_app.view_functions[request.endpoint]
    role = getattr(view, "required_role", "nobody")
    if role is PUBLIC:
        return
    if role not in ROLES:
        raise errors.Forbidden()  # a view nobody marked is closed, not open
    if getattr(view, "takes_metrics_token", False) and _has_metrics_token():
        return
    _check_user(view, role)
    _check_target(request.view_args or {})
    if hasattr(view, "query_model"):
        read_query(view.query_model)  # a WebSocket's mistakes are told before it is accepted, too


def _check_user(view: object, role: str) -> None:
    user = g.signed_in = _authenticate(getattr(view, "takes_ticket", False))
    if user.must_change_password and not getattr(view, "before_password_change", False):
        raise errors.PasswordChangeRequired()
    if ROLES.index(user.role) < ROLES.index(role):
        raise errors.Forbidden()
    if not getattr(view, "takes_metrics_token", False):
        services().audience.note()


def _has_metrics_token() -> bool:
    """Compared in the same time whatever it is; a header's bytes come as Latin-1."""
    expected = (current_app.config["METRICS_TOKEN"] or "").encode(errors="surrogateescape")
    given = (tokens.find_bearer_token() or "").encode("latin-1", errors="replace")
    return expected != b"" and hmac.compare_digest(given, expected)


def _check_target(names: dict[str, str]) -> None:
    """What the path names must exist: said here for all views, and to a WebSocket before it is accepted."""
    if "instance_name" in names:
        services().instances.get(names["instance_name"])
    if "job_id" in names:
        services().jobs.get(names["job_id"])


def _authenticate(takes_ticket: bool) -> SignedIn:
    ticket = request.args.get("ticket") if takes_ticket else None
    if takes_ticket:
        check_origin()
    if ticket is not None:
        return services().auth.use_ticket(ticket)
    claims = tokens.find_claims(tokens.find_bearer_token() or "", "access")
    if claims is None:
        raise errors.Unauthorized()
    return services().auth.get_signed_in(claims.session_id)


def check_origin(*, required: bool = False) -> None:
    """Refuse a browser that comes from another site's page.

    Ours is the host and port of `Host`, or `PALSERVER_PUBLIC_URL`. A script sends no Origin, which is
    accepted unless `required` (where a cookie is what signs the request in).
    """
    origin = request.headers.get("Origin")
    if origin is None:
        if required:
            raise errors.OriginRefused()
        return
    if not _is_ours(origin):
        raise errors.OriginRefused()


def _is_ours(origin: str) -> bool:
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False  # brackets that are not an IPv6 address
    public_url = current_app.config["PUBLIC_URL"] or ""
    return host != "" and (host == request.host.lower() or origin.lower() == public_url.lower())
