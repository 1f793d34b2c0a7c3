"""Making servers: all of one, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from palserver import errors
from palserver.clients.engine import Engine
from palserver.clock import utc_now
from palserver.services.containers.adoption import SAVED_PATH_LABEL
from palserver.services.containers.attachments import PortBinding
from palserver.services.containers.creation import (
    INSTANCE_LABEL,
    JOB_LABEL,
    Plan,
    complete_plan,
    plan_creation,
)
from palserver.services.containers.creation_checks import Creation
from palserver.services.containers.exchanges import Exchanges
from palserver.services.containers.first_settings import Kept, put_back, write_settings
from palserver.services.containers.port_races import ATTEMPTS, move_refused
from palserver.services.containers.ports import INSIDE, Ports, Taken, find_port, is_fixed
from palserver.services.containers.specs import Spec, creation_from_spec
from palserver.services.engine_watch import EngineWatch
from palserver.services.images.supply import Supply
from palserver.services.jobs.job import Intent
from palserver.services.jobs.jobs import Job, Jobs, Result
from palserver.services.jobs.outcomes import Outcome
from palserver.services.restores.restores import Restores
from palserver.services.settings.files import OLD_PATH
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance


class Making(msgspec.Struct, frozen=True):
    """What is being made, written down as an intent: no more than is needed to find and remove it."""

    job: str
    name: str
    kept: Kept | None = None


@dataclass(frozen=True)
class Creations:
    """`patient` is the same engine, with the time that an image takes. `pending`: names with ports."""

    database: Database
    engine: Engine
    patient: Engine
    watch: EngineWatch
    jobs: Jobs
    exchanges: Exchanges
    ports: Ports
    restores: Restores
    supply: Supply
    pending: dict[str, tuple[Taken, ...]] = field(default_factory=dict)

    def start(self, wanted: Creation, actor: str) -> tuple[Job, dict[str, str]]:
        """Begin, and return the job and the passwords that were made up: they are told nowhere else.

        Raises Invalid, ImageNotOffered, InstanceExists, WorldExists, WorldMissing, WorldInUse, PortInUse,
        with nothing made.
        """
        plan = plan_creation(wanted)
        plan = msgspec.structs.replace(
            plan, spec=msgspec.structs.replace(plan.spec, image=self.supply.choose(plan.spec.image))
        )
        self.check_name(plan.name)
        self._check_volume(plan)
        plan = complete_plan(plan, self.choose_ports(plan.ports, plan.free_ports))
        job = self.begin(
            "create", plan.name, actor, (plan.name, plan.spec), lambda job: self._create(job, plan)
        )
        return job, plan.generated

    def begin(
        self, kind: str, instance: str, actor: str, made: tuple[str, Spec], work: Callable[[Job], Result]
    ) -> Job:
        """Start a job that makes a server; until it ends nobody else gets its name or its ports."""
        name, spec = made
        self.pending[name] = list_ports(spec)

        def hold(job: Job) -> Result:
            try:
                return work(job)
            finally:
                self.pending.pop(name, None)

        try:
            return self.jobs.start(kind, instance, actor, hold)
        except BaseException:
            self.pending.pop(name, None)
            raise

    def check_name(self, name: str) -> None:
        """Raises InstanceExists for a server, a container or a creation of this name."""
        is_managed = store.find_instance(self.database.reader, name) is not None
        if is_managed or name in self.pending:
            raise errors.InstanceExists()
        with suppress(errors.ContainerMissing):
            self.engine.inspect(name)
            raise errors.InstanceExists(fields={"name": "a container has this name"})

    def choose_ports(self, given: dict[str, int], free: tuple[str, ...]) -> dict[str, int]:
        """Raises PortInUse."""
        taken = self.list_taken()
        self.ports.check(given, taken)
        wanted = [Taken(protocol, "", port, None) for port in given.values() for protocol in ("tcp", "udp")]
        return {**given, **self.ports.propose(free, [*taken, *wanted])}

    def list_taken(self) -> list[Taken]:
        """Those of servers that are being made among them."""
        return [*self.ports.list_taken(), *(each for ports in self.pending.values() for each in ports)]

    def _check_volume(self, plan: Plan) -> None:
        """Raises WorldExists where a deleted server has left its world, WorldMissing, WorldInUse."""
        found = self.engine.find_volume(plan.volume)
        if not plan.has_volume:
            if found is not None:
                raise errors.WorldExists(fields={"world": plan.volume})
        elif found is None:
            raise errors.WorldMissing()
        elif plan.volume in self.list_used_volumes():
            raise errors.WorldInUse()

    def list_used_volumes(self) -> set[str]:
        """The volumes that some container has, running or not."""
        listed = self.engine.list_containers()
        return {mount["Name"] for each in listed for mount in each["Mounts"] if mount.get("Name")}

    def _create(self, job: Job, plan: Plan) -> Result:
        with self.all_or_nothing(job, plan.name):
            self.supply.have_newest(job, _write_row(plan.name, plan.saved_path, plan.spec), plan.spec.image)
            job.enter("making", is_cancellable=False)
            self.make(job, plan.name, plan.spec, plan.volume, is_new_volume=not plan.has_volume)
            if plan.settings:
                self._write_settings(job, plan)
            spec = plan.spec
            if plan.start:
                spec = self.start_made(job, plan.name, spec, {INSIDE[field] for field in plan.free_ports})
            self.write_down(plan.name, plan.saved_path)
        self.look(plan.name)
        job.write(f"{plan.name} is there.")
        ports = {field: find_port(spec, field) for field in plan.ports}
        return {"name": plan.name, "volume": plan.volume, "ports": ports}

    @contextmanager
    def all_or_nothing(self, job: Job, name: str) -> Iterator[None]:
        """What has been made in here is removed again on a failure; after a crash, `mend` does it."""
        job.intend(creating=msgspec.to_builtins(Making(job.id, name)))
        try:
            yield
        except Exception:
            self.restores.insist(job, lambda: self._undo(job, _read_making(job.intent)))
            job.write("That did not work. Nothing of it is left.")
            raise

    def make(self, job: Job, name: str, spec: Spec, volume: str, *, is_new_volume: bool) -> None:
        """The volume and the container, which does not run yet. Raises WorldExists, InstanceExists."""
        if is_new_volume:
            labels = {INSTANCE_LABEL: name, JOB_LABEL: job.id}
            made = self.engine.create_volume(volume, labels)
            if (made.get("Labels") or {}).get(JOB_LABEL) != job.id:
                raise errors.WorldExists()  # somebody else was quicker
        self._make_container(job, name, spec)

    def _write_settings(self, job: Job, plan: Plan) -> None:
        def keep(kept: Kept) -> None:
            job.intend(creating=msgspec.to_builtins(Making(job.id, plan.name, kept)))

        write_settings(self.engine, plan.name, (plan.data_path, plan.saved_path), plan.settings, keep)

    def start_made(self, job: Job, name: str, spec: Spec, proposed: Collection[str]) -> Spec:
        """Start it, on other ports where those that were proposed are taken by now; returns what it became.

        `proposed` are ports of the container. Raises PortInUse for one that somebody has chosen.
        """
        job.enter("starting", is_cancellable=False)
        for _ in range(ATTEMPTS):
            try:
                self.engine.start(name)
            except errors.PortInUse as refused:
                job.write(refused.detail)
                spec = move_refused(spec, proposed, refused, self.list_taken())
                self.pending[name] = list_ports(spec)
                self.engine.remove(name, with_nameless_volumes=True)
                self._make_container(job, name, spec)
                job.write("Others are tried: " + ", ".join(_tell(port) for port in spec.ports) + ".")
            else:
                return spec
        raise errors.PortInUse()

    def _make_container(self, job: Job, name: str, spec: Spec) -> None:
        spec = msgspec.structs.replace(spec, labels={**spec.labels, JOB_LABEL: job.id})
        body, networks = creation_from_spec(spec)
        self.patient.create(name, body)
        for network, endpoint in networks:
            self.engine.connect(name, network, endpoint)

    def write_down(self, name: str, saved_path: str) -> None:
        """From here on it is a server like any other."""
        found = self.exchanges.find_spec(name)
        if found is None:
            raise errors.ContainerMissing()
        self.database.write(store.add_instance, _write_row(name, saved_path, found[0]))

    def look(self, name: str) -> None:
        """Have it shown at once. It is there, whatever comes of this."""
        with suppress(errors.EngineUnreachable):
            self.watch.look(name)

    def mend(self, job: Job, intent: Intent) -> Outcome:
        """After a crash: it was made, or nothing of it is left."""
        making = _read_making(intent)
        if store.find_instance(self.database.reader, making.name) is not None:
            return Outcome("creation_made", {"name": making.name})
        job.enter("putting_back", is_cancellable=False)
        saved_path = self._find_started(making)
        if saved_path is not None:
            self.write_down(making.name, saved_path)
            return Outcome("creation_made", {"name": making.name})
        self._undo(job, making)
        return Outcome("creation_not_made", {"name": making.name})

    def _find_started(self, making: Making) -> str | None:
        """The save folder of one that was started, perhaps on an old world: people may play there by now."""
        with suppress(errors.ContainerMissing):
            container = self.engine.get_container(making.name)
            if container.is_up and container.labels.get(JOB_LABEL) == making.job:
                return container.labels.get(SAVED_PATH_LABEL)
        return None

    def _undo(self, job: Job, making: Making) -> None:
        """Only what this job has made, as its label tells. A world that was there has its settings back."""
        for container in self.engine.list_labelled(f"{JOB_LABEL}={making.job}"):
            with suppress(errors.ContainerMissing):
                if making.kept is not None:
                    self._put_settings_back(job, container, making.kept)
                self.engine.remove(container, with_nameless_volumes=True)
        for volume in self.engine.list_volumes(f"{JOB_LABEL}={making.job}"):
            self.engine.remove_volume(volume["Name"])

    def _put_settings_back(self, job: Job, container: str, kept: Kept) -> None:
        """Of a container that does not run any more. Where that cannot be, it is told where they lie."""
        try:
            self.engine.stop(container, 0)
            put_back(self.engine, container, kept)
        except (errors.EngineUnreachable, errors.ContainerMissing):
            raise
        except errors.PalError as error:
            job.write(f"{error.detail} The settings of before lie in {OLD_PATH}, in the save folder.")


def _read_making(intent: Intent) -> Making:
    return msgspec.convert(intent["creating"], type=Making)


def _tell(port: PortBinding) -> str:
    return f"{port.container} on {port.host_port or 'any'}"


def _write_row(name: str, saved_path: str, spec: Spec) -> Instance:
    return Instance(
        name=name,
        container=name,
        source="created",
        saved_path=saved_path,
        spec=msgspec.json.encode(spec).decode(),
        rest_address=None,
        admin_password=None,
        held_restart_policy=None,
        created_at=utc_now(),
    )


def list_ports(spec: Spec) -> tuple[Taken, ...]:
    """What a container that does not exist yet will publish."""
    return tuple(
        Taken(port.container.partition("/")[2], port.host_ip, int(port.host_port), None)
        for port in spec.ports
        if is_fixed(port)
    )
