"""A second server like the first, with its world or with one of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from palserver import errors, inifile
from palserver.names import NAME_RULE, is_instance_name
from palserver.services.backups.work import BackupWork
from palserver.services.containers.adoption import SAVED_PATH_LABEL
from palserver.services.containers.attachments import Mount, Network, PortBinding
from palserver.services.containers.changes import PORTS
from palserver.services.containers.creation import INSTANCE_LABEL, JOB_LABEL, RESTART
from palserver.services.containers.creation_checks import Port
from palserver.services.containers.creations import Creations, list_ports
from palserver.services.containers.ports import INSIDE, find_port, is_fixed, move_ports, replace_ports
from palserver.services.containers.respecs import Respecs
from palserver.services.containers.specs import Spec
from palserver.services.games.files import SETTINGS_PATH, write_file
from palserver.services.jobs.jobs import Job, Result
from palserver.services.restores.restores import Restores
from palserver.store.instances import Instance


class Clone(msgspec.Struct, frozen=True):
    """`world` copies it, through a backup; else the new server makes one of its own.

    Ports that are left out are free ones. Passwords and settings are those of the first server.
    """

    name: str
    world: bool
    game_port: Port | None = None
    query_port: Port | None = None
    rest_port: Port | None = None
    start: bool = True


@dataclass(frozen=True)
class Cloning:
    creations: Creations
    respecs: Respecs
    restores: Restores
    backup_work: BackupWork

    def plan(self, source: Instance, wanted: Clone) -> Spec:
        """Raises Invalid, InstanceExists, WorldExists, PortInUse, CannotClone: nothing has been made then."""
        if not is_instance_name(wanted.name):
            raise errors.Invalid(fields={"name": NAME_RULE})
        self.creations.check_name(wanted.name)
        if self.creations.engine.find_volume(_volume(wanted.name)) is not None:
            raise errors.WorldExists(fields={"world": _volume(wanted.name)})
        spec = self.respecs.find_spec(source)
        if spec.network_mode is not None:
            raise errors.CannotClone()
        given = {field: port for field in PORTS if (port := getattr(wanted, field)) is not None}
        published = {port.container for port in spec.ports}
        free = tuple(field for field, inside in INSIDE.items() if inside in published and field not in given)
        ports = self.creations.choose_ports(given, free)
        spec = write_clone(spec, source.saved_path, wanted.name, ports)
        return self._move_others(spec)

    def clone(self, job: Job, source: Instance, spec: Spec, wanted: Clone) -> Result:
        """The work of a job on the first server, so that nothing else happens to its world meanwhile."""
        if left := list_left(self.respecs.find_spec(source), source.saved_path):
            job.write(f"What is written elsewhere is not taken along: {', '.join(left)}.")
        backup_id = self._copy_world(job, source, wanted) if wanted.world else None
        target = replace(source, container=wanted.name)
        with self.creations.all_or_nothing(job, wanted.name):
            job.enter("making", is_cancellable=False)
            self.creations.make(job, wanted.name, spec, _volume(wanted.name), is_new_volume=True)
            self._fill(job, source, target, spec, backup_id)
            if wanted.start:
                chosen = {INSIDE[field] for field in PORTS if getattr(wanted, field) is not None}
                proposed = {port.container for port in spec.ports} - chosen
                spec = self.creations.start_made(job, wanted.name, spec, proposed)
            self.creations.write_down(wanted.name, source.saved_path)
        self.creations.look(wanted.name)
        job.write(f"{wanted.name} is there.")
        ports = {field: find_port(spec, field) for field in INSIDE}
        others = [msgspec.to_builtins(port) for port in _list_others(spec)]
        for port in _list_others(spec):
            job.write(f"{port.container} is published on {port.host_ip or '*'}:{port.host_port}.")
        return {
            "name": wanted.name,
            "backup": backup_id,
            "volume": _volume(wanted.name),
            "ports": ports,
            "other_ports": others,
        }

    def _move_others(self, spec: Spec) -> Spec:
        """Ports that are no game's by rule, such as a mod's own: its next free ones, on the same address."""
        others = _list_others(spec)
        if not others:
            return spec
        own = [port for port in spec.ports if port not in others]
        taken = [*self.creations.list_taken(), *list_ports(msgspec.structs.replace(spec, ports=tuple(own)))]
        return msgspec.structs.replace(spec, ports=(*own, *move_ports(others, taken)))

    def _copy_world(self, job: Job, source: Instance, wanted: Clone) -> str:
        """By our own script: an operator's may make copies that only he can put back."""
        ours = replace(self.backup_work, scripts=self.backup_work.bundled)
        return str(ours.back_up(job, source, note=f"for the clone {wanted.name}")["backup"])

    def _fill(self, job: Job, source: Instance, target: Instance, spec: Spec, backup_id: str | None) -> None:
        """The world as it was in the backup, its name in the settings; or the settings alone."""
        engine = self.creations.engine
        paths = (_find_target(spec, source.saved_path), source.saved_path)
        if backup_id is not None:
            job.intend(helper=job.id)
            checked = self.restores.scripts.check(job, source, backup_id)
            uid, _, gid = checked.owner.partition(":")
            write_file(engine, target.container, paths, None, (int(uid), int(gid)))
            self.restores.put_back_copy(job, target, backup_id)
            return
        text = engine.read_file(source.container, f"{source.saved_path}/{SETTINGS_PATH}")
        if text is not None:
            write_file(engine, target.container, paths, (SETTINGS_PATH, inifile.decode(text).encode()))


