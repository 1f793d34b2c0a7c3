"""The versions of a server's image that are at hand: local images, and those that lie in `server/repo`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from palserver import errors, names
from palserver.clients.engine import Engine
from palserver.clock import format_time
from palserver.services.containers.specs import Spec
from palserver.services.images.archives import LATEST, find_archive, find_latest, list_archives, version_key
from palserver.services.images.images import find_repository
from palserver.services.images.pulls import is_local
from palserver.services.jobs.jobs import Job
from palserver.services.restores.scripts import RestoreScripts
from palserver.store.instances import Instance
from palserver.threads import Threads


class Version(msgspec.Struct, frozen=True):
    """`is_local`: the engine has it; `is_archived`: it lies as a file in `server/repo`, loaded from there.

    `is_latest` is what that folder's link `latest` leads to. Size and time are the image's, else the file's.
    """

    version: str
    is_current: bool
    is_local: bool
    is_archived: bool
    is_latest: bool
    size_bytes: int
    created_at: str


@dataclass(frozen=True)
class Versions:
    """`folder` is `server/repo`. All raise EngineUnreachable."""

    engine: Engine
    scripts: RestoreScripts
    folder: Path
    readers: Threads

    def list_versions(self, instance: Instance) -> list[Version]:
        """The newest first, by their numbers. Raises ImageMissing for an image without a name."""
        current, repository = self._find_image(instance)
        images = _find_versions(self.engine.list_images(), repository)
        archives, latest = self.readers.run(self._look, repository)
        found = [
            _view(
                version,
                images.get(version),
                archives.get(version),
                f"{repository}:{version}" == current,
                latest,
            )
            for version in {*images, *archives}
        ]
        return sorted(found, key=lambda each: version_key(each.version), reverse=True)

    def resolve(self, instance: Instance, version: str) -> str:
        """`latest` is what the folder's link says, if there is one to an image of this server."""
        repository = self._find_repository(instance) if version == LATEST else None
        if repository is None:
            return version
        return self.find_latest(repository) or version

    def have_version(self, job: Job, instance: Instance, version: str) -> None:
        """As `load`, of the server's image."""
        repository = self._find_repository(instance)
        if repository is not None:
            self.load(job, instance, f"{repository}:{version}")

    def load(self, job: Job, instance: Instance, image: str) -> bool:
        """Load it if the engine does not have it and the folder does; returns whether that was so.

        Raises ImageArchiveBroken, ImageArchiveDiffers, and what running a script raises.
        """
        repository, _, version = image.rpartition(":")
        if not repository or not names.is_match(names.VERSION, version) or is_local(self.engine, image):
            return False
        if self.readers.run(find_archive, self.folder, repository, version) is None:
            return False
        self.scripts.load_image(job, instance, version, repository)
        return True

    def list_at_hand(self, repositories: Iterable[str]) -> list[str]:
        """What the engine has of them, or the folder, by full names; of each the newest first."""
        images = self.engine.list_images()
        found = []
        for repository in repositories:
            archives, _ = self.readers.run(self._look, repository)
            versions = {*_find_versions(images, repository), *archives}
            found += [f"{repository}:{each}" for each in sorted(versions, key=version_key, reverse=True)]
        return found

    def find_latest(self, repository: str) -> str | None:
        """What the folder's link `latest` leads to, if that is a version of this image."""
        archives, latest = self.readers.run(self._look, repository)
        return latest if latest in archives else None

    def _find_repository(self, instance: Instance) -> str | None:
        """None for an image without a name: an operator's own script may know what to do."""
        try:
            return self._find_image(instance)[1]
        except (errors.ImageMissing, msgspec.ValidationError):
            return None

    def _find_image(self, instance: Instance) -> tuple[str, str]:
        """What it is made from, and that without its tag."""
        try:
            container = self.engine.inspect(instance.container)
        except errors.ContainerMissing:
            image = msgspec.json.decode(instance.spec, type=Spec).image
            return image, find_repository(image, {"Id": ""})
        image = container["Config"]["Image"]
        return image, find_repository(image, self.engine.inspect_image(container["Image"]))

    def _look(self, repository: str) -> tuple[dict[str, Path], str | None]:
        return list_archives(self.folder, repository), find_latest(self.folder)


def _find_versions(images: list[dict[str, Any]], repository: str) -> dict[str, dict[str, Any]]:
    """Of what the engine has, the images of this name by their tags."""
    tagged = ((tag, image) for image in images for tag in image.get("RepoTags") or [])
    parts = ((*tag.rpartition(":")[::2], image) for tag, image in tagged)
    return {version: image for name, version, image in parts if name == repository and version != "<none>"}


def _view(
    version: str, image: dict[str, Any] | None, archive: Path | None, is_current: bool, latest: str | None
) -> Version:
    if image is not None:
        size_bytes, seconds = image["Size"], image["Created"]
    else:
        status = archive.stat() if archive else None
        size_bytes, seconds = (status.st_size, status.st_mtime) if status else (0, 0)
    return Version(
        version=version,
        is_current=is_current,
        is_local=image is not None,
        is_archived=archive is not None,
        is_latest=archive is not None and version == latest,
        size_bytes=size_bytes,
        created_at=format_time(datetime.fromtimestamp(seconds, UTC)),
    )
