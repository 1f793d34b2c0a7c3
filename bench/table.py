"""The one table: a row is what we took, what the raw thing took, both together, and the floor beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

HEADINGS = ("", "ours", "raw", "ratio", "floor", "")


class Row(NamedTuple):
    """`verdict` is "ok" or "below", empty where there is no floor to hold."""

    what: str
    ours: str
    raw: str = ""
    ratio: str = ""
    floor: str = ""
    verdict: str = ""


def at_least(what: str, ours: str, raw: str, ratio: float, floor: float) -> Row:
    """A ratio that must not be smaller than `floor`."""
    return Row(what, ours, raw, f"{ratio:.2f}", f">= {floor:g}", _verdict(ratio >= floor))


def at_most(what: str, value: float, limit: float, unit: str, raw: str = "") -> Row:
    """A figure that must not be larger than `limit`, both in `unit`."""
    return Row(what, f"{value:.3g} {unit}", raw, "", f"<= {limit:g} {unit}", _verdict(value <= limit))


def at_most_part(what: str, ours_ms: float, raw_ms: float, parts: int) -> Row:
    """A time that must not be longer than one of so many `parts` of the raw one."""
    ratio = f"1/{raw_ms / ours_ms:.0f}"
    verdict = _verdict(ours_ms * parts <= raw_ms)
    return Row(what, f"{ours_ms:.3g} ms", f"{raw_ms:.0f} ms", ratio, f"<= 1/{parts}", verdict)


def _verdict(is_held: bool) -> str:
    return "ok" if is_held else "below"


def format_table(rows: Sequence[Row]) -> str:
    """In columns, as wide as their widest cell."""
    lines = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    rule = ["-" * width for width in widths]
    padded = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (HEADINGS, rule, *rows)
    ]
    return "\n".join(padded)
