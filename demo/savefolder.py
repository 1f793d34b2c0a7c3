"""The saved folder: which of its worlds is the live one."""

from __future__ import annotations

import random
import re
from pathlib import Path

_SECTION = "[/Script/Pal.PalGameLocalSettings]"
_NAME_LINE = re.compile(r"^DedicatedServerName=(.*)$", re.MULTILINE)
_GUID = re.compile(r"[0-9A-F]{32}")


def world_folder(saved_path: Path, dice: random.Random) -> Path:
    """Return the folder of the world that GameUserSettings.ini names; it need not be there.

    A name that cannot be one makes the server invent a new world and write its name down; the old
    world's folder stays where it is, and is not played on.
    """
    worlds = saved_path / "SaveGames" / "0"
    settings = saved_path / "Config" / "LinuxServer" / "GameUserSettings.ini"
    text = settings.read_text(encoding="utf-8", errors="replace") if settings.exists() else ""
    named = _NAME_LINE.search(text)
    if named and _GUID.fullmatch(named[1].strip()):
        return worlds / named[1].strip()
    guid = _unused_guid(worlds, dice)
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(_with_name(text, guid), encoding="utf-8")
    return worlds / guid


def _unused_guid(worlds: Path, dice: random.Random) -> str:
    # The same seed throws the same first guid again: a lost name must not lead back into an old world.
    while True:
        guid = f"{dice.getrandbits(128):032X}"
        if not (worlds / guid).exists():
            return guid


def _with_name(text: str, guid: str) -> str:
    line = f"DedicatedServerName={guid}"
    if _NAME_LINE.search(text):
        return _NAME_LINE.sub(line, text)
    if _SECTION in text:
        return text.replace(_SECTION, f"{_SECTION}\n{line}", 1)
    return f"{text}{_SECTION}\n{line}\n"
