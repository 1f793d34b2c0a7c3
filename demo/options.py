"""The option line of PalWorldSettings.ini: one line that is either whole or worth nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from demo.template import TEMPLATE_OPTIONS

SECTION = "[/Script/Pal.PalGameWorldSettings]"
_PREFIX = "OptionSettings="
_OPTION = re.compile(r'\s*(\w+)=((?:"[^"]*"|\((?:"[^"]*"|[^"()])*\)|[^",()])*)(?:,|$)')
_OFFICIAL_NAMES = {name.lower(): name for name in TEMPLATE_OPTIONS}
_SHAPES = tuple(
    re.compile(shape) for shape in (r"True|False", r"-?\d+(\.\d+)?", r'"[^"]*"', r"(\(.*\))?", r"\w+")
)


class OptionsError(ValueError):
    """The line is not one the game would take."""


def parse_options(text: str) -> dict[str, str]:
    """Read an ini file's text into raw values by their official names; unknown keys are left out.

    Raises OptionsError when the game would throw the whole line away.
    """
    lines = text.partition(SECTION)[2].splitlines()
    found = [line.strip() for line in lines if line.startswith(_PREFIX)]
    if not found:
        return {}
    line = found[-1].removeprefix(_PREFIX)
    if not (line.startswith("(") and line.endswith(")")):
        raise OptionsError("the brackets around the options do not close on this line")
    options = {}
    for name, value in _split_options(line[1:-1]):
        official = _OFFICIAL_NAMES.get(name.lower())
        if official:
            options[official] = _checked_value(official, value)
    return options


def render_options(options: Mapping[str, str]) -> str:
    """Write raw values as an ini file's text."""
    line = ",".join(f"{name}={value}" for name, value in options.items())
    return f"{SECTION}\n{_PREFIX}({line})\n"


def _split_options(text: str) -> list[tuple[str, str]]:
    pairs = []
    position = 0
    while position < len(text):
        match = _OPTION.match(text, position)
        if match is None:
            raise OptionsError(f"not an option: {text[position : position + 20]!r}")
        pairs.append((match[1], match[2].strip()))
        position = match.end()
    return pairs


def _checked_value(name: str, value: str) -> str:
    default = TEMPLATE_OPTIONS[name]
    shape = next(shape for shape in _SHAPES if shape.fullmatch(default))
    if not shape.fullmatch(value):
        raise OptionsError(f"{name} has a value of the wrong kind")
    return value
