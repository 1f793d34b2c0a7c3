"""Another version of the game's image, and the way back: at once where it fails, by hand later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from palserver import errors
from palserver.clock import utc_now
from palserver.services.compose.files import ComposeFiles
from palserver.services.containers.changes import Changes, follow_rest_port, merge_access
from palserver.services.containers.exchanges import Exchanges
from palserver.services.containers.specs import Spec
from palserver.services.games.countdown import Countdown
from palserver.services.games.readiness import READY_SECONDS, wait_for_ready
from palserver.services.images.versions import Versions
from palserver.services.jobs.job import Intent
from palserver.services.jobs.jobs import Job, Result
from palserver.services.jobs.outcomes import Outcome
from palserver.services.jobs.patience import persist
from palserver.services.jobs.scripts import Scripts
from palserver.services.lifecycle import AT_ONCE
from palserver.services.restores.restores import Restores
from palserver.services.restores.side_containers import check_any_mount, check_lasting
from palserver.store import instances as store
from palserver.store import rollbacks
from palserver.store.database import Database
from palserver.store.instances import Instance
from palserver.store.rollbacks import Rollback


class Before(msgspec.Struct, frozen=True):
    """What an instance is before it is exchanged; written down as an intent. `aside` was there before."""

    spec: Spec
    image_id: str | None
    compose: str | None
    aside: list[str]
    backup: str | None = None


class WayBack(msgspec.Struct, frozen=True):
    """Where a rollback leads: the image of before, and the backup of the world of then, if it is there."""

    image: str
    backup: str | None
    updated_at: str


@dataclass(frozen=True)
class Updates:
    """`update` and `rollback` are the work of jobs; `mend` ends what one of them had begun before a crash."""

    scripts: Scripts
    is_bundled: bool  # else update.sh is an operator's own, which may do all of it in its own way
    restores: Restores
    exchanges: Exchanges
    database: Database
    compose_files: ComposeFiles
    versions: Versions
    ready_seconds: float = READY_SECONDS

    def update(self, job: Job, instance: Instance, version: str, countdown: Countdown = AT_ONCE) -> Result:
        """Get the image, stop, keep a copy, run update.sh, start, wait until the game is ready.

        The countdown begins when the image is there. Where it does not get there, container, compose file and
        world are as they were before.
        """
        job.intend(helper=job.id)
        if self.is_bundled:
            self._check_volume(instance)
        job.enter("fetching")
        version = self.versions.resolve(instance, version)
        self.versions.have_version(job, instance, version)
        if self.is_bundled:
            self.restores.scripts.fetch_image(job, instance, version)

        def exchange() -> None:
            job.enter("updating", is_cancellable=False)
            self.scripts.run(job, "update.sh", (version, instance.name), instance)

        return {"version": version, **self._exchange(job, instance, exchange, countdown)}

    def rollback(self, job: Job, instance: Instance, with_world: bool, countdown: Countdown) -> Result:
        """Back to what the instance was before its last update; the next rollback leads here again.

        Raises NoRollback, ContainerMissing, WorldNotOnVolume, ImageMissing, BackupNotFound and what the
        checks of a backup raise, before anything is stopped.
        """
        row = self.get_rollback(instance)
        job.intend(helper=job.id)
        self._check_volume(instance)
        spec = self.exchanges.with_image(msgspec.json.decode(row.spec, type=Spec), row.image_id)
        world = None
        if with_world:
            job.enter("checking")
            world = self.restores.scripts.check(job, instance, self._get_world(instance, row))

        def exchange() -> None:
            job.enter("updating", is_cancellable=False)
            found = self.exchanges.find_spec(instance.container)
            self.exchanges.replace(instance.container, spec)
            if found is not None:
                self.set_access(job, instance, follow_rest_port(instance, Changes(), found[0], spec))
            if self.compose_files.find_path(instance.name) is not None:
                self.compose_files.put_back(instance.name, row.compose)
            if world is not None:
                self.restores.put_in(job, instance, str(row.backup), world)

        return {"world": with_world, **self._exchange(job, instance, exchange, countdown)}

    def remake(self, job: Job, instance: Instance, spec: Spec, set_access: Callable[[], None]) -> Result:
        """The same image in a container that is made from something else.

        `set_access` has the new one's game asked where that is; the way back undoes it. Raises
        ContainerMissing, WorldNotOnVolume, before anything is stopped.
        """
        job.intend(helper=job.id)
        self._check_volume(instance)

        def exchange() -> None:
            job.enter("remaking", is_cancellable=False)
            self.exchanges.replace(instance.container, spec)
            set_access()

        return self._exchange(job, instance, exchange)

    def set_access(self, job: Job, instance: Instance, changes: Changes) -> None:
        """How its game is reached; what that was is written down first as the intent `access`.

        As it is by now: settings that waited may have brought the game another password meanwhile.
        """
        now = store.find_instance(self.database.reader, instance.name) or instance
        before, after = (now.rest_address, now.admin_password), merge_access(now, changes)
        if after != before:
            job.intend(access=before)
            self.database.write(store.set_rest_access, instance.name, *after)
        self.restores.games.forget_address(instance.name)

    def get_rollback(self, instance: Instance) -> Rollback:
        """Raises NoRollback."""
        row = rollbacks.find_rollback(self.database.reader, instance.name)
        if row is None:
            raise errors.NoRollback()
        return row

    def find_way_back(self, instance: Instance) -> WayBack | None:
        """None where it was never updated. The backup may have been removed since, and is None then."""
        row = rollbacks.find_rollback(self.database.reader, instance.name)
        if row is None:
            return None
        try:
            backup = self._get_world(instance, row)
        except errors.BackupNotFound:
            backup = None
        return WayBack(msgspec.json.decode(row.spec, type=Spec).image, backup, row.created_at)

    def mend(self, job: Job, instance: Instance, intent: Intent) -> Outcome:
        """Finish what was proven, undo what was not; returns which."""
        before = msgspec.convert(intent["before"], type=Before)
        if intent.get("is_proven"):
            self._finish(job, instance, before)
            key = "update_made"
        else:
            self._go_back(job, instance, before)
            key = "update_not_made"
        job.intend(is_updating=False, is_stopping=False)
        return Outcome(key, {"image": self._store_spec(instance)})

    def _exchange(
        self, job: Job, instance: Instance, exchange: Callable[[], None], countdown: Countdown = AT_ONCE
    ) -> Result:
        """Everything around the exchange of the container itself, which begins when the countdown ends."""
        with suppress(errors.ContainerMissing):  # an operator's own script may know what to do
            self.restores.lifecycle.warn(job, instance, countdown)
        before = self._remember(instance)
        was_up = self._is_up(instance)
        job.intend(shall_run=was_up)
        stopped: Result = {}
        try:
            stopped = self.restores.lifecycle.stop(job, instance) if was_up else {}
            before = self._copy_first(job, instance, before)
            job.intend(is_updating=True, before=msgspec.to_builtins(before))
            exchange()
            image = self._store_spec(instance)
            self._prove(job, instance, was_up)
        except Exception:
            self._undo(job, instance, before)
            raise
        self.restores.insist(job, lambda: self._finish(job, instance, before))
        return {
            "image": image,
            "backup": before.backup,
            "saved": stopped.get("saved"),
            "save_error": stopped.get("save_error"),
            **({"settings": stopped["settings"]} if "settings" in stopped else {}),
        }

    def _prove(self, job: Job, instance: Instance, was_up: bool) -> None:
        """Ready, and not merely running; of a server that did not run before nothing more is asked."""
        if was_up:
            self.restores.lifecycle.start(job, instance)
            wait_for_ready(job, self.restores.games, instance.name, self.ready_seconds)
        self.restores.commit(job, instance)
        job.intend(is_proven=True)

    def _finish(self, job: Job, instance: Instance, before: Before) -> None:
        """Nothing is kept of the old container; what it was is written down for a rollback."""
        job.enter("committing", is_cancellable=False)
        self.restores.tidy_if_any(job, instance)
        self.exchanges.remove_aside(instance.container, before.aside)
        if self.exchanges.find_spec(instance.container) != (before.spec, before.image_id):
            spec = msgspec.json.encode(before.spec).decode()
            row = Rollback(instance.name, spec, before.image_id, before.compose, before.backup, utc_now())
            self.database.write(rollbacks.set_rollback, row)

    def _undo(self, job: Job, instance: Instance, before: Before) -> None:
        """After a failure, which is what the job ends with; the server runs again if it ran before."""
        if not (job.intent.get("is_stopping") or job.intent.get("is_updating")):
            return
        if job.intent.get("is_updating"):
            persist(job, lambda: self._go_back(job, instance, before))
            job.write("That did not work. The server is as it was before.")
        if job.intent.get("shall_run"):
            self.restores.start_again(job, instance)

    def _go_back(self, job: Job, instance: Instance, before: Before) -> None:
        """Container, compose file and world of before, stopped. It can be begun again at any point."""
        with suppress(errors.ContainerMissing):
            self.restores.lifecycle.end(job, instance)
        job.enter("putting_back", is_cancellable=False)
        self.exchanges.put_back(instance.container, before.spec, before.image_id, before.aside)
        self.compose_files.put_back(instance.name, before.compose)
        if "access" in job.intent:
            self.database.write(store.set_rest_access, instance.name, *job.intent["access"])
            self.restores.games.forget_address(instance.name)
        self._store_spec(instance)
        self.restores.tidy_if_any(job, instance)
        if before.backup is None:
            job.write("There is no copy that the world could be compared with.")
        elif self.restores.scripts.is_touched(job, instance, before.backup):
            job.write("The world was changed meanwhile. It is put back as well.")
            self.restores.put_back_copy(job, instance, before.backup)
        # What the engine was still making for a script that was killed is there only now.
        self.exchanges.remove_aside(instance.container, before.aside)

    def _remember(self, instance: Instance) -> Before:
        found = self.exchanges.find_spec(instance.container)
        spec, image_id = found or (msgspec.json.decode(instance.spec, type=Spec), None)
        aside = self.exchanges.list_aside(instance.container, "old")
        return Before(spec, image_id, self.compose_files.find(instance.name), aside)

    def _copy_first(self, job: Job, instance: Instance, before: Before) -> Before:
        """Of the stopped server: then it is the world that the new version will open."""
        job.enter("copying_first", is_cancellable=False)
        if not self.restores.has_world(instance):
            job.write("There is no world yet that could be copied first.")
            return before
        copy = self.restores.make_copy(job, instance, "pre_update")
        return msgspec.structs.replace(before, backup=copy.id)

    def _check_volume(self, instance: Instance) -> None:
        """Raises ContainerMissing, and WorldNotOnVolume: what is in the container itself would be gone."""
        inspection = self.restores.engine.inspect(instance.container)
        check_lasting(inspection)
        if self.restores.has_world(instance):
            check_any_mount(instance.saved_path, inspection.get("Mounts") or [])

    def _get_world(self, instance: Instance, row: Rollback) -> str:
        """Raises BackupNotFound."""
        return self.restores.get_manifest(instance, row.backup or "").id

    def _is_up(self, instance: Instance) -> bool:
        """A missing container is no reason to stop here: an operator's own script may know what to do."""
        try:
            return self.restores.engine.get_container(instance.container).is_up
        except errors.ContainerMissing:
            return False

    def _store_spec(self, instance: Instance) -> str:
        """Write down what the container is made from now, and return its image. Raises ContainerMissing."""
        found = self.exchanges.find_spec(instance.container)
        if found is None:
            raise errors.ContainerMissing()
        self.database.write(store.set_spec, instance.name, msgspec.json.encode(found[0]).decode())
        return found[0].image
