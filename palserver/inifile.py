"""PalWorldSettings.ini as the game reads it: a section and one line `OptionSettings=(Key=Value,…)`.

Values stay as they are written, quotes and brackets included, and `split_options` loses no character: what
this module does not understand it hands on untouched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

SECTION = "[/script/pal.palgameworldsettings]"
SECTION_LINE = "[/Script/Pal.PalGameWorldSettings]"
_OPTION_LINE = re.compile(r"\s*OptionSettings\s*=\s*\((.*)\)\s*", re.IGNORECASE)
_ANY_OPTION_LINE = re.compile(r"\s*OptionSettings\s*=", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]*")
_MARK = re.compile(r'\\.|[",()]', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class BrokenLine(ValueError):
    """A quote or a bracket does not close: the game throws the whole line away and says nothing."""


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 if it says so; what is neither is replaced."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")


def read_options(text: str) -> dict[str, str]:
    """The options by their names as written; {} where the game would use its defaults for all of them."""
    try:
        pieces = split_options(_find_options(text) or "")
    except BrokenLine:
        return {}
    pairs = (piece.partition("=") for piece in pieces)
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def is_whole(text: str) -> bool:
    """Whether the game would read the options; a text without any is whole, too. Its defaults hold then."""
    try:
        split_options(_find_options(text) or "")
    except BrokenLine:
        return False
    return True


def set_options(content: bytes, values: Mapping[str, str], defaults: Mapping[str, str]) -> bytes:
    """The file with these raw values, and every other byte of it as it was.

    Names are found in any case, and wherever one is written more than once; new ones come last. Where there
    is no option line yet it is made of all `defaults`, and a broken file, of which the game reads nothing, is
    made anew.
    """
    bom, codec, handler = _find_encoding(content)
    try:
        text = content[len(bom) :].decode(codec, handler)
        span = _find_span(text)
        pieces = split_options(text[slice(*span)]) if span else []
    except (BrokenLine, UnicodeDecodeError):
        bom, codec, text, span, pieces = b"", "utf-8", "", None, []
    if span:
        new = text[: span[0]] + ",".join(_replace(pieces, values)) + text[span[1] :]
    else:
        new = _add_line(text, _replace([f"{name}={value}" for name, value in defaults.items()], values))
    return bom + new.encode(codec, handler)


def split_options(options: str) -> list[str]:
    """Cut what stands between the outer brackets at its commas; joined by commas it is the same text again.

    A comma inside quotes or brackets cuts nothing; inside quotes a backslash takes the next character its
    meaning. Raises BrokenLine.
    """
    pieces, start, depth, is_quoted = [], 0, 0, False
    position = 0
    while match := _MARK.search(options, position):
        place, character, position = match.start(), match[0], match.end()
        if character == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            if character.startswith("\\"):
                position = place + 1  # no escape here: what follows it means what it means
                continue
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
    """A string without its quotes and escapes; any other value as it is."""
    is_quoted = len(value) >= 2 and value.startswith('"') and value.endswith('"')
    return _ESCAPED.sub(r"\1", value[1:-1]) if is_quoted else value


def _replace(pieces: list[str], values: Mapping[str, str]) -> list[str]:
    """The pieces with other values, their names and the spaces around them as they were."""
    wanted = {name.lower(): value for name, value in values.items()}
    written, replaced = set(), []
    for piece in pieces:
        name, equals, value = piece.partition("=")
        key = name.strip().lower()
        if equals and key in wanted:
            written.add(key)
            lead, tail = value[: len(value) - len(value.lstrip())], value[len(value.rstrip()) :]
            piece = f"{name}={lead}{wanted[key]}{tail if value.strip() else ''}"
        replaced.append(piece)
    added = [f"{name}={value}" for name, value in values.items() if name.lower() not in written]
    is_empty = not any(piece.strip() for piece in replaced)
    return added if is_empty and added else replaced + added


def _add_line(text: str, pieces: list[str]) -> str:
    """Below the section where there is one, else with one at the end."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    line = f"OptionSettings=({','.join(pieces)}){line_end}"
    for match in _LINE.finditer(text):
        if match[0].strip().lower() == SECTION:
            rest = text[match.end() :]
            return f"{text[: match.end()]}{line_end}{line}{rest.removeprefix(line_end)}"
    gap = line_end if text and not text.endswith(("\n", "\r")) else ""
    return f"{text}{gap}{SECTION_LINE}{line_end}{line}"


def _find_encoding(content: bytes) -> tuple[bytes, str, str]:
    """The byte order mark, the codec, and how it keeps what is no text."""
    for bom, codec in _UTF_16.items():
        if content.startswith(bom):
            return bom, codec, "surrogatepass"
    bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    return bom, "utf-8", "surrogateescape"


def _find_options(text: str) -> str | None:
    """What stands between the outer brackets; None where there is no option line. Raises BrokenLine."""
    span = _find_span(text)
    return None if span is None else text[slice(*span)]


def _find_span(text: str) -> tuple[int, int] | None:
    """Where it stands: in the last option line of the right section. Raises BrokenLine.

    Lines of other sections and comments mean nothing.
    """
    found, is_in_section = None, False
    # Not splitlines(): a name may hold characters, such as U+2028, that are line ends to Python alone.
    for line in _LINE.finditer(text):
        words = line[0].removeprefix("\ufeff").strip()
        if words.startswith("["):
            is_in_section = words.lower() == SECTION
        elif is_in_section and _ANY_OPTION_LINE.match(line[0]):
            found = line
    if found is None:
        return None
    match = _OPTION_LINE.fullmatch(found[0])
    if match is None:
        raise BrokenLine()
    return found.start() + match.start(1), found.start() + match.end(1)
