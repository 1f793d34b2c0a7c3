"""`restore-check.sh ID INSTANCE`: a backup's archive, checked from its first byte to its last."""

from __future__ import annotations

from collections.abc import Sequence

from palserver import names
from palserver.scripts import read_words, say
from palserver.scripts.restoring import open_backup, run_telling, tell
from palserver.services.backups.archives import check_archive
from palserver.store.backups import ANY_ID


def main(words: Sequence[str]) -> None:
    backup_id, instance = read_words(words, "restore-check.sh ID INSTANCE", ANY_ID, names.INSTANCE)
    say(f"Checking the backup {backup_id}.")
    with open_backup(instance, backup_id) as (file, manifest):
        checked = check_archive(file, manifest)
    tell("world_guid", checked.world_guid)
    tell("owner", checked.owner)
    tell("size_bytes", sum(each.size_bytes for each in manifest.files))
    say(f"It is whole: {len(manifest.files)} files, with the world {checked.world_guid}.")


if __name__ == "__main__":
    run_telling(main)
