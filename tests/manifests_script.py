"""Run by the test's `backup.sh` after the bundled one: writes the manifest of each archive that has none."""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path

from palserver.store.backups import set_manifest
from tests.made_backups import describe

SCRIPT = """
set -e
cd {project}
python3 -m palserver.scripts.backup "$1"
python3 -m tests.manifests_script "$1"
"""


def main(instance: str) -> None:
    folder = Path(os.environ["PALSERVER_BACKUP_DIR"]) / instance
    for path in folder.glob("*.tar.gz"):
        backup_id = path.name.removesuffix(".tar.gz")
        if not (folder / f"{backup_id}.json").exists():
            with tarfile.open(path) as archive:
                found = ((member.name, archive.extractfile(member)) for member in archive)
                files = {name: content.read() for name, content in found if content is not None}
            manifest = describe(
                path.read_bytes(), files, id=backup_id, archive=path.name, instance=instance, kind="script"
            )
            set_manifest(folder, manifest)


if __name__ == "__main__":
    main(sys.argv[1])
