"""The accounts, for admins."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from palserver.services.users import Account
from palserver.web import audit
from palserver.web.context import services
from palserver.web.guards import require
from palserver.web.inputs import read_body
from palserver.web.replies import no_content, reply

bp = Blueprint("users", __name__)


class NewUser(msgspec.Struct, frozen=True):
    username: str
    password: str
    role: str


class UserChanges(msgspec.Struct, frozen=True):
    role: str | None = None
    password: str | None = None


class Accounts(msgspec.Struct, frozen=True):
    users: list[Account]


@bp.get("/api/users")
@require("admin")
def list_users() -> Response:
    return reply(Accounts(services().users.list_accounts()))


@bp.post("/api/users")
@require("admin")
def create() -> Response:
    body = read_body(NewUser)
    audit.note(target=body.username)
    return reply(services().users.add(body.username, body.password, body.role), 201)


@bp.patch("/api/users/<username>")
@require("admin")
def change(username: str) -> Response:
    body = read_body(UserChanges)
    return reply(services().users.change(username, body.role, body.password))


@bp.delete("/api/users/<username>")
@require("admin")
def remove(username: str) -> Response:
    services().users.remove(username)
    return no_content()
