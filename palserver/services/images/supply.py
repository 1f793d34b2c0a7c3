"""The image that a container is to be made from, got from wherever it is: engine, `server/repo`, registry."""

from __future__ import annotations

from dataclasses import dataclass

from palserver.clients.engine import Engine
from palserver.errors import ImageMissing
from palserver.services.images.archives import LATEST
from palserver.services.images.known import KNOWN_IMAGES, read_repository
from palserver.services.images.pulls import fetch, is_local
from palserver.services.images.versions import Versions
from palserver.services.jobs.jobs import Job
from palserver.store.instances import Instance


@dataclass(frozen=True)
class Supply:
    """`patient` is an engine that is given the time an image takes. All raise EngineUnreachable."""

    patient: Engine
    versions: Versions

    def have(self, job: Job, instance: Instance, image: str) -> None:
        """For a container that was there before: what the engine has is taken as it is.

        Raises ImageMissing, which names it, ImageArchiveBroken, ImageArchiveDiffers, Cancelled, and what
        running a script raises.
        """
        if not is_local(self.versions.engine, image):
            self.have_newest(job, instance, image)

    def have_newest(self, job: Job, instance: Instance, image: str) -> None:
        """As `have`, for a new server: what has come from a registry is asked for there once more."""
        job.enter("pulling")
        if self.versions.load(job, instance, image):
            return
        try:
            fetch(job, self.patient, image)
        except ImageMissing as error:
            sentence = f"The image {image} is not on this host and could not be pulled."
            job.write(sentence)
            raise ImageMissing(sentence) from error

    def choose(self, image: str) -> str:
        """`latest` of an image that only the folder has is what the link of that name there leads to."""
        repository = read_repository(image)
        if image != f"{repository}:{LATEST}" or is_local(self.versions.engine, image):
            return image
        version = self.versions.find_latest(repository)
        return image if version is None else f"{repository}:{version}"

    def list_at_hand(self) -> list[str]:
        """The known images that the engine has, or the folder, by the names that a server is made from."""
        offered = (known.reference for known in KNOWN_IMAGES if known.is_offered)
        return self.versions.list_at_hand(map(read_repository, offered))
