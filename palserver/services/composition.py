"""Every service of one process, built once from its parts. `app.py` and the web floor know them by this."""

from __future__ import annotations

import os

from palserver.background import Background
from palserver.clients.engine import Engine
from palserver.config import BUNDLED_SCRIPTS, Config
from palserver.services.adoption import Adoption
from palserver.services.audience import Audience
from palserver.services.audit import Audit
from palserver.services.auth import Auth
from palserver.services.backup_work import BackupWork
from palserver.services.backups import Backups
from palserver.services.compose_files import ComposeFiles
from palserver.services.engine_watch import EngineWatch
from palserver.services.exchanges import Exchanges
from palserver.services.game_pace import Pace
from palserver.services.games import Games
from palserver.services.host import Host
from palserver.services.instances import Instances
from palserver.services.jobs import Jobs
from palserver.services.lifecycle import Lifecycle
from palserver.services.live import Live
from palserver.services.log_keeper import LogShelf
from palserver.services.logs import Logs
from palserver.services.loop_lag import LoopLag
from palserver.services.metrics import Metrics
from palserver.services.metrics_history import MetricsHistory
from palserver.services.passwords import Passwords
from palserver.services.recovery import Recovery
from palserver.services.restore_previews import RestorePreviews
from palserver.services.restore_recovery import RestoreRecovery
from palserver.services.restore_scripts import RestoreScripts
from palserver.services.restores import Restores
from palserver.services.safety_copies import SafetyCopies
from palserver.services.scripts import Scripts, build_environment
from palserver.services.secret_key import choose_secret_key
from palserver.services.side_containers import SideContainers
from palserver.services.snapshots import Snapshots
from palserver.services.tasks import Tasks
from palserver.services.updates import Updates
from palserver.services.users import Users
from palserver.store.database import Database


class Services:
    """Built without touching the network. `start` begins to watch, `stop` ends what is no greenlet."""

    def __init__(self, config: Config, database: Database, background: Background) -> None:
        self.database = database
        self.background = background
        self.secret_key = choose_secret_key(config.secret_key, config.db_path)
        self._build_accounts()
        self._build_engine(config)
        self._build_work(config)
        self.live = Live(self.watch, self.games, self.metrics, self.jobs, self.instances)
        self.loop_lag = LoopLag()
        self.host = Host(self.watch, {"data": config.db_path.parent, "backups": config.backup_dir})

    def _build_accounts(self) -> None:
        self.passwords = Passwords()
        self.auth = Auth(self.database, self.passwords)
        self.users = Users(self.database, self.passwords)
        self.audit = Audit(self.database)

    def _build_engine(self, config: Config) -> None:
        self.engine = Engine(config.docker_environment)
        self.watch = EngineWatch(self.engine, self.background, self._list_containers)
        self.audience = Audience()
        self.games = Games(self.database, self.engine, self.watch, self.background, Pace(self.audience))
        self.jobs = Jobs(self.database, self.background)
        self.metrics = Metrics(self.engine, self.watch, self.games, self.background)
        self.history = MetricsHistory(self.database, self.metrics.changes, self.background)
        self.instances = Instances(self.database, self.watch, self.games, self.metrics, self.jobs)

    def _build_work(self, config: Config) -> None:
        self.adoption = Adoption(self.database, self.engine, self.watch)
        self.lifecycle = Lifecycle(self.database, self.engine, self.watch, self.games, self.jobs)
        environment = build_environment(config, os.environ)
        scripts = Scripts(config.scripts_dir, environment, self.background)
        bundled = Scripts(BUNDLED_SCRIPTS, environment, self.background)
        self.backups = Backups(config.backup_dir)
        self.snapshots = Snapshots(self.database, config.backup_dir / ".panel")
        self.backup_work = BackupWork(
            scripts=scripts,
            bundled=bundled,
            engine=self.engine,
            database=self.database,
            backups=self.backups,
            save=self.games.save,
            info=self.games.info,
        )
        self.restores = Restores(
            scripts=RestoreScripts(bundled),
            beside=SideContainers(self.engine),
            copies=SafetyCopies(scripts, bundled, config.backup_dir),
            engine=self.engine,
            lifecycle=self.lifecycle,
            games=self.games,
            backup_dir=config.backup_dir,
        )
        self.restore_previews = RestorePreviews(self.restores)
        self.updates = Updates(
            scripts=scripts,
            is_bundled=config.scripts_dir == BUNDLED_SCRIPTS,
            restores=self.restores,
            exchanges=Exchanges(self.engine),
            database=self.database,
            compose_files=ComposeFiles(config.base_dir / "server"),
        )
        self.log_shelf = LogShelf(config.db_path.parent / "logs", config.log_bytes)
        self.logs = Logs(self.engine, self.watch, self.background, self.instances, self.log_shelf)
        self.tasks = Tasks(
            database=self.database,
            instances=self.instances,
            games=self.games,
            jobs=self.jobs,
            lifecycle=self.lifecycle,
            backup_work=self.backup_work,
            restores=self.restores,
            updates=self.updates,
        )
        self.recovery = Recovery(
            database=self.database,
            engine=self.engine,
            watch=self.watch,
            jobs=self.jobs,
            lifecycle=self.lifecycle,
            backups=self.backups,
            restores=RestoreRecovery(self.restores.beside, self.lifecycle),
            updates=self.updates,
        )

    def start(self) -> None:
        self.loop_lag.start(self.background)
        self.recovery.start()
        self.games.start()
        self.metrics.start(self.instances.list_instances)
        self.history.start()
        self.logs.start()
        self.live.start(self.background)
        self.lifecycle.start_recovery(self.background)
        self.snapshots.start(self.background)
        self.watch.start()

    def stop(self) -> None:
        self.history.stop()
        self.log_shelf.stop()
        self.backups.stop()
        self.snapshots.stop()
        self.passwords.stop()
        self.engine.close()

    def _list_containers(self) -> list[str]:
        return [instance.container for instance in self.instances.list_instances()]
