"""Start, stop, restart, kill: the work of these jobs, with the world saved before anything ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import gevent

from palserver import errors
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.services.containers.belongings import goes_with_container
from palserver.services.containers.making import Making
from palserver.services.containers.restart_policies import RestartPolicies
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.countdown import Countdown, count_down
from palserver.services.games.games import Games
from palserver.services.jobs.job import Intent
from palserver.services.jobs.jobs import Job, Result
from palserver.services.restores.side_containers import check_lasting
from palserver.store.instances import Instance

EXIT_SECONDS = 60.0
STOP_GRACE_SECONDS = 120
LOOK_SECONDS = 0.25
AT_ONCE = Countdown()
GONE_WITH_IT = (
    "The container was made with --rm, and its world is on no volume of a name: both would be gone."
)
# Jobs in which settings that wait are written; a restore and a rollback put files in their places by
# themselves. An update and a change keep a copy once the server has stopped, and the way back leads to what
# is in it: what is written before is kept, what would be written after it could be lost.
WRITES_AT_STOP = ("stop", "restart", "update", "change")
WRITES_AT_START = ("start", "restart", "recovery")


class Lifecycle:
    """Each method is the work of a job and returns its result."""

    def __init__(  # noqa: PLR0913 - all are parts of the same stop
        self,
        engine: Engine,
        watch: EngineWatch,
        games: Games,
        making: Making,
        policies: RestartPolicies,
        write_settings: Callable[[Job, Instance], str | None],
    ) -> None:
        """`write_settings` writes those that wait, and returns how that went, None if none did."""
        self._engine = engine
        self._watch = watch
        self._games = games
        self._making = making
        self.policies = policies
        self._write_settings = write_settings

    def start(self, job: Job, instance: Instance) -> Result:
        """Succeeded means that the container runs; whether the game is ready is `game.status`."""
        job.enter("starting", is_cancellable=False)
        job.intend(shall_run=True)
        settings: Result = {}
        try:
            container = self._engine.get_container(instance.container)
        except errors.ContainerMissing:
            return self._start_new(job, instance)
        if container.state == "paused":
            self._engine.unpause(instance.container)
        elif not container.is_up:
            settings = self._settle(job, instance, WRITES_AT_START)
            self.policies.put_back(instance.name)
            self._engine.start(instance.container)
        self._watch.look(instance.container)
        return {"was_running": container.is_up, **settings}

    def _start_new(self, job: Job, instance: Instance) -> Result:
        """Make the container first; nothing is left of it where it cannot be started."""
        self._making.make(job, instance)
        job.enter("starting", is_cancellable=False)
        try:
            self._engine.start(instance.container)
        except errors.PalError:
            with suppress(errors.PalError):
                self._making.unmake(instance, job.intent)
                self._watch.look(instance.container)
            raise
        self._watch.look(instance.container)
        return {"was_running": False}

    def have_container(self, job: Job, instance: Instance) -> None:
        """Make a missing one, as `start` does, for what needs it stopped. Raises as `Making.make`."""
        try:
            self._engine.get_container(instance.container)
        except errors.ContainerMissing:
            self._making.make(job, instance)
            self._watch.look(instance.container)

    def unmake(self, instance: Instance, intent: Intent) -> None:
        """Take away a container that the job with this intent has made for a restore that was not to be."""
        if "made" in intent and not intent.get("shall_run") and intent.get("world") != "new":
            self._making.unmake(instance, intent)
            self._watch.look(instance.container)

    def stop(
        self, job: Job, instance: Instance, countdown: Countdown = AT_ONCE, *, keeps_world: bool = True
    ) -> Result:
        """Save, keep the engine from restarting it, ask the game to end, wait, then have the engine end it.

        The result tells the truth about the save: `saved` is true only when the game said so. Raises
        WorldNotOnVolume where the engine would remove the world with the container.
        """
        container = self._engine.get_container(instance.container)
        if keeps_world:
            self._check_world_stays(instance, container)
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
            **(self._settle(job, instance, WRITES_AT_STOP) if ended else {}),
        }

    def warn(self, job: Job, instance: Instance, countdown: Countdown) -> None:
        """The countdown of a stop that is a part of more, before anything is held or written down for it.

        A paused server stays so: nobody hears anything there. Raises WorldNotOnVolume and Cancelled.
        """
        container = self._engine.get_container(instance.container)
        if container.is_up and container.state != "paused":
            self._check_world_stays(instance, container)
            count_down(job, self._games, instance.name, countdown)

    def _check_world_stays(self, instance: Instance, container: Container) -> None:
        if container.is_removed_at_end:
            mounts = self._engine.inspect(instance.container).get("Mounts") or []
            if goes_with_container(mounts, instance.saved_path):
                raise errors.WorldNotOnVolume(GONE_WITH_IT)

    def _settle(self, job: Job, instance: Instance, kinds: tuple[str, ...]) -> Result:
        """Write the settings that wait for a stop; nothing is told where none did."""
        outcome = self._write_settings(job, instance) if job.kind in kinds else None
        return {} if outcome is None else {"settings": outcome}

    def end(self, job: Job, instance: Instance) -> str | None:
        """From here there is no way back: whoever is interrupted has to finish it. Returns who ended it."""
        job.enter("stopping", is_cancellable=False)
        job.intend(is_stopping=True)
        container = self._engine.get_container(instance.container)
        if not container.is_up:
            return None
        if container.is_removed_at_end:  # which goes with no restart policy
            return self._end(job, instance)
        with self.policies.held(instance, container):
            return self._end(job, instance)

    def restart(self, job: Job, instance: Instance, countdown: Countdown) -> Result:
        """Raises WorldNotOnVolume for a container that could not be started again."""
        check_lasting(self._engine.inspect(instance.container))
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
        with suppress(errors.ContainerMissing):
            self._engine.stop(instance.container, STOP_GRACE_SECONDS)
        return "engine"

    def _wait_for_exit(self, instance: Instance, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with suppress(errors.ContainerMissing):  # made with --rm, or removed by somebody
            while self._engine.get_container(instance.container).is_up:
                if time.monotonic() > deadline:
                    return False
                gevent.sleep(LOOK_SECONDS)
        return True
