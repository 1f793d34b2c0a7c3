"""What a compose file says of a service, as the spec that its container is made from.

Nothing is passed over in silence: what is not known here raises ComposeFault, which names it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from palserver.services.compose import values
from palserver.services.compose.attachments import (
    only_bridge,
    read_exposed,
    read_mode,
    read_mounts,
    read_networks,
)
from palserver.services.compose.hosts import HOST, read_host, read_limits
from palserver.services.compose.projects import VERSION_LABEL, Project
from palserver.services.compose.variables import ComposeFault, read_variables
from palserver.services.containers.attachments import Json
from palserver.services.containers.specs import Spec

COUNT = re.compile(r"[0-9]{0,9}")
# They say how compose goes about it, and nothing of the container.
PASSED_OVER = {"build", "container_name", "depends_on", "profiles", "pull_policy", "deploy", "env_file"}
HAVE_FIELDS = {
    *(
        "image",
        "entrypoint",
        "command",
        "user",
        "working_dir",
        "stop_signal",
        "stop_grace_period",
        "hostname",
    ),
    *(
        "environment",
        "labels",
        "healthcheck",
        "expose",
        "ports",
        "volumes",
        "tmpfs",
        "network_mode",
        "networks",
    ),
    *("mem_limit", "restart", "domainname", "tty", "stdin_open", "mac_address"),
}


def spec_from_service(project: Project, name: str, service: Json) -> Spec:
    """Raises ComposeFault."""
    unknown = {key for key in service if not key.startswith("x-")} - {*PASSED_OVER, *HAVE_FIELDS, *HOST}
    if unknown:
        raise ComposeFault(f"It uses “{min(unknown)}”, which is not known here.")
    grace = service.get("stop_grace_period")
    mode = _find_text(service, "network_mode") or None
    config: Json = {
        engine: values.read_text(key, service[key])
        for key, engine in (("domainname", "Domainname"), ("mac_address", "MacAddress"))
        if service.get(key)
    }
    for key, engine in (("tty", "Tty"), ("stdin_open", "OpenStdin")):
        if values.read_flag(key, service.get(key)):
            config[engine] = True
    memory = read_limits(service).get("memory") or service.get("mem_limit")
    return Spec(
        image=read_image(service),
        entrypoint=values.read_words("entrypoint", service.get("entrypoint")),
        command=values.read_words("command", service.get("command")),
        user=_find_text(service, "user"),
        working_dir=_find_text(service, "working_dir"),
        stop_signal=_find_text(service, "stop_signal"),
        stop_timeout_seconds=None
        if grace is None
        else round(values.read_seconds("stop_grace_period", grace)),
        hostname=_find_text(service, "hostname"),
        environment=_read_environment(project, service),
        labels=_read_labels(project, name, service),
        healthcheck=_read_healthcheck(service.get("healthcheck")),
        exposed_ports=tuple(sorted(read_exposed(service))),
        ports=tuple(values.read_ports(service.get("ports"))),
        mounts=tuple(sorted(read_mounts(project, service), key=lambda mount: mount.target)),
        network_mode=None if mode in (None, "bridge") else read_mode(mode),
        networks=read_networks(project, name, service) if mode is None else only_bridge(mode),
        memory_limit_bytes=None if memory is None else values.read_size("memory", memory) or None,
        restart_policy=_read_restart(service.get("restart")),
        config=config,
        host=read_host(service),
    )


def read_image(service: Json) -> str:
    """Raises ComposeFault."""
    image = values.read_text("image", service.get("image"))
    if not image or image.endswith(":") or image != image.strip():
        raise ComposeFault(f"“{image[:80]}” is not an image. Is a variable of it not set?")
    return image


def _find_text(service: Json, key: str) -> str | None:
    value = service.get(key)
    return None if value is None else values.read_text(key, value)


def _read_environment(project: Project, service: Json) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    entries = service.get("env_file")
    for entry in entries if isinstance(entries, list) else [] if entries is None else [entries]:
        is_long = isinstance(entry, dict)
        path = project.path.parent / values.read_text("env_file", entry.get("path") if is_long else entry)
        if _is_file(path) or not is_long or values.read_flag("required", entry.get("required", True)):
            found |= read_variables(path, project.variables)
    for name, value in values.read_pairs("environment", service.get("environment")).items():
        if value is not None:
            found[name] = value
        elif name in project.variables:
            found[name] = project.variables[name]
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _read_labels(project: Project, name: str, service: Json) -> dict[str, str]:
    """The operator's, and those by which compose knows its own containers again."""
    own = {key: value or "" for key, value in values.read_pairs("labels", service.get("labels")).items()}
    return {
        **own,
        **VERSION_LABEL,
        "com.docker.compose.project": project.name,
        "com.docker.compose.service": name,
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project.config_files": str(project.path),
        "com.docker.compose.project.working_dir": str(project.path.parent),
    }


def _read_healthcheck(value: Any) -> Json:
    check = values.read_map("healthcheck", value)
    if not check:
        return {}
    if values.read_flag("disable", check.get("disable")):
        return {"Test": ["NONE"]}
    found: Json = {}
    if check.get("test") is not None:
        test = check["test"]
        found["Test"] = (
            values.read_list("test", test)
            if isinstance(test, list)
            else ["CMD-SHELL", values.read_text("test", test)]
        )
    for key, engine in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod")):
        if check.get(key) is not None:
            found[engine] = int(values.read_seconds(key, check[key]) * 1e9)
    if check.get("retries") is not None:
        found["Retries"] = values.read_whole("retries", check["retries"])
    return found


def _read_restart(value: Any) -> Json:
    name, _, count = values.read_text("restart", "no" if value is None else value).partition(":")
    name = "no" if name in ("false", "") else name
    if name not in ("no", "always", "on-failure", "unless-stopped") or not COUNT.fullmatch(count):
        raise ComposeFault(f"“{str(value)[:60]}” is not a way to restart.")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}
