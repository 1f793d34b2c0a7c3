"""What listens on this host already, from the kernel's own tables. Pure reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TABLES = {
    "tcp": ("/proc/net/tcp", "/proc/net/tcp6"),
    "udp": ("/proc/net/udp", "/proc/net/udp6"),
}
LISTENING = "0A"
_LINE = re.compile(r"\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) ")
_LOOPBACK_V4 = "0100007F"
_LOOPBACKS = (_LOOPBACK_V4, f"0000000000000000FFFF0000{_LOOPBACK_V4}", "00000000000000000000000001000000")


def list_listeners() -> Iterator[tuple[str, str, int]]:
    """Each `(protocol, address, port)`; the address is empty for all of them, `127.0.0.1` for the loopback.

    Only what the panel's own network has: that of the host, unless it runs in a container with its own.
    """
    for protocol, tables in TABLES.items():
        for table in tables:
            try:
                text = Path(table).read_text(encoding="ascii")
            except OSError:  # another kernel, or no IPv6
                continue
            for address, port in read_table(text, protocol):
                yield protocol, address, port


def read_table(text: str, protocol: str) -> Iterator[tuple[str, int]]:
    for match in map(_LINE.match, text.splitlines()):
        # A socket of UDP has no such state: it takes what comes as soon as it is bound.
        if match and (protocol == "udp" or match[3] == LISTENING):
            yield _name(match[1]), int(match[2], 16)


def _name(address: str) -> str:
    if not address.strip("0"):
        return ""
    return "127.0.0.1" if address in _LOOPBACKS else address
