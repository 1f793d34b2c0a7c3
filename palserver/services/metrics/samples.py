"""One engine stats frame as a sample, counted as `docker stats` counts. Pure functions.

Formulas: docker/cli, `cli/command/container/stats_helpers.go` (memory on cgroup v1 and v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

NEVER = "0001-01-01"


class Sample(msgspec.Struct, frozen=True):
    """The latest figures of an instance; null is what was not measured. `cpu_percent` 100 is one core."""

    instance: str
    cpu_percent: float | None
    memory_bytes: int | None
    memory_limit_bytes: int | None
    network_rx_bytes: int | None
    network_tx_bytes: int | None
    block_read_bytes: int | None
    block_write_bytes: int | None
    players: int | None
    fps: float | None
    sampled_at: str | None


Stats = Mapping[str, Any]


def has_run(stats: Stats) -> bool:
    """False for the empty frames that the engine goes on sending for a stopped container."""
    return not stats["read"].startswith(NEVER)


def measure_cpu_percent(stats: Stats, previous: Stats | None) -> float | None:
    """The share since `previous`. None without one: the first frame holds the average since boot."""
    if previous is None:
        return None
    now, before = stats["cpu_stats"], previous["cpu_stats"]
    system = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    if system <= 0 or used < 0:
        return None
    cores = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or ()) or 1
    return float(round(used / system * cores * 100, 2))


def measure_memory_bytes(stats: Stats) -> int | None:
    """Usage without the page cache that the kernel would give back first."""
    memory = stats.get("memory_stats") or {}
    usage: int | None = memory.get("usage")
    if usage is None:
        return None
    details = memory.get("stats") or {}
    # cgroup v1 frames hold both names, and there `inactive_file` is without the children.
    inactive = details.get("total_inactive_file", details.get("inactive_file", 0))
    return usage - inactive if inactive < usage else usage


def measure_network_bytes(stats: Stats, direction: str) -> int | None:
    """The sum over all interfaces; `direction` is `rx` or `tx`. None on the host's network."""
    networks = stats.get("networks")
    if not networks:
        return None
    return sum(int(interface[f"{direction}_bytes"]) for interface in networks.values())


def measure_block_bytes(stats: Stats, operation: str) -> int | None:
    """The sum over all devices; `operation` is `read` or `write`. None where the kernel counts nothing.

    Kernels write the operation as `Read` or `read`; by its first letter alone the engine's own client goes.
    """
    entries = (stats.get("blkio_stats") or {}).get("io_service_bytes_recursive")
    if not entries:
        return None
    return sum(int(entry["value"]) for entry in entries if entry["op"][:1].lower() == operation[0])
