"""The save folder: which of its worlds is the live one, and what of it a restore puts in another's place.

Paths here are below the save folder, like `SaveGames/0/<GUID>/Level.sav`. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from palserver import inifile

GUID = r"[0-9A-Fa-f]{32}"
SETTINGS_FILES = ("Config/LinuxServer/GameUserSettings.ini", "Config/WindowsServer/GameUserSettings.ini")
BANS = "SaveGames/banlist.txt"
SECTION = "[/Script/Pal.PalGameLocalSettings]"
LEVEL = re.compile(rf"SaveGames/([^/]+/{GUID})/Level\.sav")
_NAME_LINE = re.compile(
    r"^[ \t]*DedicatedServerName[ \t]*=[ \t]*([^\r\n]*?)[ \t]*(?=\r?$)", re.MULTILINE | re.IGNORECASE
)


def find_world_guid(settings: bytes | None) -> str | None:
    """What GameUserSettings.ini names as the live world; None where it names none."""
    found = _NAME_LINE.findall(inifile.decode(settings or b""))
    return found[-1] if found and re.fullmatch(GUID, found[-1]) else None


def name_world(settings: bytes | None, guid: str) -> bytes:
    """GameUserSettings.ini with this world as the live one, and everything else as it was."""
    text = inifile.decode(settings or b"")
    line = f"DedicatedServerName={guid}"
    if _NAME_LINE.search(text):
        return _NAME_LINE.sub(line, text).encode()
    if SECTION in text:
        return text.replace(SECTION, f"{SECTION}\n{line}", 1).encode()
    return f"{text}{SECTION}\n{line}\n".encode()


def find_world_folders(paths: Iterable[str], guid: str) -> list[str]:
    """The folders like `SaveGames/0/<GUID>` that hold a `Level.sav`."""
    matches = (LEVEL.fullmatch(path) for path in paths)
    return [f"SaveGames/{match[1]}" for match in matches if match and match[1].endswith(f"/{guid}")]


def find_unit(path: str) -> str | None:
    """What is moved as a whole where this file is restored; None for what a restore leaves alone.

    A world is moved with everything in it. Settings are moved file by file: what the backup has no other
    version of (an Engine.ini somebody has written since) stays, and so do worlds that it knows nothing of.
    """
    parts = path.split("/")
    if parts[0] == "SaveGames" and len(parts) > 1:
        return "/".join(parts[:3])
    return path if parts[0] == "Config" and len(parts) > 1 else None


def list_units(paths: Iterable[str], live_guid: str | None) -> list[str]:
    """What a restore of these files takes the place of, the worlds first.

    Bans are those of the backup's time, also where there were none. A live world of another GUID makes room.
    """
    units = {unit for path in paths if (unit := find_unit(path)) is not None} | {BANS}
    if live_guid is not None and not any(unit.endswith(f"/{live_guid}") for unit in units):
        units.add(f"SaveGames/0/{live_guid}")
    outer = [unit for unit in units if not is_below(unit.rpartition("/")[0], units)]
    return sorted(outer, key=lambda unit: (not re.fullmatch(rf"SaveGames/[^/]+/{GUID}", unit), unit))


def is_below(path: str, units: Collection[str]) -> bool:
    """Whether the path is one of these, or lies in one."""
    ends = [end for end, letter in enumerate(path) if letter == "/"]
    return path in units or any(path[:end] in units for end in ends)


def find_only_world(paths: Iterable[str]) -> str | None:
    """The GUID of the one world among these files; None where there are several, or none."""
    matches = (LEVEL.fullmatch(path) for path in paths)
    guids = [match[1].rpartition("/")[2] for match in matches if match]
    return guids[0] if len(guids) == 1 else None
