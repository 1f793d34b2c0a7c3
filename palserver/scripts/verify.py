"""`verify.sh ID INSTANCE`: a backup, read to its end and held against its manifest."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from palserver import names
from palserver.scripts import Broken, Failed, read_variable, read_words, run, say, step_back
from palserver.scripts.hashing import Hashed
from palserver.services.save_header import LONGEST_BYTES, find_fault
from palserver.store.backups import ID, BackupFile, find_manifest

PIECE_BYTES = 256 * 1024


@dataclass
class Findings:
    """Sentences. `damages` is what is not as it was written; `faults` are saves that were broken before."""

    damages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def main(words: Sequence[str]) -> None:
    backup_id, instance = read_words(words, "verify.sh ID INSTANCE", ID, names.INSTANCE)
    folder = Path(read_variable("PALSERVER_BACKUP_DIR")) / instance
    manifest = find_manifest(folder, backup_id)
    if manifest is None:
        raise Failed(f"There is no backup {backup_id} of {instance}.")
    step_back()
    say(f"Reading {folder / manifest.archive}.")
    with (folder / manifest.archive).open("rb") as file:
        found = check_archive(file, manifest.sha256, manifest.files)
    for sentence in found.damages + found.faults:
        say(sentence)
    if found.damages:
        raise Broken("The backup is broken.")
    if found.faults:
        raise Broken("The backup is as it was written, but the game's own files in it were broken then.")
    say(f"All {len(manifest.files)} files are as they were written.")


def check_archive(file: IO[bytes], sha256: str, files: Sequence[BackupFile]) -> Findings:
    """Read the archive from where `file` stands to its end, whatever is wrong with it."""
    found = Findings()
    hashed = Hashed(file)
    missing = {each.path: each for each in files}
    try:
        with gzip.GzipFile(fileobj=hashed) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            while (member := archive.next()) is not None:
                if member.isreg():
                    content = archive.extractfile(member)
                    assert content is not None  # noqa: S101 - a regular file has contents
                    _check_file(member, content, missing, found)
            while plain.read(PIECE_BYTES):
                pass  # the checksum of all of it stands at the end
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        found.damages.append(f"The archive cannot be read to its end: {error}.")
    except OSError as error:
        found.damages.append(f"The disk cannot be read: {error.strerror}.")
        return found
    while hashed.read(PIECE_BYTES):
        pass
    found.damages += [f"{path} is missing." for path in missing]
    if hashed.digest.hexdigest() != sha256 and not found.damages:
        found.damages.append("The archive is not what was written, although its files are.")
    return found


def _check_file(
    member: tarfile.TarInfo, content: IO[bytes], missing: dict[str, BackupFile], found: Findings
) -> None:
    """Take the member off `missing` and note what is wrong with it."""
    expected = missing.pop(member.name, None)
    head = content.read(LONGEST_BYTES)
    digest = hashlib.sha256(head)
    while piece := content.read(PIECE_BYTES):
        digest.update(piece)
    if expected is None:
        found.damages.append(f"{member.name} was not written.")
    elif (member.size, digest.hexdigest()) != (expected.size_bytes, expected.sha256):
        found.damages.append(f"{member.name} is not what was written.")
    elif member.name.endswith(".sav") and (fault := find_fault(head, member.size)) is not None:
        found.faults.append(f"{member.name} {fault}.")


if __name__ == "__main__":
    run(main)
