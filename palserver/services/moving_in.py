"""What a start would take over from an old folder, told before anything is done."""

from __future__ import annotations

from palserver import errors
from palserver.config import Config
from palserver.services.accounts.old_accounts import translate
from palserver.services.accounts.old_database import COPY_SUFFIX, OldDatabaseError, find_users, read_users
from palserver.services.accounts.users_file import NAME
from palserver.services.compose.projects import PREFIX
from palserver.services.compose.servers import read_servers
from palserver.services.jobs.scripts import check_file

SCRIPTS = ("backup.sh", "update.sh")
QUICK = 4  # no hash that is made here is kept


def describe_moving_in(config: Config) -> list[str]:
    """Sentences; none where there is nothing to take over. Reads, and writes nothing."""
    return [*_describe_accounts(config), *_describe_servers(config), *_describe_scripts(config)]


def _describe_accounts(config: Config) -> list[str]:
    lines = []
    try:
        if config.db_path.is_file() and read_users(config.db_path) is not None:
            copy = config.db_path.name + COPY_SUFFIX
            lines.append(f"{config.db_path} is the old panel's. It would be kept as {copy}.")
            lines += _describe_users(config)
        elif not config.db_path.exists():
            lines += _describe_users(config)
    except OldDatabaseError as error:
        lines.append(str(error))
    folders = dict.fromkeys((config.base_dir, config.db_path.parent))
    files = [folder / NAME for folder in folders if (folder / NAME).is_file()]
    return lines + [f"{file} would be taken over and renamed to {NAME}.migrated." for file in files]


def _describe_users(config: Config) -> list[str]:
    found = find_users(config.base_dir, config.db_path)
    if found is None:
        return []
    translated = translate(found.rows, QUICK)
    names = ", ".join(f"{user.username} ({user.role})" for user in translated.users)
    return [f"The accounts of {found.path} would come along: {names}.", *translated.sentences]


def _describe_servers(config: Config) -> list[str]:
    servers, sentences = read_servers(config.base_dir / "server")
    lines = []
    for server in servers:
        lines.append(
            f"{server.name}: from {PREFIX}{server.name}.yml, {server.spec.image}, at {server.saved_path}."
        )
        if server.fault is not None:
            lines.append(
                f"{server.name} could be run, but not made anew from its compose file: {server.fault}"
            )
    return lines + sentences


def _describe_scripts(config: Config) -> list[str]:
    lines = []
    for name in SCRIPTS:
        try:
            check_file(config.scripts_dir, name)
        except errors.PalError as error:
            lines.append(f"{config.scripts_dir / name}: {error.detail}")
    return lines