def write_clone(spec: Spec, saved_path: str, name: str, ports: dict[str, int]) -> Spec:
    """The spec of the second server: nothing of it is the first one's that only one can have."""
    labels = {key: value for key, value in spec.labels.items() if not key.startswith("com.docker.compose.")}
    labels.pop(JOB_LABEL, None)
    labels |= {INSTANCE_LABEL: name, SAVED_PATH_LABEL: saved_path}
    # An address or a name on a network is the first one's; its place on the network is for both.
    networks = tuple(Network(network.name) for network in spec.networks)
    config = {key: value for key, value in spec.config.items() if key != "MacAddress"}
    held = spec.restart_policy if spec.restart_policy.get("Name") not in (None, "no") else RESTART
    target = _find_target(spec, saved_path)
    left = list_left(spec, saved_path)
    shared = [mount for mount in spec.mounts if mount.target not in (target, *left)]
    world = Mount("volume", _volume(name), target)
    spec = msgspec.structs.replace(spec, mounts=(*shared, world), labels=labels)
    spec = msgspec.structs.replace(spec, networks=networks, config=config, hostname=None, restart_policy=held)
    return replace_ports(spec, ports)


def list_left(spec: Spec, saved_path: str) -> list[str]:
    """Where the first one writes beside its world: that is its own, and the second begins without it."""
    target = _find_target(spec, saved_path)
    return [mount.target for mount in spec.mounts if mount.target != target and not _is_shared(mount)]


def _list_others(spec: Spec) -> list[PortBinding]:
    """The fixed ports beside those of the game. A range, or the engine's choice, is for both."""
    return [port for port in spec.ports if is_fixed(port) and port.container not in INSIDE.values()]


def _is_shared(mount: Mount) -> bool:
    """What is only read is for both. What is written gets a new volume, if the image asks for one there."""
    is_read_only = "ro" in mount.mode.split(",") or bool((mount.options or {}).get("ReadOnly"))
    return is_read_only or mount.kind == "tmpfs"


def _find_target(spec: Spec, saved_path: str) -> str:
    """Where the volume with the world goes; the save folder itself where there was none."""
    targets = [
        mount.target
        for mount in spec.mounts
        if mount.kind in ("bind", "volume") and f"{saved_path}/".startswith(f"{mount.target.rstrip('/')}/")
    ]
    return max(targets, key=len, default=saved_path)


def _volume(name: str) -> str:
    return f"palserver-{name}"
