"""The servers of an old folder: each `docker-compose-<name>.yml` in it is an instance, container or not."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec

from palserver.clock import utc_now
from palserver.names import is_instance_name
from palserver.services.compose.attachments import read_mounts
from palserver.services.compose.projects import PREFIX, Project, read_project
from palserver.services.compose.specs import read_image, spec_from_service
from palserver.services.compose.values import read_pairs, read_text
from palserver.services.compose.variables import NOT_UNDERSTOOD, ComposeFault, only_faults
from palserver.services.containers.adoption import SAVED_PATH_LABEL, SAVED_SUFFIX
from palserver.services.containers.attachments import Json
from palserver.services.containers.specs import Spec
from palserver.services.images.known import find_known_image
from palserver.store import compose_files
from palserver.store import instances as store
from palserver.store.instances import Instance


@dataclass(frozen=True)
class Server:
    """What a file says of one. `fault` is why its container cannot be made from that."""

    name: str
    container: str
    saved_path: str
    spec: Spec
    digest: str
    fault: str | None


def list_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*.yml"))


def name_server(path: Path) -> str:
    return path.stem.removeprefix(PREFIX)


def read_servers(folder: Path) -> tuple[list[Server], list[str]]:
    """Those of all compose files of a folder, and a sentence for each file that has none."""
    servers, sentences = [], []
    for path in list_files(folder):
        try:
            servers.append(read_file(path))
        except ComposeFault as fault:
            # A file's name may be of bytes that are no characters; what is said is to be printed.
            sentences.append(f"{path}: {fault}".encode(errors="backslashreplace").decode())
    return servers, sentences


def read_file(path: Path) -> Server:
    """Raises ComposeFault where it is not to be seen that there is one."""
    name = name_server(path)
    if not is_instance_name(name):
        raise ComposeFault(f"“{name}” cannot be the name of a server here.")
    with only_faults(path):
        return read_server(read_project(path), name)


def read_server(project: Project, name: str) -> Server:
    """Raises ComposeFault where it is not to be seen that there is one."""
    service_name, service = project.find_service(name)
    container = read_text(
        "container_name", service.get("container_name") or f"{project.name}-{service_name}-1"
    )
    saved_path = _find_saved_path(project, service)
    if saved_path is None:
        raise ComposeFault("It does not look like a Palworld server: nothing is mounted at …/Pal/Saved.")
    try:
        with only_faults(project.path):
            spec, fault = _check_kept(spec_from_service(project, service_name, service)), None
    except ComposeFault as reason:
        spec, fault = Spec(image=read_image(service)), str(reason)
    return Server(name, container, saved_path, spec, project.digest, fault)


def _check_kept(spec: Spec) -> Spec:
    """One row that cannot be read again would be in the way of all others. Raises ComposeFault."""
    try:
        msgspec.json.decode(msgspec.json.encode(spec), type=Spec)
    except (msgspec.MsgspecError, TypeError, ValueError, ArithmeticError) as error:
        raise ComposeFault(NOT_UNDERSTOOD) from error
    return spec


def write_down(conn: sqlite3.Connection, server: Server) -> None:
    """What the file says now; in the caller's transaction. Raises sqlite3.IntegrityError."""
    store.set_container(conn, server.name, server.container, server.saved_path)
    store.set_spec(conn, server.name, msgspec.json.encode(server.spec).decode())
    compose_files.set_digest(conn, server.name, server.digest)


def add(conn: sqlite3.Connection, server: Server) -> None:
    """In the caller's transaction. Raises sqlite3.IntegrityError."""
    instance = Instance(
        name=server.name,
        container=server.container,
        source="compose",
        saved_path=server.saved_path,
        spec=msgspec.json.encode(server.spec).decode(),
        rest_address=None,
        admin_password=None,
        held_restart_policy=None,
        created_at=utc_now(),
    )
    store.add_instance(conn, instance)
    if server.fault is None:
        compose_files.set_digest(conn, server.name, server.digest)


def _find_saved_path(project: Project, service: Json) -> str | None:
    """By label, by mount, by image."""
    label = read_pairs("labels", service.get("labels")).get(SAVED_PATH_LABEL)
    if label and label.startswith("/"):
        return label
    for mount in read_mounts(project, service):
        if mount.target.endswith(SAVED_SUFFIX):
            return mount.target
    known = find_known_image(read_image(service))
    return known.saved_path if known else None
