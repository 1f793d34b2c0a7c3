"""What a restore would do, for somebody who waits for the answer."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from palserver import errors
from palserver.services.previews import find_only_world
from palserver.services.restores import Restores
from palserver.store.instances import Instance


class Preview(msgspec.Struct, frozen=True):
    """Paths are as in the backup. `free_bytes` is what is free where the world lies."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    unchanged_count: int
    world_guid: str | None
    needed_bytes: int
    free_bytes: int | None
    is_running: bool


@dataclass(frozen=True)
class RestorePreviews:
    restores: Restores

    def get(self, instance: Instance, backup_id: str) -> Preview:
        """Raises what `RestoreScripts` raises, and what the engine's calls raise."""
        manifest = self.restores.get_manifest(instance, backup_id)
        told = self.restores.scripts.preview(instance, backup_id)
        return Preview(
            added=told["added"],
            changed=told["changed"],
            removed=told["removed"],
            unchanged_count=int(told["unchanged_count"][0]),
            world_guid=manifest.world_guid or find_only_world(manifest.files),
            needed_bytes=int(told["needed_bytes"][0]),
            free_bytes=self._find_free_bytes(instance),
            is_running=self.restores.engine.get_container(instance.container).is_up,
        )

    def _find_free_bytes(self, instance: Instance) -> int | None:
        try:
            return self.restores.beside.look(instance, f"preview of {instance.name}").free_bytes
        except (errors.NoSideContainer, errors.WorldNotOnVolume):
            return None
