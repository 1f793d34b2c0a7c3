"""The settings file of a server, wherever the engine is and whatever its save folder is mounted from."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

from palserver import errors
from palserver.clients.engine import MAX_FILE_BYTES, Engine
from palserver.services.games.addresses import SETTINGS_PATH
from palserver.services.restores.side_containers import SideContainers
from palserver.store.instances import Instance

# Where the file of before is kept; what exchanges the two below says so too.
OLD_PATH = f"{SETTINGS_PATH}.palserver-old"
UPLOAD = ".palserver-settings"
NEW_FILE_MODE = 0o644
PERMISSIONS = 0o7777  # the engine adds the file's kind to them
NONE = "none"
BLOCK_BYTES = 512

# $1: the save folder, $2: what was unpacked into it, $3: the hash of the file that it is to replace, or
# `none`, $4: that file. The new one comes into its place by a rename, so that whoever reads it, and whatever
# ends this half-way, finds one of the two as a whole. The old one is kept beside it. Once the new one is in
# its place nobody comes back here, and nothing else may be left then.
REPLACE = """
cd "$1"
[ -w . ] || { echo read-only; exit 0; }
[ -f "$2" ] || { echo absent; exit 0; }
owner_of() { set -- $(ls -nd "$1"); echo "$3:$4"; }
make() { [ -d "$1" ] || { make "$(dirname "$1")"; mkdir "$1"; chown "$owner" "$1"; }; }
if [ "$3" = none ]; then
    if [ -e "$4" ] || [ -L "$4" ]; then rm -f "$2"; echo changed; exit 0; fi
    if [ -d SaveGames ]; then owner=$(owner_of SaveGames); else owner=$(owner_of .); fi
    make "$(dirname "$4")"
    chown "$owner" "$2"
else
    [ -f "$4" ] || { rm -f "$2"; echo changed; exit 0; }
    now=$(sha256sum <"$4")
    [ "${now%% *}" = "$3" ] || { rm -f "$2"; echo changed; exit 0; }
    cp -p "$4" "$4.palserver-copy"
    mv -f "$4.palserver-copy" "$4.palserver-old"
fi
cp -p "$2" "$4.palserver-new"
rm -f "$2"
sync
mv -f "$4.palserver-new" "$4"
sync
echo written
"""


@dataclass(frozen=True)
class Found:
    """The file and whose it is; `content` is None where there is none. `modified_at` is in seconds."""

    content: bytes | None
    uid: int = 0
    gid: int = 0
    mode: int = NEW_FILE_MODE
    modified_at: float = 0.0


@dataclass(frozen=True)
class SettingsFiles:
    engine: Engine
    beside: SideContainers

    def read(self, instance: Instance) -> Found:
        """Raises SettingsUnreadable, ContainerMissing, EngineUnreachable."""
        return find_file(self.engine, instance.container, f"{instance.saved_path}/{SETTINGS_PATH}")

    def replace(self, instance: Instance, work: str, old: Found, content: bytes) -> None:
        """Put it in the old one's place, all of it or nothing. The server is stopped.

        Raises SettingsChanged if there is another file by now, WorldNotOnVolume, NoSideContainer,
        NotEnoughSpace and what the engine's calls raise.
        """
        self.engine.write_archive(instance.container, instance.saved_path, _pack(old, content))
        expected = NONE if old.content is None else hashlib.sha256(old.content).hexdigest()
        lines = self.beside.run(instance, work, REPLACE, UPLOAD, expected, SETTINGS_PATH)
        outcome = lines[-1] if lines else ""
        if outcome == "changed":
            raise errors.SettingsChanged()
        if outcome in ("absent", "read-only"):
            raise errors.WorldNotOnVolume()
        if outcome != "written":
            raise errors.NoSideContainer()


def find_file(engine: Engine, container: str, path: str) -> Found:
    """Raises SettingsUnreadable, ContainerMissing, EngineUnreachable."""
    stamp = engine.find_stamp(container, path)
    if stamp is None:
        engine.inspect(container)
        return Found(None)
    if stamp.size >= MAX_FILE_BYTES:
        raise errors.SettingsUnreadable()
    try:
        packed = b"".join(engine.read_archive(container, path))
    except errors.ContainerMissing:
        return Found(None)  # gone between the two
    return _unpack(packed)


def _pack(old: Found, content: bytes) -> Iterator[bytes]:
    header = tarfile.TarInfo(UPLOAD)
    header.size, header.mode = len(content), old.mode
    header.uid, header.gid = old.uid, old.gid
    header.mtime = int(time.time())  # if the game was quicker, it is seen that it has not read this one
    yield header.tobuf(tarfile.PAX_FORMAT)
    yield content + bytes(-len(content) % BLOCK_BYTES + 2 * BLOCK_BYTES)


def _unpack(packed: bytes) -> Found:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r|") as archive:
        member = archive.next()
        content = archive.extractfile(member) if member is not None and member.isfile() else None
        if member is None or content is None:
            raise errors.SettingsUnreadable()
        return Found(content.read(), member.uid, member.gid, member.mode & PERMISSIONS, float(member.mtime))
