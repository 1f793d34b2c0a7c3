"""The bundled scripts of restores and updates, and what they tell the panel between the lines for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from palserver import errors
from palserver.services.jobs.job import Job, make_unseen
from palserver.services.jobs.scripts import Scripts
from palserver.store.instances import Instance

FAILURES = {
    value.key: value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.PalError) and value is not errors.TooManyRequests
}


@dataclass(frozen=True)
class Backup:
    """A backup whose archive has passed: its live world, whose it was, how much it holds."""

    world_guid: str
    owner: str
    size_bytes: int


@dataclass
class Told:
    """Takes a script's lines: facts and the failure's key are kept, the rest is handed on."""

    write: Callable[[str], None]
    set_percent: Callable[[float], None]
    facts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    key: str | None = None

    def take(self, line: str) -> None:
        sign, _, rest = line.partition(" ")
        if sign == "=":
            name, _, value = rest.partition(" ")
            if name == "percent":
                self.set_percent(float(value))
                return
            self.facts[name].append(value)
        elif sign == "!":
            self.key = rest
        else:
            self.write(line)


@dataclass(frozen=True)
class RestoreScripts:
    """`scripts` are the bundled ones, whoever has replaced the others.

    All raise what the checks of an archive raise, what the engine's calls raise, BackupNotFound,
    ScriptFailed, ScriptTimedOut and Cancelled.
    """

    scripts: Scripts

    def check(self, job: Job, instance: Instance, backup_id: str) -> Backup:
        """Read all of the archive."""
        facts = self._run(job, "restore-check.sh", (backup_id, instance.name), instance)
        return Backup(facts["world_guid"][0], facts["owner"][0], int(facts["size_bytes"][0]))

    def stage(self, job: Job, instance: Instance, backup_id: str, owner: str, archive_owner: str) -> None:
        """Unpack it beside the live world; what was `archive_owner`'s becomes `owner`'s."""
        words = (backup_id, instance.name, job.intent["helper"], owner, archive_owner)
        self._run(job, "restore-stage.sh", words, instance)

    def fetch_image(self, job: Job, instance: Instance, version: str) -> None:
        """Have the version of its image at hand. Raises ImageMissing."""
        self._run(job, "update-fetch.sh", (version, instance.name), instance)

    def load_image(self, job: Job, instance: Instance, version: str, repository: str) -> None:
        """Have the engine take it from `server/repo`. Raises ImageArchiveBroken, ImageArchiveDiffers."""
        self._run(job, "image-load.sh", (version, instance.name, repository), instance)

    def preview(self, instance: Instance, backup_id: str) -> dict[str, list[str]]:
        """What a restore would do, by the names that the script gives; for somebody who waits."""
        unseen = make_unseen("preview", instance.name)
        return self._run(unseen, "restore-preview.sh", (backup_id, instance.name), instance)

    def is_touched(self, job: Job, instance: Instance, backup_id: str) -> bool:
        """Whether the present world differs from that of the backup."""
        facts = self._run(job, "restore-compare.sh", (backup_id, instance.name), instance)
        return any(facts[name] for name in ("added", "changed", "removed"))

    def _run(self, job: Job, name: str, words: tuple[str, ...], instance: Instance) -> dict[str, list[str]]:
        told = Told(job.write, job.set_percent)
        try:
            self.scripts.run(job, name, words, instance, told.take)
        except errors.ScriptFailed as error:
            if told.key in FAILURES:
                raise FAILURES[told.key]() from error
            raise
        return told.facts
