"""The process: patch, configure, migrate, build, serve; and the same backwards at the end."""

from gevent import monkey

monkey.patch_all()

import gc
import logging
import os
import signal
import sqlite3
import sys
import time

import gevent
from gevent.event import Event

from migrations import NewerDatabase, migrate
from palserver import create_app
from palserver.background import Background
from palserver.config import Config, ConfigError, describe, read_config
from palserver.services.accounts.newcomers import UsersFileError
from palserver.services.accounts.old_database import OldDatabaseError, make_room
from palserver.services.accounts.users_file import prepare_accounts
from palserver.services.composition import Services
from palserver.services.moving_in import describe_moving_in
from palserver.store.database import Database, DatabaseInUse
from palserver.web.context import VIEWERS
from palserver.web.http_server import HttpServer, open_listener, wait_for_requests
from palserver.web.viewers import Viewers

log = logging.getLogger("palserver")

STOP_SECONDS = 8.0


def main(arguments: list[str]) -> int:
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        for name, problem in error.problems.items():
            sys.stderr.write(f"{name} {problem}\n")
        return 2
    if "--check" in arguments:
        sys.stdout.write("\n".join([*describe(config), *describe_moving_in(config)]) + "\n")
        return 0
    logging.basicConfig(level=config.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # "connection pool is full" is no news
    try:
        run(config)
    except (NewerDatabase, DatabaseInUse, UsersFileError, OldDatabaseError, OSError) as error:
        log.error("PalServer cannot start: %s", error)
        return 1
    except sqlite3.Error as error:
        log.error("PalServer cannot use %s as its database: %s", config.db_path, error)
        return 1
    return 0


def run(config: Config) -> None:
    """Start everything from top to bottom; stop it from bottom to top."""
    config.db_path.parent.mkdir(parents=True, exist_ok=True)
    database = Database(config.db_path, migrate, lambda: make_room(config.db_path, config.base_dir, migrate))
    try:
        prepare_accounts(database, config.base_dir, config.db_path, config.admin_password)
        listener = open_listener(config.host, config.port)
        background = Background()
        services = Services(config, database, background)
        app = create_app(config, services)
        server = HttpServer(listener, app)
        gc.freeze()  # all that lives as long as the process; looking through it stops the loop for 50 ms
        services.start()
        server.start()
        log.info("PalServer listens on http://%s:%d", *server.address[:2])
        wait_for_signal()
        stop(server, app.extensions[VIEWERS], services)
    finally:
        database.close()
    log.info("PalServer has stopped.")


def wait_for_signal() -> None:
    """Until SIGTERM or SIGINT; a second one ends the process on the spot."""
    told = Event()

    def tell() -> None:
        if told.is_set():
            os._exit(1)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, tell)
    told.wait()


def stop(server: HttpServer, viewers: Viewers, services: Services) -> None:
    """No new requests, farewells, a moment for what is running, then an end to the rest."""
    deadline = time.monotonic() + STOP_SECONDS
    log.info("Stopping.")
    server.is_stopping = True
    server.close()
    services.jobs.stop()
    viewers.end_all()
    services.jobs.wait(deadline - time.monotonic() - 3.0)
    services.background.stop(timeout_seconds=2.5)
    wait_for_requests(server, deadline)
    server.stop(timeout=0.0)  # idle connections, and what the deadline has overtaken
    services.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
