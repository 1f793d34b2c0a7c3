"""The settings of a game: what they are, and what somebody wants them to be."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from palserver import errors
from palserver.clients.containers import Container, read_container
from palserver.clients.engine import Engine
from palserver.clock import parse_time, utc_now
from palserver.inifile import decode, read_options
from palserver.services.backups.worlds import SETTINGS_FILES, find_world_guid
from palserver.services.games.games import Games
from palserver.services.instances import Instances
from palserver.services.restores.scripts import FAILURES
from palserver.services.settings.files import Found, SettingsFiles
from palserver.services.settings.keeper import SettingsKeeper
from palserver.services.settings.sources import list_sources
from palserver.services.settings.table import OPTIONS
from palserver.services.settings.values import check_values, find_raw, hash_meaning, is_same, read_value
from palserver.services.settings.views import Known, SettingsView, show
from palserver.store import settings as store
from palserver.store.database import Database
from palserver.store.instances import Instance
from palserver.store.settings import Order

WRITE_SECONDS = 60.0
NEVER = float(2**53)


@dataclass(frozen=True)
class Wanted:
    """A change as it was sent. `revision` is that of the settings which it was made for."""

    revision: str
    values: Mapping[str, Any]
    discards_pending: bool = False


@dataclass(frozen=True)
class Settings:
    """Both raise InstanceNotFound, ContainerMissing, EngineUnreachable, EngineRefused, SettingsUnreadable."""

    database: Database
    engine: Engine
    games: Games
    instances: Instances
    files: SettingsFiles
    keeper: SettingsKeeper
    secret_key: str

    def view(self, name: str) -> SettingsView:
        instance = self.instances.get(name)
        inspection = self.engine.inspect(instance.container)
        container = read_container(inspection)
        found, began = self.files.read(instance), _find_beginning(container)
        order = store.find_order(self.database.reader, name)
        known = Known(
            found=found,
            order=order,
            shown=self._ask_game(instance, container),
            sources=list_sources(inspection, self._has_world_option(instance)),
            is_running=container.is_up,
            is_newer=found.modified_at > began,
            is_of_this_run=found.modified_at >= int(began),  # a file's time comes in whole seconds
        )
        return show(known, self._make_revision(found, order))

    def change(self, name: str, actor: str, wanted: Wanted) -> SettingsView:
        """Write it at once where the server is stopped, else have it wait for that.

        Raises Invalid with all that is wrong, SettingsChanged, and what `SettingsFiles.replace` raises.
        """
        raw = check_values(wanted.values)
        instance = self.instances.get(name)
        found = self.files.read(instance)
        before = store.find_order(self.database.reader, name)
        if not hmac.compare_digest(wanted.revision.encode(), self._make_revision(found, before).encode()):
            raise errors.SettingsChanged()
        kept = {} if before is None or wanted.discards_pending else json.loads(before.pending)
        order = _merge(found, before, kept | raw, (name, actor))
        self.database.write(_exchange, before, order)
        if order.pending != "{}" and not self.engine.get_container(instance.container).is_up:
            self._write_now(instance, actor)
        return self.view(name)

    def _write_now(self, instance: Instance, actor: str) -> None:
        """Another job that is running writes it at its end, or the keeper does after it."""
        with suppress(errors.InstanceBusy):
            job = self.keeper.begin(instance, actor)
            job.ended.wait(WRITE_SECONDS)
            if job.error is not None:
                raise FAILURES.get(job.error.key, errors.PalError)(job.error.detail)

    def _make_revision(self, found: Found, order: Order | None) -> str:
        """Keyed: a hash of a file with a password in it would let one try passwords in peace."""
        waiting = None if order is None else (order.pending, order.base)
        content = None if found.content is None else hashlib.sha256(found.content).hexdigest()
        text = json.dumps([content, waiting])
        return hmac.new(self.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]

    def _ask_game(self, instance: Instance, container: Container) -> Mapping[str, Any] | None:
        """None where it does not answer; one that is known not to is not waited for."""
        if container.state != "running" or self.games.view(instance).status != "ready":
            return None
        try:
            return self.games.settings(instance.name)
        except errors.PalError:
            return None

    def _has_world_option(self, instance: Instance) -> bool:
        """Whether the live world brings options of its own, as those of co-op games do."""
        texts = (
            self.engine.read_file(instance.container, f"{instance.saved_path}/{path}")
            for path in SETTINGS_FILES
        )
        guid = next((guid for text in texts if (guid := find_world_guid(text)) is not None), None)
        path = f"{instance.saved_path}/SaveGames/0/{guid}/WorldOption.sav"
        return guid is not None and self.engine.has_path(instance.container, path)


def _merge(found: Found, before: Order | None, wanted: Mapping[str, str], whose: tuple[str, str]) -> Order:
    """What differs from the file waits; what is there already has been asked for all the same."""
    written = read_options(decode(found.content or b""))
    there = {
        key: raw
        for key, raw in wanted.items()
        if is_same(read_value(OPTIONS[key], raw), read_value(OPTIONS[key], find_raw(written, key)))
    }
    asked = ({} if before is None else json.loads(before.asked)) | there
    pending = {key: raw for key, raw in wanted.items() if key not in there}
    name, actor = whose
    return Order(
        instance=name,
        pending=json.dumps(pending),
        asked=json.dumps(asked),
        base=hash_meaning(found.content),
        actor=actor,
        ordered_at=utc_now(),
        problem=None,
    )


def _exchange(conn: sqlite3.Connection, before: Order | None, order: Order) -> None:
    """Raises SettingsChanged where somebody else was faster."""
    if store.find_order(conn, order.instance) != before:
        raise errors.SettingsChanged()
    store.set_order(conn, order)


def _find_beginning(container: Container) -> float:
    """When its last run began; no file is newer where that is not known."""
    try:
        return parse_time(container.started_at or "").timestamp()
    except ValueError:
        return NEVER
