"""What a restore would do, for somebody who waits for the answer."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from palserver import errors
from palserver.background import Background
from palserver.services.backups.backups import Backups
from palserver.services.containers.making import Making
from palserver.services.engine_watch import EngineWatch
from palserver.services.restores.characters import PreviewPlayer, list_players
from palserver.services.restores.previews import find_only_world
from palserver.services.restores.restores import Restores
from palserver.services.restores.side_containers import HELPER_LABEL, STAND_IN_LABEL
from palserver.store import instances as store
from palserver.store import players
from palserver.store.database import Database
from palserver.store.instances import Instance

PREFIX = "preview"


class Preview(msgspec.Struct, frozen=True):
    """Paths are as in the backup. `free_bytes` is what is free where the world lies.

    `players` are those whose files are among them.
    """

    added: list[str]
    changed: list[str]
    removed: list[str]
    players: list[PreviewPlayer]
    unchanged_count: int
    world_guid: str | None
    needed_bytes: int
    free_bytes: int | None
    is_running: bool


@dataclass(frozen=True)
class RestorePreviews:
    """No jobs: what they put beside a server bears the name of the run of the panel that made it."""

    restores: Restores
    backups: Backups
    making: Making
    database: Database
    watch: EngineWatch
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start_recovery(self, background: Background) -> None:
        background.spawn("what is left of previews", self._remove_leftovers)

    def get(self, instance: Instance, backup_id: str) -> Preview:
        """Raises what `Backups.check_usable`, `RestoreScripts` and the engine's calls raise."""
        self.backups.check_usable(instance.name, backup_id)
        work = f"{PREFIX}/{instance.name}/{self.run}/{uuid.uuid4().hex}"
        with self.making.stand_in(instance, work) as seen:
            return self._compare(seen, backup_id, work)

    def _remove_leftovers(self) -> None:
        """Once, when the engine answers: the containers of those that a crash has cut short."""
        self.watch.wait_until_reachable()
        engine = self.restores.engine
        ours = {instance.name for instance in store.list_instances(self.database.reader)}
        for listed in engine.list_containers():
            labels = listed["Labels"] or {}
            kind, *words = labels.get(HELPER_LABEL, labels.get(STAND_IN_LABEL, "")).split("/")
            if kind == PREFIX and words[0] in ours and words[1] != self.run:
                with suppress(errors.ContainerMissing):
                    engine.remove(listed["Id"], with_nameless_volumes=STAND_IN_LABEL in labels)

    def _compare(self, instance: Instance, backup_id: str, work: str) -> Preview:
        told = self.restores.scripts.preview(instance, backup_id)
        manifest = self.restores.get_manifest(instance, backup_id)
        known = players.list_players(self.database.reader, instance.name)
        return Preview(
            added=told["added"],
            changed=told["changed"],
            removed=told["removed"],
            players=list_players(told, {player.player_uid: player.name for player in known}),
            unchanged_count=int(told["unchanged_count"][0]),
            world_guid=manifest.world_guid or find_only_world(manifest.files),
            needed_bytes=int(told["needed_bytes"][0]),
            free_bytes=self._find_free_bytes(instance, work),
            is_running=self.restores.engine.get_container(instance.container).is_up,
        )

    def _find_free_bytes(self, instance: Instance, work: str) -> int | None:
        try:
            return self.restores.beside.look(instance, work).free_bytes
        except (errors.NoSideContainer, errors.WorldNotOnVolume):
            return None
