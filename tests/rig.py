"""All services of a panel in the test's own process, so that a test may take hold of any of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from migrations import migrate
from palserver.background import Background
from palserver.config import read_config
from palserver.services.composition import Services
from palserver.services.jobs.jobs import Job
from palserver.services.restores.restores import Restores
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance
from tests.game import Game
from tests.house import EngineWire
from tests.pretend_rows import make_instance
from tests.restored import ID, Lived
from tests.waiting import wait_until

# More than a server is given to end by itself: one that was started just now does not hear that it shall.
LONGEST_SECONDS = 300


class Rig:
    """All services in this process, so that a test may take hold of any of them."""

    def __init__(
        self, folder: Path, wire: EngineWire | None = None, ready_seconds: float = 120.0, **environ: str
    ) -> None:
        """`ready_seconds` is how long a game may take to be ready; few for one that never is."""
        engine = {"DOCKER_HOST": f"unix://{wire.path}"} if wire else {}
        self.config = read_config({"PALSERVER_BASE_DIR": str(folder), **engine, **environ})
        self.config.db_path.parent.mkdir(parents=True)
        self.database, self.background = (
            Database(self.config.db_path, migrate),
            Background(retry_last_seconds=0.2),
        )
        self.services = Services(self.config, self.database, self.background)
        self.services.start()
        self.restores: Restores = replace(self.services.restores, ready_seconds=ready_seconds)
        self.updates = replace(self.services.updates, restores=self.restores, ready_seconds=ready_seconds)
        wait_until(lambda: self.services.watch.is_reachable, "the engine is reached")

    def adopt(self, game: Game) -> Lived:
        self.database.write(store.add_instance, make_instance(game.name))
        self.services.watch.look(game.name)
        return Lived(game, self.config.backup_dir / game.name)

    def find(self, lived: Lived) -> Instance:
        instance = store.find_instance(self.database.reader, lived.game.name)
        assert instance is not None
        return instance

    def begin_update(self, lived: Lived, version: str) -> Job:
        instance = self.find(lived)
        return self.services.jobs.start(
            "update", instance.name, "tester", lambda job: self.updates.update(job, instance, version)
        )

    def update(self, lived: Lived, version: str) -> Job:
        """Returns the job when it has ended."""
        job = self.begin_update(lived, version)
        assert job.ended.wait(LONGEST_SECONDS), (job.step, list(job.output))
        return job

    def begin(self, lived: Lived) -> Job:
        """Order a restore of the backup of day 5."""
        instance = self.find(lived)
        return self.services.jobs.start(
            "restore", instance.name, "tester", lambda job: self.restores.restore(job, instance, ID)
        )

    def restore(self, lived: Lived) -> Job:
        """Returns the job when it has ended."""
        job = self.begin(lived)
        assert job.ended.wait(LONGEST_SECONDS), (job.step, list(job.output))
        return job

    def close(self) -> None:
        self.background.stop()
        self.services.stop()
        self.database.close()
