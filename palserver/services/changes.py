"""Changing an instance's row: for now the game's address and password, where looking for them fails."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from palserver.errors import Invalid
from palserver.store.instances import Instance


class Changes(msgspec.Struct, frozen=True):
    """What is to be changed; an empty text goes back to looking. Fields that are not named stay."""

    rest_address: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    admin_password: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET


class Change(msgspec.Struct, frozen=True):
    """One field that would be different; `before` and `after` are left out where they are secret."""

    field: str
    before: str | msgspec.UnsetType | None = msgspec.UNSET
    after: str | msgspec.UnsetType | None = msgspec.UNSET


def list_changes(instance: Instance, changes: Changes) -> list[Change]:
    """What would be different, field by field; a password is never shown. Raises Invalid."""
    listed = []
    for name in changes.__struct_fields__:
        wanted = getattr(changes, name)
        if wanted is msgspec.UNSET:
            continue
        if name == "rest_address":
            wanted = normalise_address(wanted)
        before, after = getattr(instance, name), wanted or None
        if before != after:
            is_secret = name == "admin_password"
            listed.append(Change(name) if is_secret else Change(name, before, after))
    return listed


def merge_access(instance: Instance, changes: Changes) -> tuple[str | None, str | None]:
    """The address and the password as they shall be. Raises Invalid."""
    address, password = instance.rest_address, instance.admin_password
    if changes.rest_address is not msgspec.UNSET:
        address = normalise_address(changes.rest_address) or None
    if changes.admin_password is not msgspec.UNSET:
        password = changes.admin_password or None
    return address, password


def normalise_address(text: str) -> str:
    """`host:port` or `http://host:port` as the latter; empty stays empty. Raises Invalid."""
    if not text:
        return ""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        is_right = parts.scheme == "http" and parts.hostname and parts.port and parts.path in ("", "/")
    except ValueError:
        is_right = False
    if not is_right or parts.username or parts.query or parts.fragment:
        raise Invalid(fields={"rest_address": "must be like 192.168.0.5:8212"})
    return f"http://{parts.netloc}"
