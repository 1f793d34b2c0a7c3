"""Getting an image from its registry, with how far it is."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from palserver.clients.engine import Engine
from palserver.errors import ImageMissing
from palserver.services.jobs.jobs import Job

# A layer is fetched, then unpacked; both are told in bytes.
PHASES = ("Downloading", "Extracting")
DONE = ("Pull complete", "Already exists")


class Progress:
    """How far a pull is, from the engine's messages; it never goes back."""

    def __init__(self) -> None:
        self._parts: dict[str, list[float]] = {}  # how much of each phase of a layer is done, from 0 to 1
        self._sizes: dict[str, int] = {}
        self.percent = 0

    def take(self, message: dict[str, Any]) -> bool:
        """Returns whether the percent is another one now."""
        layer, status = message.get("id") or "", message.get("status") or ""
        detail = message.get("progressDetail") or {}
        if status == "Pulling fs layer":
            self._parts.setdefault(layer, [0.0, 0.0])
        elif layer in self._parts:
            self._note(self._parts[layer], layer, status, detail)
        before, self.percent = self.percent, max(self.percent, self._count())
        return self.percent != before

    def _note(self, part: list[float], layer: str, status: str, detail: dict[str, Any]) -> None:
        if status in DONE:
            part[:] = [1.0, 1.0]
        elif status == "Download complete":
            part[0] = 1.0
        elif status in PHASES and detail.get("total"):
            self._sizes[layer] = detail["total"]
            part[PHASES.index(status)] = min(1.0, detail.get("current", 0) / detail["total"])

    def _count(self) -> int:
        """A layer of which the size is not known yet counts as much as the others do on average."""
        if not self._parts:
            return 0
        usual = sum(self._sizes.values()) / len(self._sizes) if self._sizes else 1.0
        weights = {layer: self._sizes.get(layer, usual) for layer in self._parts}
        done = sum(weights[layer] * sum(part) / len(PHASES) for layer, part in self._parts.items())
        return int(100 * done / sum(weights.values()))


def fetch(job: Job, engine: Engine, reference: str) -> dict[str, Any]:
    """Have the image at hand and return its `inspect`; `engine` is a patient one.

    It is pulled if it is not there or has come from a registry before; where that fails, the local one is
    taken. Raises ImageMissing, Cancelled.
    """
    job.enter("pulling")
    local = _find(engine, reference)
    if local is not None and not local.get("RepoDigests"):
        job.write(f"{reference} was made on this host.")
        return local
    job.write(f"Pulling {reference}.")
    try:
        _pull(job, engine, reference)
    except ImageMissing:
        if local is None:
            raise
        job.write("It cannot be pulled. The local one is taken.")
    return engine.inspect_image(reference)


def _pull(job: Job, engine: Engine, reference: str) -> None:
    repository, tag = _split(reference)
    progress = Progress()
    # The engine gives up when nobody listens any more; a registry may say nothing for as long as it likes.
    with job.cut_short(), closing(engine.pull_messages(repository, tag)) as messages:
        for message in messages:
            if not message.get("progressDetail"):
                job.write(": ".join(filter(None, (message.get("id"), message.get("status")))))
            if progress.take(message):
                job.set_percent(progress.percent)


def _split(reference: str) -> tuple[str, str]:
    """As the engine wants it: a digest takes the tag's place; without a tag it would get all of them."""
    name, _, digest = reference.partition("@")
    head, _, tail = name.rpartition(":")
    has_tag = head and "/" not in tail
    return (head if has_tag else name, digest or (tail if has_tag else "latest"))


def is_local(engine: Engine, reference: str) -> bool:
    return _find(engine, reference) is not None


def _find(engine: Engine, reference: str) -> dict[str, Any] | None:
    try:
        return engine.inspect_image(reference)
    except ImageMissing:
        return None
