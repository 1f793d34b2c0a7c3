"""What else than the settings file decides what a game plays by: its image, its command line, its world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from palserver.services.images.known import KnownImage, find_known_image
from palserver.services.settings.table import OPTIONS

SOURCES = ("environment", "command_line", "world_option")
ARGUMENTS = {
    "-players": "ServerPlayerMaxNum",
    "-publicip": "PublicIP",
    "-publicport": "PublicPort",
    "-logformat": "LogFormatType",
    "-restapi": "RESTAPIEnabled",
    "-restapienabled": "RESTAPIEnabled",
    "-restapiport": "RESTAPIPort",
    "-adminpassword": "AdminPassword",
}
# A WorldOption.sav leaves these to the settings file.
IDENTITY = frozenset(
    (
        *("ServerName", "ServerDescription", "ServerPlayerMaxNum", "Region", "bShowPlayerList"),
        *("AdminPassword", "ServerPassword", "PublicIP", "PublicPort", "RCONEnabled", "RCONPort"),
        *("RESTAPIEnabled", "RESTAPIPort", "LogFormatType", "CrossplayPlatforms", "bIsUseBackupSaveData"),
    )
)


class Source(msgspec.Struct, frozen=True):
    """Something that has the last word on some options, and which these are."""

    source: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(SOURCES)})]
    keys: tuple[str, ...]


def list_sources(inspection: Mapping[str, Any], has_world_option: bool) -> tuple[Source, ...]:
    """From `inspect` of the container; in the order in which to blame them."""
    config = inspection["Config"]
    environment = dict(entry.partition("=")[::2] for entry in config.get("Env") or [])
    known = find_known_image(config["Image"])
    found = []
    if known is not None and known.writer is not None and known.writer.writes(environment):
        found.append(Source("environment", tuple(OPTIONS)))
    named = _list_arguments(inspection) | _list_handed_on(known, environment)
    if named:
        found.append(Source("command_line", tuple(key for key in OPTIONS if key in named)))
    if has_world_option:
        found.append(Source("world_option", tuple(key for key in OPTIONS if key not in IDENTITY)))
    return tuple(found)


def _list_handed_on(known: KnownImage | None, environment: Mapping[str, str]) -> set[str]:
    arguments = known.arguments if known else {}
    return {option for variable, option in arguments.items() if environment.get(variable)}


def _list_arguments(inspection: Mapping[str, Any]) -> set[str]:
    words = [inspection.get("Path") or "", *(inspection.get("Args") or [])]
    names = (word.lower().partition("=")[0] for whole in words for word in whole.split())
    return {ARGUMENTS[name] for name in names if name in ARGUMENTS}
