"""Start, stop, restart, kill: the work of these jobs, with the world saved before anything ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gevent

from palserver import errors
from palserver.background import Background
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.services.countdown import Countdown, count_down
from palserver.services.engine_watch import EngineWatch
from palserver.services.games import Games
from palserver.services.jobs import Job, Jobs, Result
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance

EXIT_SECONDS = 60.0
STOP_GRACE_SECONDS = 120
LOOK_SECONDS = 0.25
AT_ONCE = Countdown()
NO_RESTART = {"Name": "no", "MaximumRetryCount": 0}


class Lifecycle:
    """Each method is the work of a job and returns its result."""

    def __init__(
        self, database: Database, engine: Engine, watch: EngineWatch, games: Games, jobs: Jobs
    ) -> None:
        self._database = database
        self._engine = engine
        self._watch = watch
        self._games = games
        self._jobs = jobs
        self._kept: set[str] = set()  # instances whose policy stays held from stop to start

    def start(self, job: Job, instance: Instance) -> Result:
        """Succeeded means that the container runs; whether the game is ready is `game.status`."""
        job.enter("starting", is_cancellable=False)
        job.intend(shall_run=True)
        container = self._engine.get_container(instance.container)
        if container.state == "paused":
            self._engine.unpause(instance.container)
        elif not container.is_up:
            self.put_policy_back(instance.name)
            self._engine.start(instance.container)
        self._watch.look(instance.container)
        return {"was_running": container.is_up}

    def stop(self, job: Job, instance: Instance, countdown: Countdown = AT_ONCE) -> Result:
        """Save, keep the engine from restarting it, ask the game to end, wait, then have the engine end it.

        The result tells the truth about the save: `saved` is true only when the game said so.
        """
        container = self._engine.get_container(instance.container)
        if not container.is_up:
            return {"was_running": False, "saved": None, "save_error": None, "exit_code": container.exit_code}
        if container.state == "paused":
            self._engine.unpause(instance.container)
        count_down(job, self._games, instance.name, countdown)
        save_error = self._save(job, instance)
        ended_by = self.end(job, instance)
        ended = self._watch.look(instance.container)
        return {
            "was_running": True,
            "saved": save_error is None,
            "save_error": save_error,
            "ended_by": ended_by,
            "exit_code": ended.exit_code if ended else None,
        }

    def end(self, job: Job, instance: Instance) -> str | None:
        """From here there is no way back: whoever is interrupted has to finish it. Returns who ended it."""
        job.enter("stopping", is_cancellable=False)
        job.intend(is_stopping=True)
        container = self._engine.get_container(instance.container)
        if not container.is_up:
            return None
        with self._held_policy(instance, container):
            return self._end(job, instance)

    def restart(self, job: Job, instance: Instance, countdown: Countdown) -> Result:
        job.intend(shall_run=True)
        stopped = self.stop(job, instance, countdown)
        return stopped | self.start(job, instance) | {"was_running": stopped["was_running"]}

    def kill(self, job: Job, instance: Instance) -> Result:
        """End it at once. What was not saved is lost, and the result says so."""
        job.enter("killing", is_cancellable=False)
        if not self._engine.get_container(instance.container).is_up:
            raise errors.InstanceNotRunning()
        self._engine.kill(instance.container)
        self._wait_for_exit(instance, EXIT_SECONDS)
        ended = self._watch.look(instance.container)
        return {"saved": False, "exit_code": ended.exit_code if ended else None}

    def start_recovery(self, background: Background) -> None:
        background.supervise("recovery", self._recover)

    def _recover(self) -> None:
        """A crash in the middle of a stop leaves containers without their restart policy: give it back.

        Done whenever the engine (again) answers, for every instance on which no job is running.
        """
        statuses = self._watch.engine_changes.subscribe()
        try:
            while True:
                if self._watch.is_reachable:
                    for instance in store.list_instances(self._database.reader):
                        if self._jobs.find_running(instance.name) is None:
                            self.put_policy_back(instance.name)
                statuses.take()
        finally:
            statuses.close()

    def _save(self, job: Job, instance: Instance) -> str | None:
        """None when the game saved; else the key of what went wrong, which does not keep us from stopping."""
        job.enter("saving")
        try:
            self._games.save(instance.name)
        except errors.PalError as error:
            job.write(f"The world could not be saved first: {error.detail}")
            return error.key
        job.write("The world is saved.")
        return None

    def _end(self, job: Job, instance: Instance) -> str:
        """Returns who ended it: `game` (it left by itself) or `engine` (a signal)."""
        try:
            self._games.shutdown(instance.name, 1, "The server is stopping.")
            job.write("The game was asked to shut down.")
            if self._wait_for_exit(instance, EXIT_SECONDS):
                return "game"
            job.write(f"It still runs after {EXIT_SECONDS:.0f} s.")
        except (
            errors.GameUnreachable,
            errors.GameUnauthorized,
            errors.GameRefused,
            errors.GameBadAnswer,
        ) as error:
            job.write(f"The game could not be asked to shut down: {error.detail}")
        except errors.InstanceNotRunning:
            pass  # it has ended meanwhile; the engine confirms that below
        job.write(f"The engine ends it, with up to {STOP_GRACE_SECONDS} s of grace.")
        self._engine.stop(instance.container, STOP_GRACE_SECONDS)
        return "engine"

    def _wait_for_exit(self, instance: Instance, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._engine.get_container(instance.container).is_up:
            if time.monotonic() > deadline:
                return False
            gevent.sleep(LOOK_SECONDS)
        return True

    @contextmanager
    def _held_policy(self, instance: Instance, container: Container) -> Iterator[None]:
        """Keep the engine from starting the container again when the game exits by itself.

        The policy is written down before it is changed. A signal sent through the engine also makes it note
        that somebody wants the container stopped, so that `unless-stopped` does not start it at the next boot
        of the host; SIGCONT does that and nothing else.
        """
        self._hold_policy(instance, container)
        if container.state != "restarting":
            with suppress(errors.InstanceNotRunning):  # it has ended by itself this very moment
                self._engine.kill(instance.container, "SIGCONT")
        yield
        self.put_policy_back(instance.name)

    @contextmanager
    def policy_kept_held(self, instance: Instance) -> Iterator[None]:
        """Nothing starts the container by itself, whatever is stopped and started in here by hand."""
        self._hold_policy(instance, self._engine.get_container(instance.container))
        self._kept.add(instance.name)
        try:
            yield
        except Exception:
            self._release_policy(instance.name)
            raise
        self._release_policy(instance.name)

    def _release_policy(self, name: str) -> None:
        """Not done for a job that is killed half-way with its process: recovery does it at the end."""
        self._kept.discard(name)
        self.put_policy_back(name)

    def _hold_policy(self, instance: Instance, container: Container) -> None:
        row = store.find_instance(self._database.reader, instance.name)
        if row is not None and row.held_restart_policy is None:  # else it is held since before a crash
            policy = json.dumps(container.restart_policy)
            self._database.write(store.set_held_restart_policy, instance.name, policy)
        self._engine.set_restart_policy(instance.container, NO_RESTART)

    def put_policy_back(self, name: str) -> None:
        """The restart policy as it was before a stop held it, if one does and it is not to be kept held."""
        instance = store.find_instance(self._database.reader, name)
        if instance is None or instance.held_restart_policy is None or name in self._kept:
            return
        with suppress(errors.ContainerMissing):  # removed by somebody meanwhile, and its policy with it
            self._engine.set_restart_policy(instance.container, json.loads(instance.held_restart_policy))
        self._database.write(store.set_held_restart_policy, name, None)
