"""Every service of one process, built once from its parts. `app.py` and the web floor know them by this."""

from __future__ import annotations

import os

from palserver.background import Background
from palserver.clients.engine import Engine
from palserver.config import BUNDLED_SCRIPTS, Config
from palserver.fanout import Topic
from palserver.services.accounts.audit import Audit
from palserver.services.accounts.auth import Auth
from palserver.services.accounts.endings import Endings
from palserver.services.accounts.passwords import Passwords
from palserver.services.accounts.secret_key import choose_secret_key
from palserver.services.accounts.users import Users
from palserver.services.audience import Audience
from palserver.services.backups.backups import Backups
from palserver.services.backups.snapshots import Snapshots
from palserver.services.backups.work import BackupWork
from palserver.services.compose.files import ComposeFiles
from palserver.services.compose.newcomers import ComposeNewcomers
from palserver.services.containers.adoption import Adoption
from palserver.services.containers.cloning import Cloning
from palserver.services.containers.creations import Creations
from palserver.services.containers.deletions import Deletions
from palserver.services.containers.exchanges import Exchanges
from palserver.services.containers.making import Making
from palserver.services.containers.ports import Ports
from palserver.services.containers.respecs import Respecs
from palserver.services.containers.restart_policies import RestartPolicies
from palserver.services.containers.updates import Updates
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.bans import BanLists
from palserver.services.games.games import Games
from palserver.services.games.pace import Pace
from palserver.services.host import Host
from palserver.services.images.supply import Supply
from palserver.services.images.versions import Versions
from palserver.services.instances import Instances
from palserver.services.jobs.jobs import Jobs
from palserver.services.jobs.recovery import Recovery
from palserver.services.jobs.scripts import Scripts, build_environment
from palserver.services.jobs.tasks import Tasks
from palserver.services.lifecycle import Lifecycle
from palserver.services.live import Live
from palserver.services.logs.keeper import LogShelf
from palserver.services.logs.logs import Logs
from palserver.services.loop_lag import LoopLag
from palserver.services.metrics.history import MetricsHistory
from palserver.services.metrics.metrics import Metrics
from palserver.services.metrics.starts import Starts
from palserver.services.metrics.trends import Trends
from palserver.services.news import Hint
from palserver.services.restores.neighbours import Neighbours
from palserver.services.restores.previewing import RestorePreviews
from palserver.services.restores.recovery import RestoreRecovery
from palserver.services.restores.restores import Restores
from palserver.services.restores.safety_copies import SafetyCopies
from palserver.services.restores.scripts import RestoreScripts
from palserver.services.restores.side_containers import SideContainers
from palserver.services.settings.files import SettingsFiles
from palserver.services.settings.keeper import SettingsKeeper
from palserver.services.settings.settings import Settings
from palserver.services.settings.writer import SettingsWriter
from palserver.store.database import Database

# Between two words of an engine that fetches or unpacks an image.
IMAGE_SECONDS = 600
# Jobs that leave the world as it is.
READING_KINDS = ("backup", "verify")


