"""The engine's restart policy of a container, which is held at `no` while it must not start by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from palserver import errors
from palserver.background import Background
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.services.containers.exchanges import NO_RESTART
from palserver.services.engine_watch import EngineWatch
from palserver.services.jobs.jobs import Jobs
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance


class RestartPolicies:
    """What a policy was is written down before it is changed, so that no crash can take it."""

    def __init__(self, database: Database, engine: Engine, watch: EngineWatch, jobs: Jobs) -> None:
        self._database = database
        self._engine = engine
        self._watch = watch
        self._jobs = jobs
        self._kept: set[str] = set()  # instances whose policy stays held from stop to start

    def start_recovery(self, background: Background) -> None:
        background.supervise("recovery", self._watch.engine_changes.follow, self._put_all_back)

    def _put_all_back(self) -> None:
        """A crash in the middle of a stop leaves containers without their restart policy: give it back.

        Done whenever the engine (again) answers, for every instance on which no job is running.
        """
        if self._watch.is_reachable:
            for instance in store.list_instances(self._database.reader):
                if self._jobs.find_running(instance.name) is None:
                    self.put_back(instance.name)

    @contextmanager
    def held(self, instance: Instance, container: Container) -> Iterator[None]:
        """Keep the engine from starting the container again when the game exits by itself.

        The policy is written down before it is changed. A signal sent through the engine also makes it note
        that somebody wants the container stopped, so that `unless-stopped` does not start it at the next boot
        of the host; SIGCONT does that and nothing else.
        """
        try:
            self._hold(instance, container)
            if container.state != "restarting":
                with suppress(errors.InstanceNotRunning):  # it has ended by itself this very moment
                    self._engine.kill(instance.container, "SIGCONT")
            yield
        except Exception:
            with suppress(errors.PalError):  # what stopped the stop is what counts
                self.put_back(instance.name)
            raise
        self.put_back(instance.name)

    @contextmanager
    def kept_held(self, instance: Instance) -> Iterator[None]:
        """Nothing starts the container by itself, whatever is stopped and started in here by hand."""
        self._kept.add(instance.name)
        try:
            self._hold(instance, self._engine.get_container(instance.container))
            yield
        except Exception:
            self._release(instance.name)
            raise
        self._release(instance.name)

    def _release(self, name: str) -> None:
        """Not done for a job that is killed half-way with its process: recovery does it at the end."""
        self._kept.discard(name)
        self.put_back(name)

    def _hold(self, instance: Instance, container: Container) -> None:
        row = store.find_instance(self._database.reader, instance.name)
        if row is not None and row.held_restart_policy is None:  # else it is held since before a crash
            policy = json.dumps(container.restart_policy)
            self._database.write(store.set_held_restart_policy, instance.name, policy)
        self._engine.set_restart_policy(instance.container, NO_RESTART)

    def put_back(self, name: str) -> None:
        """The restart policy as it was before a stop held it, if one does and it is not to be kept held."""
        instance = store.find_instance(self._database.reader, name)
        if instance is None or instance.held_restart_policy is None or name in self._kept:
            return
        with suppress(errors.ContainerMissing):  # removed by somebody meanwhile, and its policy with it
            self._engine.set_restart_policy(instance.container, json.loads(instance.held_restart_policy))
        self._database.write(store.set_held_restart_policy, name, None)
