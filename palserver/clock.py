"""The time as the API writes it: RFC 3339 in UTC, with milliseconds and `Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_now() -> str:
    return format_time(datetime.now(UTC))


def utc_after(seconds: float) -> str:
    return format_time(datetime.now(UTC) + timedelta(seconds=seconds))


def format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read RFC 3339; digits past microseconds (the engine writes nine) are cut. Raises ValueError."""
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    moment = datetime.fromisoformat(head + dot + rest[: min(digits, 6)] + rest[digits:])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