class Services:
    """Built without touching the network. `start` begins to watch, `stop` ends what is no greenlet."""

    def __init__(self, config: Config, database: Database, background: Background) -> None:
        self.database = database
        self.background = background
        self.secret_key = choose_secret_key(config.secret_key, config.db_path)
        self._build_accounts()
        self._build_engine(config)
        self._build_work(config)
        self.loop_lag = LoopLag()
        self.host = Host(self.watch, {"data": config.db_path.parent, "backups": config.backup_dir})
        self.live = Live(
            watch=self.watch,
            games=self.games,
            metrics=self.metrics,
            trends=Trends(self.history),
            jobs=self.jobs,
            instances=self.instances,
            host=self.host,
            news=self.news,
        )

    def _build_accounts(self) -> None:
        self.passwords = Passwords()
        self.news: Topic[Hint] = Topic()
        endings = Endings()
        self.auth = Auth(self.database, self.passwords, endings, self.news)
        self.users = Users(self.database, self.passwords, endings, self.news)
        self.audit = Audit(self.database, self.news)

    def _build_engine(self, config: Config) -> None:
        self.engine = Engine(config.docker_environment)
        self.watch = EngineWatch(self.engine, self.background, self._list_containers)
        self.audience = Audience()
        self.games = Games(self.database, self.engine, self.watch, self.background, Pace(self.audience))
        self.bans = BanLists(self.database, self.engine, self.games, self.news)
        self.jobs = Jobs(self.database, self.background)
        self.metrics = Metrics(self.engine, self.watch, self.games, self.background)
        self.history = MetricsHistory(self.database, self.metrics.changes, self.background)
        self.starts = Starts(self.database, self.watch)
        self.instances = Instances(self.database, self.watch, self.games, self.metrics, self.jobs)

    def _build_work(self, config: Config) -> None:
        self.adoption = Adoption(self.database, self.engine, self.watch, self.jobs)
        settings_writer = self._build_settings()
        environment = build_environment(config, os.environ)
        scripts = Scripts(config.scripts_dir, environment, self.background)
        bundled = Scripts(BUNDLED_SCRIPTS, environment, self.background)
        self.backups = Backups(config.backup_dir)
        self.snapshots = Snapshots(self.database, config.backup_dir / ".panel")
        neighbours = Neighbours(self.database, self.engine, self._is_busy, self._is_changing)
        self.backup_work = BackupWork(
            scripts=scripts,
            bundled=bundled,
            engine=self.engine,
            database=self.database,
            backups=self.backups,
            neighbours=neighbours,
            save=self.games.save,
            info=self.games.info,
        )
        restore_scripts = RestoreScripts(bundled)
        server, readers = config.base_dir / "server", self.backups.readers
        self.versions = Versions(self.engine, restore_scripts, server / "repo", readers)
        exchanges, compose_files = Exchanges(self.engine), ComposeFiles(server)
        patient = Engine(config.docker_environment, IMAGE_SECONDS)
        supply = Supply(patient, self.versions)
        making = Making(self.engine, self.database, exchanges, compose_files, supply)
        self.lifecycle = Lifecycle(
            self.engine,
            self.watch,
            self.games,
            making,
            RestartPolicies(self.database, self.engine, self.watch, self.jobs),
            settings_writer.write_pending,
        )
        self.restores = Restores(
            scripts=restore_scripts,
            beside=SideContainers(self.engine),
            copies=SafetyCopies(scripts, bundled, config.backup_dir),
            engine=self.engine,
            lifecycle=self.lifecycle,
            making=making,
            games=self.games,
            neighbours=neighbours,
            backup_dir=config.backup_dir,
        )
        self.restore_previews = RestorePreviews(
            restores=self.restores,
            backups=self.backups,
            making=making,
            database=self.database,
            watch=self.watch,
        )
        self.compose_newcomers = ComposeNewcomers(self.database, self.watch, self.jobs, server, readers)
        self.updates = Updates(
            scripts=scripts,
            is_bundled=config.scripts_dir == BUNDLED_SCRIPTS,
            restores=self.restores,
            exchanges=exchanges,
            database=self.database,
            compose_files=compose_files,
            versions=self.versions,
        )
        ports = Ports(self.engine, self.database)
        self.creations = Creations(
            database=self.database,
            engine=self.engine,
            patient=patient,
            watch=self.watch,
            jobs=self.jobs,
            exchanges=exchanges,
            ports=ports,
            restores=self.restores,
            supply=supply,
        )
        self.respecs = Respecs(exchanges, ports, self.updates)
        self.log_shelf = LogShelf(config.db_path.parent / "logs", config.log_bytes)
        self.logs = Logs(self.engine, self.watch, self.background, self.instances, self.log_shelf)
        self.deletions = Deletions(
            database=self.database,
            engine=self.engine,
            watch=self.watch,
            games=self.games,
            logs=self.logs,
            restores=self.restores,
            compose_files=compose_files,
            instances_dir=server / "instances",
            making=making,
            readers=readers,
            tell_removed=self._tell_removed,
        )
        self.tasks = Tasks(
            instances=self.instances,
            jobs=self.jobs,
            lifecycle=self.lifecycle,
            backup_work=self.backup_work,
            restores=self.restores,
            updates=self.updates,
            creations=self.creations,
            respecs=self.respecs,
            cloning=Cloning(self.creations, self.respecs, self.restores, self.backup_work),
            deletions=self.deletions,
        )
        self.recovery = Recovery(
            database=self.database,
            engine=self.engine,
            watch=self.watch,
            jobs=self.jobs,
            lifecycle=self.lifecycle,
            backups=self.backups,
            restores=RestoreRecovery(self.restores.beside, self.lifecycle, making),
            updates=self.updates,
            creations=self.creations,
            deletions=self.deletions,
        )

    def _build_settings(self) -> SettingsWriter:
        """Returns what writes them where a server is stopped or started."""
        files = SettingsFiles(self.engine, SideContainers(self.engine))
        writer = SettingsWriter(self.database, self.engine, self.games, files)
        self.settings_keeper = SettingsKeeper(self.database, self.watch, self.jobs, writer)
        self.settings = Settings(
            database=self.database,
            engine=self.engine,
            games=self.games,
            instances=self.instances,
            files=files,
            keeper=self.settings_keeper,
            secret_key=self.secret_key,
        )
        return writer

    def start(self) -> None:
        self.compose_newcomers.take_all()
        self.loop_lag.start(self.background)
        self.recovery.start()
        self.games.start()
        self.metrics.start(self.instances.list_instances)
        self.history.start()
        self.starts.start(self.background)
        self.logs.start()
        self.live.start(self.background)
        self.lifecycle.policies.start_recovery(self.background)
        self.restore_previews.start_recovery(self.background)
        self.backups.start_recovery(self.background, self._list_names, self._is_busy)
        self.snapshots.start(self.background)
        self.settings_keeper.start(self.background)
        self.compose_newcomers.start(self.background)
        self.watch.start()

    def stop(self) -> None:
        self.history.stop()
        self.log_shelf.stop()
        self.backups.stop()
        self.snapshots.stop()
        self.passwords.stop()
        self.creations.patient.close()
        self.engine.close()

    def _list_names(self) -> list[str]:
        return [instance.name for instance in self.instances.list_instances()]

    def _is_busy(self, name: str) -> bool:
        return self.jobs.find_running(name) is not None

    def _is_changing(self, name: str) -> bool:
        job = self.jobs.find_running(name)
        return job is not None and job.kind not in READING_KINDS

    def _tell_removed(self, name: str) -> None:
        self.live.tell_removed(name)

    def _list_containers(self) -> list[str]:
        return [instance.container for instance in self.instances.list_instances()]
