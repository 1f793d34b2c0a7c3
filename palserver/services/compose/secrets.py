"""What is secret of a spec, as variables of the compose file that it is written as. Known by its name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from palserver.services.compose.yaml_text import Raw
from palserver.services.logs.redaction import SECRET_WORDS, SHORTEST_SECRET, is_secret

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Possessive: nobody's text may take long.
_NAME = rf"(?<![\w.-])(?=[\w.-]*(?:{'|'.join(SECRET_WORDS)}))[\w.-]++"
_VALUE = r"\"([^\"]+)\"|'([^']+)'|([^\s\"']\S*)"
# One argument, whatever its value has in it; or one among others, as in a line for a shell.
ALONE = re.compile(rf"({_NAME})=(?!.*\s-)(.+)", re.IGNORECASE | re.DOTALL)
AMONG = re.compile(rf"({_NAME})(=|\s++(?!-))(?:{_VALUE})", re.IGNORECASE)


class Secrets:
    """`variables` are those of the file, each with its value; every call may add some."""

    def __init__(self, environment: Mapping[str, str | None]) -> None:
        own = {name: value for name, value in environment.items() if value and is_secret(name)}
        self.variables: dict[str, str] = {}
        self._names = {
            name: self._add(name if VARIABLE.fullmatch(name) else _write_name(name), value)
            for name, value in own.items()
        }

    def write_environment(self, environment: Mapping[str, str | None]) -> dict[str, Any]:
        return {
            name: _refer(self._names[name]) if name in self._names else self.hide(value)
            for name, value in environment.items()
            if value is not None
        }

    def write_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        return {
            name: _refer(self._find(name, value)) if value and is_secret(name) else self.hide(value)
            for name, value in labels.items()
        }

    def write_words(self, words: Iterable[str]) -> list[str]:
        """A command's: the value of an argument may stand in it, or be the next word."""
        written, option = [], ""
        for word in words:
            is_value = option and word and not word.startswith("-")
            written.append(_refer(self._find(option, word)) if is_value else self.hide(word))
            option = word if word.startswith("-") and "=" not in word and is_secret(word) else ""
        return written

    def hide(self, text: str) -> str:
        """The text, with variables in the place of arguments that are secret and of secrets known so far."""
        alone = ALONE.fullmatch(text)
        found = [alone] if alone else [match for match in AMONG.finditer(text) if _is_argument(match)]
        spans = [(match.span(match.lastindex or 0), match[1]) for match in found]
        pieces, place = [], 0
        for (start, end), name in spans:
            pieces += [self._hide_known(text[place:start]), _refer(self._find(name, text[start:end]))]
            place = end
        pieces.append(self._hide_known(text[place:]))
        return Raw("".join(pieces)) if "".join(pieces) != _escape(text) else text

    def _hide_known(self, text: str) -> str:
        """As it stands in the file."""
        known = {value: name for name, value in self.variables.items() if len(value) >= SHORTEST_SECRET}
        if not known:
            return _escape(text)
        pattern = "|".join(re.escape(value) for value in sorted(known, key=len, reverse=True))
        parts = re.split(f"({pattern})", text)
        return "".join(_refer(known[part]) if part in known else _escape(part) for part in parts)

    def _find(self, name: str, value: str) -> str:
        """The variable with this value; a new one of that name if there is none."""
        same = (variable for variable, known in self.variables.items() if known == value)
        return next(same, None) or self._add(_write_name(name), value)

    def _add(self, name: str, value: str) -> str:
        variables = (name if number == 1 else f"{name}_{number}" for number in itertools.count(1))
        variable = next(each for each in variables if each not in self.variables)
        self.variables[variable] = value
        return variable


def _is_argument(match: re.Match[str]) -> bool:
    """A name and a word after it are one only if the name has a dash; else they may be part of a sentence."""
    return match[2] == "=" or match[1].startswith("-")


def _write_name(name: str) -> str:
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").upper()
    return plain if VARIABLE.fullmatch(plain) else f"_{plain}"


def _refer(variable: str) -> Raw:
    """Its absence stops compose rather than open the server."""
    return Raw(f"${{{variable}?is missing in .env}}")


def _escape(text: str) -> str:
    return text.replace("$", "$$")
