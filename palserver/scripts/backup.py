"""`backup.sh INSTANCE`: the save folder, read through the engine, a .tar.gz with its manifest beside it."""

from __future__ import annotations

import os
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from palserver import names
from palserver.clients.engine import Engine
from palserver.clock import format_time, utc_now
from palserver.errors import ContainerMissing
from palserver.scripts import CALL_SECONDS, Failed, read_variable, read_words, run, say, step_back
from palserver.scripts.packing import sync
from palserver.scripts.source import Copy, Source, copy_world
from palserver.scripts.stillness import find_world_guid
from palserver.scripts.verify import prove
from palserver.services.restores.previews import find_only_world
from palserver.store.backups import SUFFIX, Manifest, add_backup, mend_backup

ID_FORMAT = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class Claim:
    """A name that nobody else has, for what is written to `file` in the meantime."""

    id: str
    begun_at: datetime
    file: IO[bytes]


def main(words: Sequence[str]) -> None:
    (instance,) = read_words(words, "backup.sh INSTANCE", names.INSTANCE)
    container, saved_path = read_variable("PALSERVER_CONTAINER"), read_variable("PALSERVER_SAVED_PATH")
    folder = Path(read_variable("PALSERVER_BACKUP_DIR")) / instance
    folder.mkdir(parents=True, exist_ok=True)
    step_back()
    engine = Engine(os.environ, CALL_SECONDS)
    image = engine.get_container(container).image
    source = Source(engine, container, saved_path, find_world_guid(engine, container, saved_path))
    with claim_file(folder) as claim:
        manifest = _describe(claim, instance, image, source.world_guid, _copy(source, claim.file))
        add_backup(folder, manifest, Path(claim.file.name))
    if manifest.reason is not None:
        say(f"It may not be what it should be: {manifest.reason}")
    size = f"{len(manifest.files)} files, {manifest.size_bytes / 1e6:.1f} MB"
    say(f"Wrote {folder / manifest.archive} ({size}).")


def _copy(source: Source, file: IO[bytes]) -> Copy:
    """Raises Failed."""
    try:
        return copy_world(source, file)
    except ContainerMissing as error:
        raise Failed(f"There is no {source.saved_path} in {source.container}.") from error
    except tarfile.TarError as error:
        raise Failed("The save folder could not be read to its end. Try again.") from error


def _describe(claim: Claim, instance: str, image: str, world_guid: str | None, copy: Copy) -> Manifest:
    """The manifest of what has been written, and read back from the disk. Raises Failed."""
    manifest = Manifest(
        id=claim.id,
        instance=instance,
        archive=f"{claim.id}{SUFFIX}",
        created_at=format_time(claim.begun_at),
        kind="manual",
        size_bytes=copy.written.size_bytes,
        sha256=copy.written.sha256,
        consistent=True,
        reason=None,
        world_guid=world_guid or find_only_world(copy.written.files),
        game_version=None,
        image=image,
        note=None,
        pinned=False,
        verified_at=utc_now(),
        files=copy.written.files,
    )
    faults = _prove(claim.file, manifest)
    reasons = [*([copy.reason] if copy.reason else []), *faults]
    return msgspec.structs.replace(
        manifest,
        consistent=not reasons,
        reason=" ".join(reasons) or None,
        verified_at=None if faults else utc_now(),
    )


def _prove(file: IO[bytes], manifest: Manifest) -> list[str]:
    """Bring it to the disk, and read it from there. Returns why it is of no use; raises Failed."""
    sync(file)
    say("Reading it back.")
    found = prove(file, manifest)
    if found.damages:
        raise Failed(f"The disk did not keep what was written. {' '.join(found.damages)}")
    return [*found.faults, *([found.refusal] if found.refusal else [])]


@contextmanager
def claim_file(folder: Path) -> Iterator[Claim]:
    """A file of its own, named for this second; it is gone unless somebody has given it another name.

    One that has its name, and not yet its manifest, gets that: whoever is told to end may be as far as that.
    """
    claim = _claim(folder)
    try:
        with claim.file:
            yield claim
    finally:
        mend_backup(folder, claim.id)


def _claim(folder: Path) -> Claim:
    """The temporary file is the claim on the name: made first, by one process only."""
    while True:
        begun_at = datetime.now(UTC)
        backup_id = begun_at.strftime(ID_FORMAT)
        temporary = folder / f".{backup_id}{SUFFIX}.part"
        try:
            file = temporary.open("x+b")
        except FileExistsError:
            time.sleep(0.1)
            continue
        if not (folder / f"{backup_id}{SUFFIX}").exists() and not (folder / f"{backup_id}.json").exists():
            os.fchmod(file.fileno(), 0o600)  # the game's settings, with its passwords, are in there
            return Claim(backup_id, begun_at, file)
        file.close()
        temporary.unlink()
        time.sleep(0.1)


if __name__ == "__main__":
    run(main)
