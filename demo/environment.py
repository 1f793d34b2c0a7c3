"""The environment and the command line, read once into a frozen value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_OPTION_OF_VARIABLE = {
    "SERVER_NAME": "ServerName",
    "SERVER_DESCRIPTION": "ServerDescription",
    "ADMIN_PASSWORD": "AdminPassword",
    "SERVER_PASSWORD": "ServerPassword",
    "PLAYERS": "ServerPlayerMaxNum",
    "REST_API_PORT": "RESTAPIPort",
    "AUTO_SAVE_SPAN": "AutoSaveSpan",
}
_OPTION_OF_ARGUMENT = {"-players": "ServerPlayerMaxNum", "-restapiport": "RESTAPIPort"}
_QUOTED_OPTIONS = {"ServerName", "ServerDescription", "AdminPassword", "ServerPassword"}
_WORLD_BYTES = range(4_096, (1 << 30) + 1)

Value = TypeVar("Value")


class VariableError(ValueError):
    """One or more variables cannot be used; the message names each."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything the outside may decide about this process."""

    saved_path: Path
    game_port: int
    control_port: int
    boot_seconds: float
    idle_seconds: float
    world_bytes: int
    is_lively: bool
    seed: int | None
    faults: dict[str, object]
    is_generating_settings: bool
    options: dict[str, str]
    forced_options: dict[str, str]


class _Reader:
    """Reads one variable after the other and remembers what was wrong with each."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def read(self, name: str, default: str, convert: Callable[[str], Value]) -> Value:
        try:
            return convert(self._environ.get(name) or default)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return convert(default)


def read_environment(environ: Mapping[str, str], arguments: Sequence[str]) -> Environment:
    """Make an Environment; unknown arguments are ignored, as the game does.

    Raises VariableError with every bad variable in one message.
    """
    reader = _Reader(environ)
    environment = Environment(
        saved_path=reader.read("DEMO_SAVED_PATH", "/pal/Package/Pal/Saved", Path),
        game_port=reader.read("PORT", "8211", _to_port),
        control_port=reader.read("DEMO_CONTROL_PORT", "8299", _to_port),
        boot_seconds=reader.read("DEMO_BOOT_SECONDS", "3", _to_seconds),
        idle_seconds=reader.read("DEMO_IDLE_SECONDS", "15", _to_seconds),
        world_bytes=reader.read("DEMO_WORLD_BYTES", "200000", _to_world_bytes),
        is_lively=reader.read("DEMO_LIVELY", "1", _to_switch),
        seed=reader.read("DEMO_SEED", "", lambda text: int(text) if text else None),
        faults=reader.read("DEMO_FAULTS", "{}", _to_object),
        is_generating_settings=reader.read("DEMO_GENERATE_SETTINGS", "false", _to_switch),
        options=_options_from(environ),
        forced_options=_options_from_arguments(arguments),
    )
    if reader.problems:
        raise VariableError("; ".join(reader.problems))
    return environment


def _options_from(environ: Mapping[str, str]) -> dict[str, str]:
    # Written as they stand: a quotation mark in a password breaks the ini file of the real image, too.
    options = {
        option: f'"{environ[variable]}"' if option in _QUOTED_OPTIONS else environ[variable]
        for variable, option in _OPTION_OF_VARIABLE.items()
        if environ.get(variable)
    }
    return {"RESTAPIEnabled": "True", **options}


def _options_from_arguments(arguments: Sequence[str]) -> dict[str, str]:
    options = {}
    for argument in arguments:
        name, _, value = argument.lower().partition("=")
        if name == "-restapi":
            options["RESTAPIEnabled"] = "True"
        elif name in _OPTION_OF_ARGUMENT and value.isdecimal():
            options[_OPTION_OF_ARGUMENT[name]] = value
    return options


def _to_port(text: str) -> int:
    port = int(text)
    if port not in range(65_536):
        raise ValueError(f"{port} is not a port")
    return port


def _to_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise ValueError(f"{text} is not a number of seconds up to a day")
    return seconds


def _to_world_bytes(text: str) -> int:
    size = int(text)
    if size not in _WORLD_BYTES:
        raise ValueError(f"{size} is not between {_WORLD_BYTES.start} and {_WORLD_BYTES.stop - 1}")
    return size


def _to_switch(text: str) -> bool:
    switches = {"1": True, "true": True, "0": False, "false": False}
    if text.lower() not in switches:
        raise ValueError(f"{text!r} is neither true nor false")
    return switches[text.lower()]


def _to_object(text: str) -> dict[str, object]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
