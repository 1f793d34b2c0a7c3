"""The variables of a compose file: `${…}` filled in, and the files that give them their values."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 1024 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=(.*))?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
NOT_UNDERSTOOD = "It has something that is not understood here."


class ComposeFault(Exception):
    """A compose file cannot be gone by; one sentence for its owner."""


@contextmanager
def only_faults(path: Path) -> Iterator[None]:
    """Whatever else a file makes its reader raise is a fault of it, too."""
    try:
        yield
    except ComposeFault:
        raise
    except Exception as error:
        log.exception("%s cannot be read.", path)
        raise ComposeFault(NOT_UNDERSTOOD) from error


def read_text(path: Path) -> str:
    """UTF-8 with any line ends. Raises ComposeFault."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ComposeFault(f"{path.name} cannot be read ({error.strerror}).") from error
    except ValueError as error:  # no file can have this name
        raise ComposeFault(f"{path.name!r} is not the name of a file.") from error
    if len(content) > MAX_FILE_BYTES:
        raise ComposeFault(f"{path.name} is too large.")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ComposeFault(f"{path.name} is not in UTF-8.") from error


def read_variables(path: Path, known: Mapping[str, str]) -> dict[str, str]:
    """The lines `NAME=value` of an environment file; a name alone has its value from `known`, or none.

    Raises ComposeFault.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ComposeFault(f"Line {number} of {path.name} is not like NAME=value.")
        name, value = match.groups()
        if value is not None:
            found[name] = _read_value(value.strip(), {**known, **found})
        elif name in known:
            found[name] = known[name]
    return found


def fill_in_all(value: Any, variables: Mapping[str, str]) -> Any:
    """Fill in every text in what YAML made; the keys stay as they are. Raises ComposeFault."""
    if isinstance(value, str):
        return fill_in(value, variables)
    if isinstance(value, list):
        return [fill_in_all(each, variables) for each in value]
    if isinstance(value, dict):
        return {key: fill_in_all(each, variables) for key, each in value.items()}
    return value


def fill_in(text: str, variables: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}`, with `:-`, `-`, `:?`, `?`, `:+` or `+`, one in the other; `$$` is a dollar.

    A variable that is not set is nothing, as in compose. Raises ComposeFault.
    """
    filled, place = [], 0
    while (start := text.find("$", place)) >= 0:
        value, end = _read_one(text, start + 1, variables)
        filled += [text[place:start], value]
        place = end
    return "".join(filled) + text[place:]


def _read_one(text: str, place: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """What begins after a dollar, and where it ends."""
    if text.startswith("$", place):
        return "$", place + 1
    if match := _NAME.match(text, place):
        return variables.get(match[0], ""), match.end()
    end = _find_brace(text, place) if text.startswith("{", place) else -1
    match = _NAME.match(text, place + 1, end) if end > 0 else None
    if match is None:
        raise ComposeFault(f"“{text[:60]}” has a $ that begins no variable. Write $$ for a dollar.")
    return _choose(match[0], text[match.end() : end], variables), end + 1


def _find_brace(text: str, place: int) -> int:
    """Where the brace that opens at `place` is closed; -1 if it is not."""
    depth = 0
    for number in range(place, len(text)):
        depth += (text[number] == "{") - (text[number] == "}")
        if depth == 0:
            return number
    return -1


def _choose(name: str, rest: str, variables: Mapping[str, str]) -> str:
    """`rest` is the operator and the word after it."""
    operator, word = (rest[:2], rest[2:]) if rest.startswith(":") else (rest[:1], rest[1:])
    value = variables.get(name)
    is_there = bool(value) if operator.startswith(":") else value is not None
    match operator.removeprefix(":"):
        case "-":
            return value or "" if is_there else fill_in(word, variables)
        case "+":
            return fill_in(word, variables) if is_there else ""
        case "?":
            if not is_there:
                raise ComposeFault(f"The variable {name} is not set. {fill_in(word, variables)}".strip())
            return value or ""
        case "" if not rest:
            return value or ""
    raise ComposeFault(f"“${{{name}{rest[:40]}}}” is not a variable.")


def _read_value(text: str, known: Mapping[str, str]) -> str:
    quote = text[:1]
    if quote == "'" and (end := text.find("'", 1)) > 0:
        return text[1:end]
    if quote == '"' and (match := re.match(r'"((?:[^"\\]|\\.)*)"', text)):
        plain = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), match[1])
        return fill_in(plain, known)
    return fill_in(re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip(), known)
