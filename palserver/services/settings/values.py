"""The values of the game's settings: out of the file, into it, and whether what somebody sent can be one.

Pure functions. A typed value is a bool, a number, a text, or a list of texts.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from palserver import errors
from palserver.inifile import decode, find_option, read_options, unquote
from palserver.services.settings.table import DEFAULTS, KEYS_BY_LOWER, OPTIONS, Option

Value = bool | int | float | str | list[str]

LARGEST_INT = 2**31 - 1
LARGEST_FLOAT = 1e9
LONGEST_TEXT = 500
MOST_WORDS = 500
WORD = re.compile(r"[A-Za-z0-9_]{1,64}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def read_value(option: Option, raw: str) -> Value | None:
    """What the file means by it; None where it makes no sense for this option."""
    if option.type == "bool":
        return {"true": True, "false": False}.get(raw.lower())
    if option.type in ("int", "float"):
        if not _NUMBER.fullmatch(raw):
            return None
        number = float(raw)
        return int(number) if option.type == "int" or number.is_integer() else number
    if option.type == "list":
        return re.findall(r'[^",()\s]+', raw)
    return unquote(raw)


def write_value(option: Option, value: Value) -> str:
    """As the game writes it. The value has passed `check_values`."""
    if option.type == "bool":
        return "True" if value else "False"
    if option.type == "float":
        return f"{value:.6f}"
    if option.type == "string":
        return f'"{value}"'
    if isinstance(value, list):
        # Ids are written in doubled quotes, names of platforms bare, as in the official examples.
        words = value if option.choices else [f'""{word}""' for word in value]
        return f"({','.join(words)})" if words else ""
    return str(value)


def check_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Raw values by their official keys. Raises Invalid with all that is wrong, by key."""
    problems: dict[str, str] = {}
    raw: dict[str, str] = {}
    for name, value in values.items():
        key = KEYS_BY_LOWER.get(name.lower())
        problem = "is not known" if key is None else _find_problem(OPTIONS[key], value)
        if problem is None and key in raw:
            problem = "is given twice"
        if problem is not None or key is None:
            problems[name] = problem or "is not known"
        else:
            raw[key] = write_value(OPTIONS[key], value)
    if problems:
        raise errors.Invalid(fields=problems)
    return raw


def _find_problem(option: Option, value: Any) -> str | None:
    if option.type == "bool":
        return None if isinstance(value, bool) else "must be true or false"
    if option.type in ("int", "float"):
        return _find_number_problem(option, value)
    if option.type == "list":
        return _find_list_problem(option, value)
    if option.type == "enum":
        return None if value in option.choices else f"must be one of {', '.join(option.choices)}"
    return _find_text_problem(value)


def _find_number_problem(option: Option, value: Any) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)):
        return "must be a number"
    if option.type == "int" and value != int(value):
        return "must be a whole number"
    largest = LARGEST_INT if option.type == "int" else LARGEST_FLOAT
    low = 0 if option.minimum is None else option.minimum
    high = largest if option.maximum is None else option.maximum
    return None if low <= value <= high else f"must be from {low:g} to {high:.10g}"


def _find_list_problem(option: Option, value: Any) -> str | None:
    if not isinstance(value, list) or len(value) > MOST_WORDS:
        return "must be a list of texts"
    if option.choices:
        is_known = value and all(word in option.choices for word in value) and len(set(value)) == len(value)
        return None if is_known else f"must hold some of {', '.join(option.choices)}, each once"
    is_fit = all(isinstance(word, str) and WORD.fullmatch(word) for word in value)
    return None if is_fit else "must hold ids of letters, digits and _"


def _find_text_problem(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    if len(value) > LONGEST_TEXT:
        return f"must have at most {LONGEST_TEXT} characters"
    # How the game reads these inside of quotes is written nowhere: one wrong guess and it uses its defaults.
    is_fit = all(letter not in '"\\' and unicodedata.category(letter) not in ("Cc", "Cs") for letter in value)
    return None if is_fit else 'must not hold ", \\ or control characters'


def is_same(one: Any, other: Any) -> bool:
    """Whether the game means the same by both: it keeps floats in 32 bits, lists in an order of its own."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-6)
    return bool(one == other)


def hash_meaning(content: bytes | None) -> str:
    """The same for two files that mean the same to the game, however they are written."""
    written = read_options(decode(content or b""))
    meaning = {name.lower(): raw for name, raw in written.items() if name.lower() not in KEYS_BY_LOWER}
    known = {key: read_value(OPTIONS[key], find_raw(written, key)) for key in OPTIONS}
    text = json.dumps([meaning, known], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def find_raw(written: Mapping[str, str], key: str) -> str:
    """What the file has for it, else the default."""
    found = find_option(written, key)
    return DEFAULTS[key] if found is None else found
