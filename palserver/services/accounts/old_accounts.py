"""The accounts of the old panel as ours: what can be kept is, and what cannot is told in a sentence."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from palserver import names
from palserver.clock import format_time, parse_time, utc_now
from palserver.services.accounts.auth import ROLES
from palserver.services.accounts.newcomers import OLD_ROLES
from palserver.services.accounts.passwords import COST, is_hash, make_hash, mark_brought
from palserver.store.old_panel import OldUser
from palserver.store.users import User

LEAST_ROLE = "viewer"
NAME_RULE = "a name has 1 to 64 letters, digits or _ . @ + -"


@dataclass(frozen=True)
class Translated:
    """`sentences` are about what is not quite as it was."""

    users: list[User]
    sentences: list[str]


def translate(rows: Iterable[OldUser], cost: int = COST) -> Translated:
    """Who signed in there signs in here, with the same password. Nothing is changed."""
    users: dict[str, User] = {}
    sentences = []
    for number, row in enumerate(rows, 1):
        who = f"Account {number} (“{str(row.username)[:64]}”)"
        if not isinstance(row.username, str) or not names.is_match(names.USERNAME, row.username):
            sentences.append(f"{who} is left out: {NAME_RULE}. Make it anew under another name.")
        elif row.username in users:
            sentences.append(f"{who} is left out: the old panel knew only the first of this name.")
        else:
            users[row.username], faults = _translate_one(row, cost)
            sentences += [f"{who}: {fault}" for fault in faults]
    if users and not any(user.role == "admin" for user in users.values()):
        sentences.append(
            "None of the accounts is an admin. Put one into users.json in the base folder and start again."
        )
    return Translated(list(users.values()), sentences)


def _translate_one(row: OldUser, cost: int) -> tuple[User, list[str]]:
    faults = []
    password_hash = row.password if isinstance(row.password, str) else ""
    if is_hash(password_hash):
        password_hash = mark_brought(password_hash)
    else:
        faults.append("its password is kept in a way that is not known here. An admin has to set another.")
        password_hash = make_hash(secrets.token_urlsafe(24), cost)  # which nobody knows
    role = str(row.role).strip().lower()
    role = OLD_ROLES.get(role, role)
    if role not in ROLES:
        faults.append(f"its role “{str(row.role)[:64]}” is not known here. It becomes a {LEAST_ROLE}.")
        role = LEAST_ROLE
    user = User(
        username=row.username,
        password_hash=password_hash,
        role=role,
        must_change_password=False,
        created_at=_read_time(row.created_at) or utc_now(),
        last_login_at=_read_time(row.last_login),
    )
    return user, faults


def _read_time(value: Any) -> str | None:
    """The old panel wrote UTC without saying so; None for anything else."""
    try:
        return format_time(parse_time(str(value).strip()))
    except (ValueError, OverflowError):
        return None
