"""What is pending goes into the settings file as soon as the game does not run, and only then."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace

from palserver import errors
from palserver.clients.engine import Engine
from palserver.inifile import set_options, unquote
from palserver.services.games.games import Games
from palserver.services.jobs.job import Job
from palserver.services.settings.files import SettingsFiles
from palserver.services.settings.table import DEFAULTS
from palserver.services.settings.values import hash_meaning
from palserver.store import instances
from palserver.store import settings as store
from palserver.store.database import Database
from palserver.store.instances import Instance
from palserver.store.settings import Order

NOTHING = "{}"
WRITTEN = "written"


@dataclass(frozen=True)
class SettingsWriter:
    """Works within a job, so that nobody else is at work on the server meanwhile."""

    database: Database
    engine: Engine
    games: Games
    files: SettingsFiles

    def write_pending(self, job: Job, instance: Instance) -> str | None:
        """Returns `written` or the key of what is in the way; None if nothing is pending, or the game runs.

        What could not be written stays pending, with that key: no server is kept from starting by it.
        """
        try:
            return self.write(job, instance)
        except errors.PalError as error:
            job.write(f"The settings could not be written: {error.detail}")
            return error.key

    def write(self, job: Job, instance: Instance) -> str | None:
        """As `write_pending`, but raises what is in the way: what `SettingsFiles` raises."""
        order = store.find_order(self.database.reader, instance.name)
        if order is None or order.pending == NOTHING:
            return None
        job.enter("writing_settings", is_cancellable=False)
        try:
            is_written = self._write(job, instance, order)
        except errors.PalError as error:
            self.database.write(store.set_problem, instance.name, error.key)
            raise
        job.write("The settings are written." if is_written else "The server runs. The settings wait.")
        return WRITTEN if is_written else None

    def _write(self, job: Job, instance: Instance, order: Order) -> bool:
        pending: dict[str, str] = json.loads(order.pending)
        old = self.files.read(instance)
        new = set_options(old.content or b"", pending, DEFAULTS)
        if new != old.content:  # else a panel that has died meanwhile had come that far
            if hash_meaning(old.content) != order.base:
                raise errors.SettingsChanged()
            if self.engine.get_container(instance.container).is_up:
                return False
            work = job.intent.get("helper") or job.id
            job.intend(helper=work)
            self.files.replace(instance, work, old, new)
        self.database.write(_finish, instance.name, pending, hash_meaning(new))
        self.games.forget_address(instance.name)
        return True


def _finish(conn: sqlite3.Connection, name: str, written: dict[str, str], base: str) -> None:
    """What was ordered meanwhile stays pending. A password that was set by hand for the panel goes along."""
    order, instance = store.find_order(conn, name), instances.find_instance(conn, name)
    if order is None or instance is None:
        return
    rest = {key: raw for key, raw in json.loads(order.pending).items() if written.get(key) != raw}
    asked = json.loads(order.asked) | written
    done = replace(order, pending=json.dumps(rest), asked=json.dumps(asked), base=base, problem=None)
    store.set_order(conn, done)
    password = unquote(written.get("AdminPassword", ""))
    if password and instance.admin_password:
        instances.set_rest_access(conn, name, instance.rest_address, password)
