"""`restore-stage.sh ID INSTANCE JOB OWNER ARCHIVE_OWNER`: a backup, unpacked beside the live world.

Into a stopped container's volume, through the engine. Each byte is checked once more on its way. It is put in
the live world's place by somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from palserver import names
from palserver.scripts import read_words, say
from palserver.scripts.restoring import Server, open_backup, run_telling
from palserver.services.backups.archives import Reading, check_hash
from palserver.services.restores.staging import Staging
from palserver.store.backups import ANY_ID

USAGE = "restore-stage.sh ID INSTANCE JOB OWNER ARCHIVE_OWNER"
PATTERNS = (ANY_ID, names.INSTANCE, names.JOB, names.OWNER, names.OWNER)


def main(words: Sequence[str]) -> None:
    backup_id, instance, job, *owners = read_words(words, USAGE, *PATTERNS)
    owner, archive_owner = map(_read_owner, owners)
    server = Server()
    with open_backup(instance, backup_id) as (file, manifest):
        check_hash(file, manifest)
        say("Unpacking it beside the live world.")
        staging = Staging(Reading(file, manifest), job, owner, archive_owner, server.read_settings())
        server.engine.write_archive(server.container, server.saved_path, staging.pack())


def _read_owner(word: str) -> tuple[int, int]:
    uid, _, gid = word.partition(":")
    return int(uid), int(gid)


if __name__ == "__main__":
    run_telling(main)
