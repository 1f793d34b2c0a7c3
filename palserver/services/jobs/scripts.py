"""An operator's scripts, or the bundled ones: which there are, how each is called, and what may be run."""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from palserver import errors, names
from palserver.background import Background
from palserver.clients import shell
from palserver.config import Config
from palserver.services.jobs.jobs import Job
from palserver.store import backups
from palserver.store.instances import Instance

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Script:
    """How a script is called: the pattern of each word, and how long it may take."""

    patterns: tuple[str, ...]
    limit_seconds: float


SCRIPTS = {
    "backup.sh": Script((names.INSTANCE,), 3600.0),
    "update.sh": Script((names.VERSION, names.INSTANCE), 7200.0),
    "verify.sh": Script((backups.ANY_ID, names.INSTANCE), 3600.0),
    "update-fetch.sh": Script((names.VERSION, names.INSTANCE), 7200.0),
    "image-load.sh": Script((names.VERSION, names.INSTANCE, names.REPOSITORY), 7200.0),
    "restore-check.sh": Script((backups.ANY_ID, names.INSTANCE), 3600.0),
    # Somebody waits for this one.
    "restore-preview.sh": Script((backups.ANY_ID, names.INSTANCE), 60.0),
    "restore-compare.sh": Script((backups.ANY_ID, names.INSTANCE), 3600.0),
    "restore-stage.sh": Script((backups.ANY_ID, names.INSTANCE, names.JOB, names.OWNER, names.OWNER), 7200.0),
}
STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MAX_SCRIPT_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Scripts:
    """Runs what is in `folder`; `environment` is what `build_environment` makes."""

    folder: Path
    environment: Mapping[str, str]
    background: Background

    def run(
        self,
        job: Job,
        name: str,
        words: tuple[str, ...],
        instance: Instance,
        take_line: Callable[[str], None] | None = None,
    ) -> None:
        """Run the script `name` to its end; its output goes to the job, or to `take_line`.

        Raises Invalid (a word), ScriptNotFound, ScriptUnsafe, ScriptLineEnds, before anything has run, and
        ScriptFailed, ScriptTimedOut, Cancelled.
        """
        command = shell.Command(
            arguments=build_arguments(self.folder, name, words),
            folder=self.folder,
            environment={
                **self.environment,
                "PALSERVER_INSTANCE": instance.name,
                "PALSERVER_CONTAINER": instance.container,
                "PALSERVER_SAVED_PATH": instance.saved_path,
            },
            limit_seconds=SCRIPTS[name].limit_seconds,
        )
        listener = shell.Listener(lambda group: job.intend(process_group=group), take_line or job.write)
        ended = shell.run(command, listener, job.cancelled, self.background)
        if ended.exit_code != 0:
            if (ending := find_signal(ended.exit_code)) is not None:
                job.write(f"{name} was ended from outside, by {ending}.")
            log.warning("%s ended with %d:\n%s", name, ended.exit_code, "\n".join(ended.last_lines))
            raise errors.ScriptFailed(exit_code=ended.exit_code)


def find_signal(exit_code: int) -> str | None:
    """The name of the signal that ended a program, or a shell's program; None if it ended by itself."""
    number = -exit_code if exit_code < 0 else exit_code - 128
    return signal.Signals(number).name if number in [*signal.Signals] else None


def build_environment(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """What every script gets: PATH, HOME and LANG of `environ`, and of the configuration no secret.

    The folder of our own python3 comes first on the PATH, for the bundled scripts.
    """
    return {
        "PATH": f"{Path(sys.executable).parent}:{environ.get('PATH') or STANDARD_PATH}",
        "HOME": environ.get("HOME") or "/",
        "LANG": environ.get("LANG") or "C.UTF-8",
        **config.docker_environment,
        "PALSERVER_BASE_DIR": str(config.base_dir),
        "PALSERVER_BACKUP_DIR": str(config.backup_dir),
    }


def build_arguments(folder: Path, name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """The command as data. Every word passes its pattern here, and nowhere else.

    Raises Invalid, ScriptNotFound, ScriptUnsafe, ScriptLineEnds.
    """
    for word, pattern in zip(words, SCRIPTS[name].patterns, strict=True):
        if not names.is_match(pattern, word):
            raise errors.Invalid("A word for the script has characters that it must not have.")
    path = check_file(folder, name)
    interpreter = ("/bin/bash",) if path.suffix == ".sh" else ()
    return (*interpreter, str(path), *words)


def check_file(folder: Path, name: str) -> Path:
    """The file behind the name, without links, if it may be run.

    Raises ScriptNotFound, ScriptUnsafe, ScriptLineEnds.
    """
    try:
        path = (folder / name).resolve(strict=True)
        if not path.is_relative_to(folder.resolve()) or not _is_safe(path):
            raise errors.ScriptUnsafe()
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT_BYTES)
    except FileNotFoundError as error:
        raise errors.ScriptNotFound() from error
    except PermissionError as error:
        raise errors.ScriptUnsafe("PalServer's user may not read the script.") from error
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        raise errors.ScriptUnsafe() from error
    is_text = path.suffix == ".sh" or content.startswith(b"#!")
    if is_text and b"\r\n" in content:
        message = f"{name} has Windows line ends. Mend it with: sed -i 's/\\r$//' {name}"
        raise errors.ScriptLineEnds(message)
    return path


def _is_safe(path: Path) -> bool:
    """A `.sh` file needs no run bit: old trees have lost it, and bash is told to read the file."""
    status = path.stat()
    is_trusted = status.st_uid in (os.geteuid(), 0) and not status.st_mode & stat.S_IWOTH
    return stat.S_ISREG(status.st_mode) and is_trusted and (path.suffix == ".sh" or os.access(path, os.X_OK))
