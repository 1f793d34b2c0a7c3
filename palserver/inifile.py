"""PalWorldSettings.ini as the game reads it: a section and one line `OptionSettings=(Key=Value,…)`.

Values stay as they are written, quotes and brackets included, and `split_options` loses no character: what
this module does not understand it hands on untouched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

SECTION = "[/script/pal.palgameworldsettings]"
_OPTION_LINE = re.compile(r"\s*OptionSettings\s*=\s*\((.*)\)\s*", re.IGNORECASE)
_ANY_OPTION_LINE = re.compile(r"\s*OptionSettings\s*=", re.IGNORECASE)


class BrokenLine(ValueError):
    """A quote or a bracket does not close: the game throws the whole line away and says nothing."""


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 if it says so; what is neither is replaced."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")


def read_options(text: str) -> dict[str, str]:
    """The options by their names as written; {} where the game would use its defaults for all of them."""
    line = _find_option_line(text)
    match = _OPTION_LINE.fullmatch(line) if line is not None else None
    if match is None:
        return {}
    try:
        pieces = split_options(match[1])
    except BrokenLine:
        return {}
    pairs = (piece.partition("=") for piece in pieces)
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def split_options(options: str) -> list[str]:
    """Cut what stands between the outer brackets at its commas; joined by commas it is the same text again.

    A comma inside quotes or brackets cuts nothing. Raises BrokenLine.
    """
    pieces, start, depth, is_quoted = [], 0, 0, False
    for match in re.finditer(r'[",()]', options):
        place, character = match.start(), match[0]
        if character == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (character == "(") - (character == ")")
            if depth < 0:
                raise BrokenLine()
            if character == "," and depth == 0:
                pieces.append(options[start:place])
                start = place + 1
    if is_quoted or depth:
        raise BrokenLine()
    return [*pieces, options[start:]]


def find_option(options: Mapping[str, str], name: str) -> str | None:
    """The raw value of an option, its name in any case."""
    found = [value for key, value in options.items() if key.lower() == name.lower()]
    return found[-1] if found else None


def unquote(value: str) -> str:
    """A string without its quotes; any other value as it is."""
    is_quoted = len(value) >= 2 and value.startswith('"') and value.endswith('"')
    return value[1:-1] if is_quoted else value


def _find_option_line(text: str) -> str | None:
    """The last option line of the right section; lines of other sections and comments mean nothing."""
    found, is_in_section = None, False
    # Not splitlines(): a name may hold characters, such as U+2028, that are line ends to Python alone.
    for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")):
        if line.strip().startswith("["):
            is_in_section = line.strip().lower() == SECTION
        elif is_in_section and _ANY_OPTION_LINE.match(line):
            found = line
    return found
