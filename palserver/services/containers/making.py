"""A container for an instance that has none: as its compose file says, or as it was when it was last seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from palserver import errors
from palserver.clients.engine import Engine
from palserver.services.compose.files import ComposeFiles
from palserver.services.compose.networks import find_own, list_missing
from palserver.services.compose.projects import Project, read_project
from palserver.services.compose.servers import read_server, write_down
from palserver.services.compose.variables import ComposeFault
from palserver.services.containers.attachments import Json
from palserver.services.containers.exchanges import Exchanges
from palserver.services.containers.specs import Spec, creation_from_spec
from palserver.services.images.supply import Supply
from palserver.services.jobs.job import Intent, Job, make_unseen
from palserver.services.restores.side_containers import STAND_IN_LABEL
from palserver.store import compose_files as digests
from palserver.store.database import Database
from palserver.store.instances import Instance

MADE_FROM_SPEC = ("compose", "created")


@dataclass(frozen=True)
class Making:
    engine: Engine
    database: Database
    exchanges: Exchanges
    compose_files: ComposeFiles
    supply: Supply

    def make(self, job: Job, instance: Instance) -> None:
        """Make it whole or not at all; it does not run yet. The intent `made` is its id.

        Raises ContainerMissing for an instance that is not made from a spec, ComposeUnusable, NetworkMissing,
        ImageMissing, and what the engine refuses.
        """
        job.enter("making")
        project, spec = self._read(job, instance)
        networks = self._plan_networks(job, spec, project)
        self.supply.have(job, instance, spec.image)
        job.enter("making", is_cancellable=False)
        for name, body in networks.items():
            self.engine.create_network(body)
            job.write(f"The network {name} is made.")
        self._make(instance.container, spec, lambda made: job.intend(made=made))
        job.write(f"{instance.container} is made from {spec.image}.")

    def describe_stand_in(self, instance: Instance) -> Json:
        """What a stand-in is made from, should its container go: for an instance that has no other spec, too.

        Raises ContainerMissing, ImageMissing.
        """
        found = self.exchanges.find_spec(instance.container)
        if found is None:
            raise errors.ContainerMissing()
        spec, image_id = found
        described: Json = msgspec.to_builtins(Spec(image=image_id, mounts=spec.mounts))
        return described

    @contextmanager
    def stand_in(self, instance: Instance, work: str, described: Json | None = None) -> Iterator[Instance]:
        """The instance, with a container for this moment where its own is missing: never started, then gone.

        It has the server's volumes and folders, and nothing else of it; nothing is fetched for it. `work` is
        what a crash has left is found by, `described` what `describe_stand_in` said of the container before.
        Raises ContainerMissing where none can be made.
        """
        if not self.is_missing(instance):
            yield instance
            return
        self._remove_stand_ins(work)
        spec = msgspec.convert(described, type=Spec) if described else None
        try:
            yield replace(instance, container=self._make_stand_in(instance, work, spec))
        finally:
            with suppress(errors.PalError):
                self._remove_stand_ins(work)

    def is_missing(self, instance: Instance) -> bool:
        try:
            self.engine.inspect(instance.container)
        except errors.ContainerMissing:
            return True
        return False

    def unmake(self, instance: Instance, intent: Intent) -> None:
        """Take away what a job has made that failed then, and nobody else's container of that name."""
        lefts = [*self.exchanges.list_aside(instance.container, "new"), intent.get("made")]
        for left in filter(None, lefts):
            with suppress(errors.ContainerMissing):
                self.engine.remove(left)

    def _make_stand_in(self, instance: Instance, work: str, spec: Spec | None) -> str:
        """Returns its name."""
        name = f"palserver-{uuid.uuid4().hex[:12]}"
        try:
            spec = spec or self._read(make_unseen("look", instance.name), instance)[1]
            self.engine.create(name, creation_from_spec(_write_stand_in(spec, work))[0])
        except (errors.ComposeUnusable, errors.EngineRefused, errors.ImageMissing) as error:
            raise errors.ContainerMissing() from error
        return name

    def _remove_stand_ins(self, work: str) -> None:
        for left in self.engine.list_labelled(f"{STAND_IN_LABEL}={work}"):
            with suppress(errors.ContainerMissing):
                self.engine.remove(left, with_nameless_volumes=True)

    def _read(self, job: Job, instance: Instance) -> tuple[Project | None, Spec]:
        """The compose file if there is one, and what the container is made from."""
        path = self.compose_files.find_path(instance.name)
        try:
            project = None if path is None else read_project(path)
        except ComposeFault as fault:
            raise _unusable(job, fault) from fault
        if project is None and instance.source not in MADE_FROM_SPEC:
            raise errors.ContainerMissing()
        return project, self._choose_spec(job, instance, project)

    def _choose_spec(self, job: Job, instance: Instance, project: Project | None) -> Spec:
        """The file's, unless the spec was read from it as it is now: an update may have come since."""
        known = msgspec.json.decode(instance.spec, type=Spec)
        if project is None or digests.find_digest(self.database.reader, instance.name) == project.digest:
            return known
        try:
            server = read_server(project, instance.name)
        except ComposeFault as fault:
            raise _unusable(job, fault) from fault
        if server.fault is not None:
            raise _unusable(job, ComposeFault(server.fault))
        if server.container != instance.container:
            raise _unusable(job, ComposeFault(f"It is about the container {server.container} now."))
        self.database.write(write_down, server)
        return server.spec

    def _plan_networks(self, job: Job, spec: Spec, project: Project | None) -> dict[str, Json]:
        """The bodies of those that compose would make; one that ought to be there ends it at once."""
        planned = {}
        for name in list_missing(self.engine, spec.networks):
            try:
                body = None if project is None else find_own(project, name)
            except ComposeFault as fault:
                raise _unusable(job, fault) from fault
            if body is None:
                sentence = f"There is no network {name}. Make it with: docker network create {name}"
                job.write(sentence)
                raise errors.NetworkMissing(sentence)
            planned[name] = body
        return planned

    def _make(self, name: str, spec: Spec, tell_made: Callable[[str], None]) -> None:
        """Under another name until it is whole, so that a crash leaves none that lacks a network."""
        for left in self.exchanges.list_aside(name, "new"):
            with suppress(errors.ContainerMissing):
                self.engine.remove(left)
        temporary = f"{name}-new-{datetime.now(UTC):%Y%m%d%H%M%S}"
        body, networks = creation_from_spec(spec)
        made = self.engine.create(temporary, body)
        try:
            tell_made(made)
            for network, endpoint in networks:
                self.engine.connect(made, network, endpoint)
            self.engine.rename(made, name)
        except BaseException:
            with suppress(errors.PalError):
                self.engine.remove(made)
            raise


def _write_stand_in(spec: Spec, work: str) -> Spec:
    """What its mounts need: no port, no network, no restart."""
    return Spec(image=spec.image, mounts=spec.mounts, labels={STAND_IN_LABEL: work}, network_mode="none")


def _unusable(job: Job, fault: ComposeFault) -> errors.ComposeUnusable:
    job.write(str(fault))
    return errors.ComposeUnusable()
