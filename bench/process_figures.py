"""What Linux knows of a running process: memory, processor time, bytes written, connections to the engine."""

from __future__ import annotations

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
CONNECTED, STREAM = "03", "0001"


def read_rss_bytes(pid: int) -> int:
    """Resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def read_cpu_seconds(pid: int) -> float:
    """Processor time in user and kernel mode since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure_cpu_percent(pid: int, seconds: float) -> float:
    """Of one core, over the next `seconds`."""
    cpu, begin = read_cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (read_cpu_seconds(pid) - cpu) / (time.monotonic() - begin) * 100


def read_written_bytes(pid: int) -> int:
    """What its write calls took, /dev/null's included."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def count_engine_connections(pid: int) -> int:
    """Connected unix stream sockets: the panel speaks over those with the engine and with nobody else."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]]
    connected = {row[6] for row in rows if row[4] == STREAM and row[5] == CONNECTED}
    return sum(inode in connected for inode in _list_socket_inodes(pid))


def _list_socket_inodes(pid: int) -> list[str]:
    inodes = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(path)
        except FileNotFoundError:
            continue  # closed in between
        if target.startswith("socket:["):
            inodes.append(target[8:-1])
    return inodes
