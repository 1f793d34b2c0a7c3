"""The settings that tie a container to its host, in the words of a compose file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NANO = 1_000_000_000
# The engine's words for a container's host settings, and those of a compose file, where they mean the same.
HOST_KEYS = {
    "CapAdd": "cap_add",
    "CapDrop": "cap_drop",
    "CgroupParent": "cgroup_parent",
    "CpuShares": "cpu_shares",
    "CpusetCpus": "cpuset",
    "Dns": "dns",
    "DnsOptions": "dns_opt",
    "DnsSearch": "dns_search",
    "ExtraHosts": "extra_hosts",
    "GroupAdd": "group_add",
    "Init": "init",
    "IpcMode": "ipc",
    "Isolation": "isolation",
    "MemoryReservation": "mem_reservation",
    "MemorySwap": "memswap_limit",
    "MemorySwappiness": "mem_swappiness",
    "OomKillDisable": "oom_kill_disable",
    "OomScoreAdj": "oom_score_adj",
    "PidMode": "pid",
    "PidsLimit": "pids_limit",
    "Privileged": "privileged",
    "ReadonlyRootfs": "read_only",
    "Runtime": "runtime",
    "SecurityOpt": "security_opt",
    "ShmSize": "shm_size",
    "StorageOpt": "storage_opt",
    "Sysctls": "sysctls",
    "UsernsMode": "userns_mode",
    "UTSMode": "uts",
}
# What the engine says of every container, and what is no setting of a container.
SILENT_HOST_KEYS = frozenset(("CgroupnsMode", "LogConfig", "NanoCpus", "Ulimits", "Devices", "Tmpfs"))
USUAL = {"ShmSize": 64 * 1024 * 1024, "Runtime": "runc", "IpcMode": ("private", "shareable")}


def list_unwritable(host: Iterable[str]) -> list[str]:
    """Those that a compose file has no words for."""
    return sorted(key for key in host if key not in HOST_KEYS and key not in SILENT_HOST_KEYS)


def write_host(host: Mapping[str, Any]) -> dict[str, Any]:
    """What a service says of these settings."""
    written = {
        word: host[key] for key, word in HOST_KEYS.items() if key in host and not _is_usual(key, host[key])
    }
    if log := host.get("LogConfig"):
        written["logging"] = {"driver": log.get("Type") or "json-file", "options": log.get("Config") or {}}
    if nano := host.get("NanoCpus"):
        written["cpus"] = nano / NANO
    if limits := host.get("Ulimits"):
        written["ulimits"] = {
            limit["Name"]: {"soft": limit["Soft"], "hard": limit["Hard"]} for limit in limits
        }
    if devices := host.get("Devices"):
        keys = ("PathOnHost", "PathInContainer", "CgroupPermissions")
        written["devices"] = [":".join(device[key] for key in keys) for device in devices]
    if folders := host.get("Tmpfs"):
        written["tmpfs"] = [":".join(filter(None, folder)) for folder in folders.items()]
    return written


def _is_usual(key: str, value: object) -> bool:
    usual = USUAL.get(key)
    return value in usual if isinstance(usual, tuple) else value == usual and key in USUAL
