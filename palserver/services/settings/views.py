"""The game's settings as the API shows them: what the file has, what waits, what the game plays by, and why.

Pure functions over what has been read. A password is never among it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from palserver.inifile import decode, find_option, is_whole, read_options
from palserver.services.settings.files import Found
from palserver.services.settings.sources import Source
from palserver.services.settings.table import KEYS_BY_LOWER, OPTIONS, Option
from palserver.services.settings.values import Value, find_raw, is_same, read_value
from palserver.store.settings import Order

TYPES = ("bool", "int", "float", "enum", "string", "list")
GROUPS = ("server", "world", "player", "pals", "items", "guild", "pvp", "network", "technical")
DANGERS = ("destroys_data", "opens_server", "blinds_panel", "load", "loss_window", "changes_play")
REASONS = ("restart", "environment", "command_line", "world_option", "rewritten", "unknown")
FILE_STATES = ("whole", "missing", "broken")

NUMBER_TYPES = ("int", "float")


def one_of(words: tuple[str, ...], *, or_null: bool = False) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema={"enum": [*words, None] if or_null else list(words)})


class OptionView(msgspec.Struct, frozen=True):
    """`file` is null where the file does not have it, `pending` where nothing waits, `effective` where the
    game has not said; all three for a password, of which `is_set` says whether the file has one.

    `dangerous_value` is the only one that brings the danger, null if every change may. `not_taken` says why
    the game plays by something else than was asked for, or than the file has.
    """

    key: str
    type: Annotated[str, one_of(TYPES)]
    group: Annotated[str, one_of(GROUPS)]
    file: Value | None
    pending: Value | None
    effective: Value | None
    default: Value | None
    min: float | None
    max: float | None
    choices: tuple[str, ...]
    danger: Annotated[str | None, one_of(DANGERS, or_null=True)]
    dangerous_value: bool | None
    is_secret: bool
    is_set: bool | None
    is_pending: bool
    not_taken: Annotated[str | None, one_of(REASONS, or_null=True)]


class PendingView(msgspec.Struct, frozen=True):
    """Who ordered what waits; `problem` is the key of why it could not be written so far."""

    actor: str | None
    ordered_at: str | None
    problem: str | None


class SettingsView(msgspec.Struct, frozen=True):
    """`revision` is to be sent back with a change. `unknown` are options of the file that we do not know,
    which stay as they are. Of a broken file the game reads nothing and uses its defaults.
    """

    revision: str
    options: list[OptionView]
    overridden_by: tuple[Source, ...]
    file: Annotated[str, one_of(FILE_STATES)]
    unknown: list[str]
    is_running: bool
    pending: PendingView | None


@dataclass(frozen=True)
class Known:
    """All that has been read. `shown` is what the game says, None where it does not; `is_newer` whether the
    file was written since the game began, `is_of_this_run` in that very second or since."""

    found: Found
    order: Order | None
    shown: Mapping[str, Any] | None
    sources: tuple[Source, ...]
    is_running: bool
    is_newer: bool
    is_of_this_run: bool
    written: Mapping[str, str] = field(init=False)
    pending: Mapping[str, str] = field(init=False)
    asked: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "written", read_options(decode(self.found.content or b"")))
        put(self, "pending", json.loads(self.order.pending) if self.order else {})
        put(self, "asked", json.loads(self.order.asked) if self.order else {})


def show(known: Known, revision: str) -> SettingsView:
    shown = {name.lower(): value for name, value in (known.shown or {}).items()}
    order = known.order if known.pending else None
    return SettingsView(
        revision=revision,
        options=[_show_option(option, known, shown.get(option.key.lower())) for option in OPTIONS.values()],
        overridden_by=known.sources,
        file=_find_state(known.found),
        unknown=[name for name in known.written if name.lower() not in KEYS_BY_LOWER],
        is_running=known.is_running,
        pending=PendingView(order.actor, order.ordered_at, order.problem) if order else None,
    )


def _show_option(option: Option, known: Known, told: Any) -> OptionView:
    raw, pending = find_option(known.written, option.key), known.pending.get(option.key)
    file = None if raw is None else read_value(option, raw)
    effective = told if _is_fit(option, told) else None
    is_hidden = option.is_secret
    return OptionView(
        key=option.key,
        type=option.type,
        group=option.group,
        file=None if is_hidden else file,
        pending=None if is_hidden or pending is None else read_value(option, pending),
        effective=None if is_hidden else effective,
        default=read_value(option, option.default),
        min=option.minimum,
        max=option.maximum,
        choices=option.choices,
        danger=option.danger,
        dangerous_value=option.dangerous_value,
        is_secret=is_hidden,
        is_set=bool(file) if is_hidden else None,
        is_pending=pending is not None,
        not_taken=None if pending is not None else _find_reason(option, known, effective),
    )


def _find_reason(option: Option, known: Known, effective: Value | None) -> str | None:
    """Why it is not as it was asked for; None where it is, or where nobody can know."""
    key = option.key
    file = read_value(option, find_raw(known.written, key))
    blamed = [source.source for source in known.sources if key in source.keys]
    asked = known.asked.get(key)
    if asked is not None and "environment" in blamed and not is_same(read_value(option, asked), file):
        return "environment"
    if effective is None:
        return None
    if is_same(effective, file):
        # Read by the game after it had begun: written by the start of its image. Else by somebody, before.
        is_lost = asked is not None and not is_same(read_value(option, asked), file)
        return "rewritten" if is_lost and known.is_of_this_run else None
    if known.is_newer:
        return "restart"
    return next((source for source in blamed if source != "environment"), "unknown")


def _find_state(found: Found) -> str:
    if found.content is None:
        return "missing"
    return "whole" if is_whole(decode(found.content)) else "broken"


def _is_fit(option: Option, told: Any) -> bool:
    if option.type in NUMBER_TYPES:
        return isinstance(told, int | float) and not isinstance(told, bool)
    if option.type == "bool":
        return isinstance(told, bool)
    if option.type == "list":
        return isinstance(told, list) and all(isinstance(word, str) for word in told)
    return isinstance(told, str)
