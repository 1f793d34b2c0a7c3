"""The values in a compose file, each of which may be written in several ways. All raise ComposeFault."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from palserver.services.compose.variables import ComposeFault
from palserver.services.containers.attachments import Json, PortBinding

_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?", re.IGNORECASE)
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?(?:(\d+)us)?")
_PORTS = r"\d{1,5}(?:-\d{1,5})?"
_PORT = re.compile(
    rf"(?:(?:(\[[0-9A-Fa-f:]+\]|[0-9.]+):)?({_PORTS})?:)?({_PORTS})(?:/(tcp|udp|sctp))?", re.ASCII
)
MAX_WHOLE = 2**63 - 1  # of the engine, and of what is stored


def read_text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise ComposeFault(f"“{key}” is not a text.")
    return value


def read_flag(key: str, value: Any) -> bool:
    if value in (True, "true", "yes", "on"):
        return True
    if value in (False, None, "false", "no", "off"):
        return False
    raise ComposeFault(f"“{key}” is neither true nor false.")


def read_number(key: str, value: Any) -> float:
    try:
        number = float(read_text(key, value))
    except ValueError as error:
        raise ComposeFault(f"“{key}” is not a number.") from error
    if not math.isfinite(number):
        raise ComposeFault(f"“{key}” is not a number.")
    return number


def read_whole(key: str, value: Any) -> int:
    return make_whole(key, read_number(key, value))


def make_whole(key: str, number: float) -> int:
    if not abs(number) < MAX_WHOLE:
        raise ComposeFault(f"“{key}” is too large a number.")
    return int(number)


def read_entries(key: str, value: Any) -> list[Any]:
    """A list of texts and maps."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ComposeFault(f"“{key}” is not a list.")
    return value


def read_list(key: str, value: Any) -> list[str]:
    """A list of texts; one alone is a list of it."""
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [read_text(key, each) for each in values]


def read_map(key: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ComposeFault(f"“{key}” is not a map.")
    return value


def read_pairs(key: str, value: Any) -> dict[str, str | None]:
    """`NAME=value` in a list, or a map; None where there is a name alone."""
    if isinstance(value, list):
        parts = (read_text(key, each).partition("=") for each in value)
        return {name: text if equals else None for name, equals, text in parts}
    pairs = read_map(key, value)
    return {name: None if each is None else read_text(name, each) for name, each in pairs.items()}


def read_words(key: str, value: Any) -> tuple[str, ...] | None:
    """A command: a list, or a line as a shell would split it."""
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(read_list(key, value))
    try:
        return tuple(shlex.split(read_text(key, value)))
    except ValueError as error:
        raise ComposeFault(f"“{key}” has a quote that is not closed.") from error


def read_size(key: str, value: Any) -> int:
    """Bytes."""
    match = _SIZE.fullmatch(read_text(key, value).strip())
    if match is None:
        raise ComposeFault(f"“{key}” is not a size like 512m or 8g.")
    return make_whole(key, float(match[1]) * _UNITS[match[2].lower()])


def read_seconds(key: str, value: Any) -> float:
    text = read_text(key, value).strip()
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ComposeFault(f"“{key}” is not a time like 30s or 1m30s.")
    hours, minutes, seconds, thousandths, millionths = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds + thousandths / 1e3 + millionths / 1e6
    make_whole(key, total * 1e9)  # the engine's unit
    return total


def read_ports(value: Any) -> Iterator[PortBinding]:
    for entry in read_entries("ports", value):
        if isinstance(entry, dict):
            yield from _read_long_port(read_map("ports", entry))
        else:
            yield from _read_short_port(read_text("ports", entry))


def _read_short_port(text: str) -> Iterator[PortBinding]:
    match = _PORT.fullmatch(text.strip())
    if match is None:
        raise ComposeFault(f"The port “{text[:60]}” is not like 8211:8211/udp.")
    host_ip, published, target, protocol = match.groups()
    yield from _pair(published, target, protocol or "tcp", (host_ip or "").strip("[]"))


def _read_long_port(entry: Json) -> Iterator[PortBinding]:
    known = {"target", "published", "protocol", "host_ip", "mode", "name", "app_protocol"}
    if entry.keys() - known:
        raise ComposeFault(f"A port has “{min(entry.keys() - known)}”, which is not known here.")
    target, published = read_text("target", entry.get("target")), entry.get("published")
    published = None if published is None else read_text("published", published)
    protocol = read_text("protocol", entry.get("protocol") or "tcp")
    if protocol not in ("tcp", "udp", "sctp"):
        raise ComposeFault(f"“{protocol[:60]}” is not a protocol.")
    yield from _pair(published, target, protocol, read_text("host_ip", entry.get("host_ip") or ""))


def _pair(published: str | None, target: str, protocol: str, host_ip: str) -> Iterator[PortBinding]:
    try:
        ip_address(host_ip or "::")
    except ValueError as error:
        raise ComposeFault(f"“{host_ip[:60]}” is not an address.") from error
    targets, hosts = _read_range(target), _read_range(published) if published else []
    if len(hosts) not in (0, len(targets)) and len(targets) != 1:
        raise ComposeFault(f"The ports {published} and {target} are not as many.")
    for number, port in enumerate(targets):
        # One port in the container and a range of the host's: the engine takes a free one of them.
        host_port = "" if not published else published if len(targets) == 1 else str(hosts[number])
        yield PortBinding(f"{port}/{protocol}", host_ip, host_port)


def _read_range(text: str) -> list[int]:
    if not re.fullmatch(_PORTS, text, re.ASCII):
        raise ComposeFault(f"“{text[:60]}” is not a port.")
    first, _, last = text.partition("-")
    numbers = range(int(first), int(last or first) + 1)
    if not numbers or numbers[-1] > 65535:
        raise ComposeFault(f"“{text}” is not a port.")
    return list(numbers)
