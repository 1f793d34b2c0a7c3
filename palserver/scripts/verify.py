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
from palserver.errors import ArchiveTooLarge, ArchiveUnsafe, PalError, WorldUnclear
from palserver.scripts import Broken, Failed, read_variable, read_words, run, say, step_back
from palserver.scripts.hashing import Hashed
from palserver.scripts.restoring import find_folder
from palserver.services.backups import archives
from palserver.services.backups.archives import LIMITS, Limits
from palserver.services.backups.folder_records import list_differences, make_record
from palserver.services.backups.folder_tar import FolderTar
from palserver.services.backups.reasons import tell_unrestorable
from palserver.services.backups.save_header import LONGEST_BYTES, find_fault
from palserver.store import folder_backups
from palserver.store.backups import ANY_ID, BackupFile, Manifest, find_manifest
from palserver.store.folder_backups import FolderBackup

PIECE_BYTES = 256 * 1024


@dataclass
class Findings:
    """Sentences. `damages` is what is not as it was written; `faults` are saves that were broken before.

    `refusal` is why no restore takes it, although there is neither.
    """

    damages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    refusal: str | None = None


def main(words: Sequence[str]) -> None:
    backup_id, instance = read_words(words, "verify.sh ID INSTANCE", ANY_ID, names.INSTANCE)
    backups = Path(read_variable("PALSERVER_BACKUP_DIR"))
    folder, manifest = backups / instance, find_manifest(backups / instance, backup_id)
    step_back()
    if manifest is None:
        verify_folder(backups, instance, find_folder(instance, backup_id))
        return
    say(f"Reading {folder / manifest.archive}.")
    with (folder / manifest.archive).open("rb") as file:
        found = prove(file, manifest)
    for sentence in found.damages + found.faults:
        say(sentence)
    if found.damages:
        raise Broken("The backup is broken.")
    if found.faults:
        raise Broken("The backup is as it was written, but the game's own files in it were broken then.")
    if found.refusal is not None:
        raise Broken(found.refusal)
    say(f"All {len(manifest.files)} files are as they were written.")


def prove(file: IO[bytes], manifest: Manifest, limits: Limits = LIMITS) -> Findings:
    """Whether a restore would take it; where it would not, it is read once more to find all that is wrong.

    A fault or a refusal is of what was backed up, and not of the archive.
    """
    try:
        archives.check_archive(file, manifest, limits)
    except (PalError, OSError) as error:
        file.seek(0)
        found = check_archive(file, manifest.sha256, manifest.files)
        if isinstance(error, PalError) and not found.damages and not found.faults:
            found.refusal = tell_unrestorable(error)
        return found
    return Findings()


def verify_folder(backups: Path, instance: str, folder: FolderBackup | None) -> None:
    """What was there at first sight, which may be now. Raises Broken, Failed, and as FolderTar does."""
    if folder is None:
        raise Failed("There is no such backup.")
    say(f"Reading {folder.root}.")
    tar = FolderTar(folder.root)
    tar.read_all()
    record = folder_backups.find_record(backups, instance, folder.id)
    now = make_record(instance, folder, tar.files)
    if record is None:
        folder_backups.set_record(backups, now)
        say("Nobody has written down what it should hold. From now on any change in it is noticed.")
    differences = [] if record is None else list_differences(record, tar.files)
    for sentence in differences + tar.faults:
        say(sentence)
    if differences:
        raise Broken("The copy is not what it was at first sight.")
    if tar.faults or not tar.files:
        raise Broken("The game's own files in it are broken.")
    try:
        archives.check_archive(FolderTar(folder.root), now)  # type: ignore[arg-type]  # as good as a file for us
    except (ArchiveTooLarge, ArchiveUnsafe, WorldUnclear) as error:
        raise Broken(tell_unrestorable(error)) from error
    whole = "are as they were at first sight" if record else "could be read, and its saves begin as saves do"
    say(f"All {len(tar.files)} files {whole}.")


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
    elif member.name.lower().endswith(".sav") and (fault := find_fault(head, member.size)) is not None:
        found.faults.append(f"{member.name} {fault}.")


if __name__ == "__main__":
    run(main)
