"""The accounts, for admins."""

from __future__ import annotations

import msgspec
from flask import Blueprint

from palserver.errors import LastAdmin, UserExists, UserNotFound
from palserver.services.accounts.auth import Role
from palserver.services.accounts.users import Account
from palserver.web import audit
from palserver.web.context import services
from palserver.web.contracts import answers
from palserver.web.guards import require

bp = Blueprint("users", __name__)


class NewUser(msgspec.Struct, frozen=True):
    username: str
    password: str
    role: Role


class UserChanges(msgspec.Struct, frozen=True):
    role: Role | None = None
    password: str | None = None


class Accounts(msgspec.Struct, frozen=True):
    users: list[Account]


@bp.get("/api/users")
@require("admin")
@answers(200)
def list_users() -> Accounts:
    """All accounts, by name."""
    return Accounts(services().users.list_accounts())


@bp.post("/api/users")
@require("admin")
@answers(201, raises=(UserExists,))
def create(body: NewUser) -> Account:
    """Add an account. Its user must change the password at the first sign-in."""
    audit.note(target=body.username)
    return services().users.add(body.username, body.password, body.role)


@bp.patch("/api/users/<username>")
@require("admin")
@answers(200, raises=(UserNotFound, LastAdmin))
def change(username: str, body: UserChanges) -> Account:
    """Set a role, a password, or both. A new password ends the user's sessions."""
    return services().users.change(username, body.role, body.password)


@bp.delete("/api/users/<username>")
@require("admin")
@answers(204, raises=(UserNotFound, LastAdmin))
def remove(username: str) -> None:
    """Remove an account. Its sessions end at once."""
    services().users.remove(username)
