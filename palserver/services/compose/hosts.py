"""What a compose file decides about a container's place on its host, in the engine's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from palserver.services.compose import values
from palserver.services.containers.attachments import Json


def _limits(key: str, value: Any) -> list[Json]:
    limits = []
    for name, each in values.read_map(key, value).items():
        pair = each if isinstance(each, dict) else {"soft": each, "hard": each}
        soft, hard = (values.read_whole(name, pair.get(which)) for which in ("soft", "hard"))
        limits.append({"Name": name, "Soft": soft, "Hard": hard})
    return limits


def _logging(key: str, value: Any) -> Json:
    found = values.read_map(key, value)
    return {
        "Type": values.read_text("driver", found.get("driver") or "json-file"),
        "Config": values.read_pairs("options", found.get("options")),
    }


def _devices(key: str, value: Any) -> list[Json]:
    devices = []
    for each in values.read_list(key, value):
        on_host, _, rest = each.partition(":")
        inside, _, rights = rest.partition(":")
        device = {"PathOnHost": on_host, "PathInContainer": inside or on_host}
        devices.append({**device, "CgroupPermissions": rights or "rwm"})
    return devices


def _hosts(key: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}:{values.read_text(key, each)}" for name, each in value.items()]
    return [each.replace("=", ":", 1) for each in values.read_list(key, value)]


def _cpus(key: str, value: Any) -> int:
    return values.make_whole(key, values.read_number(key, value) * 1e9)


# By the engine's words, each with what reads it.
HOST: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "cap_add": ("CapAdd", values.read_list),
    "cap_drop": ("CapDrop", values.read_list),
    "cpu_shares": ("CpuShares", values.read_whole),
    "cpus": ("NanoCpus", _cpus),
    "cpuset": ("CpusetCpus", values.read_text),
    "devices": ("Devices", _devices),
    "dns": ("Dns", values.read_list),
    "dns_opt": ("DnsOptions", values.read_list),
    "dns_search": ("DnsSearch", values.read_list),
    "extra_hosts": ("ExtraHosts", _hosts),
    "group_add": ("GroupAdd", values.read_list),
    "init": ("Init", values.read_flag),
    "ipc": ("IpcMode", values.read_text),
    "logging": ("LogConfig", _logging),
    "mem_reservation": ("MemoryReservation", values.read_size),
    "memswap_limit": ("MemorySwap", values.read_size),
    "oom_kill_disable": ("OomKillDisable", values.read_flag),
    "oom_score_adj": ("OomScoreAdj", values.read_whole),
    "pid": ("PidMode", values.read_text),
    "pids_limit": ("PidsLimit", values.read_whole),
    "privileged": ("Privileged", values.read_flag),
    "read_only": ("ReadonlyRootfs", values.read_flag),
    "runtime": ("Runtime", values.read_text),
    "security_opt": ("SecurityOpt", values.read_list),
    "shm_size": ("ShmSize", values.read_size),
    "sysctls": ("Sysctls", values.read_pairs),
    "ulimits": ("Ulimits", _limits),
    "userns_mode": ("UsernsMode", values.read_text),
}


def read_host(service: Json) -> Json:
    """As `HostConfig`, without what has a field of its own. Raises ComposeFault."""
    host = {
        engine: read(key, service[key])
        for key, (engine, read) in HOST.items()
        if service.get(key) is not None
    }
    if tmpfs := values.read_list("tmpfs", service.get("tmpfs")):
        host["Tmpfs"] = dict(each.partition(":")[::2] for each in tmpfs)
    limits = read_limits(service)
    if limits.get("cpus") is not None:
        host["NanoCpus"] = _cpus("cpus", limits["cpus"])
    return host


def read_limits(service: Json) -> Json:
    deploy = values.read_map("deploy", service.get("deploy"))
    resources = values.read_map("resources", deploy.get("resources"))
    return values.read_map("limits", resources.get("limits"))
