"""Writing YAML, as far as a compose file needs it: maps, lists, and texts that stay what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Lines = Iterator[str]

INDENT = "  "
# Line ends to YAML alone, and what it forbids; JSON writes everything below them by itself.
NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


class Raw(str):
    """A text in which `$` is compose's own."""

    __slots__ = ()


def write_map(values: Mapping[str, Any], depth: int) -> Lines:
    for key, value in values.items():
        yield from _write_entry(f"{INDENT * depth}{_text(key)}:", value, depth)


def _write_entry(start: str, value: Any, depth: int) -> Lines:
    if isinstance(value, Mapping) and value:
        yield start
        yield from write_map(value, depth + 1)
    elif isinstance(value, list) and value:
        yield start
        for item in value:
            if isinstance(item, Mapping):
                first, *rest = write_map(item, depth + 2)
                yield f"{INDENT * (depth + 1)}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{INDENT * (depth + 1)}- {_text(item)}"
    else:
        yield f"{start} {_text(value)}"


def _text(value: Any) -> str:
    """A text stands between quotes, in which JSON and YAML agree, unless it cannot be anything else."""
    if not isinstance(value, str):
        return json.dumps(value)
    if re.fullmatch(r"[a-z][a-z_-]*", value) and value not in (
        "no",
        "yes",
        "on",
        "off",
        "true",
        "false",
        "null",
    ):
        return value
    written = json.dumps(value if isinstance(value, Raw) else value.replace("$", "$$"), ensure_ascii=False)
    return NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
