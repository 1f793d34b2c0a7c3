"""The settings the running game uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from demo.options import OptionsError, parse_options, render_options
from demo.template import TEMPLATE_OPTIONS

INI_NAME = Path("Config/LinuxServer/PalWorldSettings.ini")
_SECRETS = ("AdminPassword", "ServerPassword")
# What a WorldOption.sav leaves to the ini file.
_IDENTITY = (
    *("ServerName", "ServerDescription", "AdminPassword", "ServerPassword", "PublicIP", "PublicPort"),
    *("ServerPlayerMaxNum", "RCONEnabled", "RCONPort", "RESTAPIEnabled", "RESTAPIPort", "Region"),
    *("bShowPlayerList", "LogFormatType", "CrossplayPlatforms", "bIsUseBackupSaveData"),
)
_REST_NAMES = {"AutoSaveSpan": "autoSaveSpan"}
_OFFICIAL_PLAYER_LIMIT = 32


class Settings:
    """Typed access to raw option values, missing ones filled in from the template."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options = {**TEMPLATE_OPTIONS, **options}

    def with_options(self, options: Mapping[str, str]) -> Settings:
        """The same settings with some raw values replaced."""
        return Settings({**self._options, **options})

    def text(self, name: str) -> str:
        """A string without its quotes."""
        return self._options[name].strip('"')

    def number(self, name: str) -> float:
        """A number, whole or not."""
        return float(self._options[name])

    def is_on(self, name: str) -> bool:
        """A True or a False."""
        return self._options[name] == "True"

    @property
    def player_limit(self) -> int:
        """How many players fit in; more than 32 is clamped."""
        return min(int(self.number("ServerPlayerMaxNum")), _OFFICIAL_PLAYER_LIMIT)

    def for_rest(self) -> dict[str, object]:
        """What GET /settings shows: every option but the passwords, one of them under a name of its own."""
        shown: dict[str, object] = {
            _REST_NAMES.get(name, name): _json_value(name, value)
            for name, value in self._options.items()
            if name not in _SECRETS
        }
        return {**shown, "AllowConnectPlatform": "Steam"}


def load_settings(saved_path: Path, variables: Mapping[str, str], is_generating: bool) -> Settings:
    """Read the ini file, writing it from the environment first where it is missing or made anew at each boot.

    A broken line means the defaults, and nobody is told.
    """
    path = saved_path / INI_NAME
    if is_generating or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render_options({**TEMPLATE_OPTIONS, **variables}), encoding="utf-8")
    try:
        return Settings(parse_options(path.read_text(encoding="utf-8", errors="replace")))
    except OptionsError:
        return Settings({})


def override_options(settings: Settings, world_option: Path) -> Settings:
    """What a WorldOption.sav makes of the settings; nothing where there is none.

    One with an option line in plain text, which the real one is not, has its way as it has been seen to: over
    all that the identity of the server is not made of. Any other plays that of a co-op world, whose empty
    password shuts everybody out.
    """
    if not world_option.exists():
        return settings
    text = world_option.read_bytes().decode("utf-8", "replace")
    try:
        options = parse_options(text)
    except OptionsError:
        options = {}
    if not options:
        return settings.with_options({"AdminPassword": '""'})
    everything = {**TEMPLATE_OPTIONS, **options}
    return settings.with_options({name: raw for name, raw in everything.items() if name not in _IDENTITY})


def _json_value(name: str, value: str) -> object:
    if name == "DenyTechnologyList" or value.startswith("("):
        return re.findall(r'[^",()\s]+', value)
    if value in ("True", "False"):
        return value == "True"
    if value.startswith('"'):
        return value.strip('"')
    return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else value
