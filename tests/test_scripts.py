"""The contract with scripts: which words and files are let through, and what a script gets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from palserver import errors
from palserver.background import Background
from palserver.config import read_config
from palserver.services.jobs.jobs import Job
from palserver.services.jobs.scripts import SCRIPTS, Scripts, build_arguments, build_environment
from palserver.store.instances import Instance

HOSTILE_WORDS = ["", "a" * 200, "팰월드", "a b", "a\n", "a\0b", "-rf", "--", "..", "../x", "/etc", "~", "*"]
HOSTILE_WORDS += ["a;b", "a|b", "a&", "$(x)", "`x`", "'a'"]

ALPHA = Instance(
    name="alpha",
    container="alpha-1",
    source="adopted",
    saved_path="/pal/Saved",
    spec="{}",
    rest_address=None,
    admin_password="game-secret",
    held_restart_policy=None,
    created_at="2026-01-01T00:00:00.000Z",
)


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "controllers"
    folder.mkdir()
    return folder


@pytest.fixture
def scripts(tmp_path, folder, background) -> Scripts:
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/home/operator",
        "LANG": "ko_KR.UTF-8",
        "SECRET_KEY": "secret",
        "PALSERVER_BASE_DIR": str(tmp_path),
        "PALSERVER_SCRIPTS_DIR": str(folder),
        "PALSERVER_ADMIN_PASSWORD": "secret",
        "DOCKER_HOST": "tcp://engine:2375",
        "OTHER": "secret",
    }
    return Scripts(folder, build_environment(read_config(environ), environ), background)


@pytest.fixture
def job() -> Job:
    return Job("backup", "alpha", "tester", lambda job: None, lambda job: None)


def write(folder: Path, content: str, name: str = "backup.sh", mode: int = 0o644) -> Path:
    path = folder / name
    path.write_bytes(content.encode())
    path.chmod(mode)
    return path


def run_backup(scripts: Scripts, job: Job) -> list[str]:
    scripts.run(job, "backup.sh", ("alpha",), ALPHA)
    return list(job.output)


def test_the_table_is_the_contract():
    """These scripts, these words, these limits."""
    assert {name: (len(script.patterns), script.limit_seconds) for name, script in SCRIPTS.items()} == {
        "backup.sh": (1, 3600.0),
        "update.sh": (2, 7200.0),
        "verify.sh": (2, 3600.0),
        "update-fetch.sh": (2, 7200.0),
        "image-load.sh": (3, 7200.0),
        "restore-check.sh": (2, 3600.0),
        "restore-preview.sh": (2, 60.0),
        "restore-compare.sh": (2, 3600.0),
        "restore-stage.sh": (5, 7200.0),
    }


def test_a_command_is_data(folder):
    """The words follow the file, one by one."""
    path = write(folder, "", "update.sh")
    assert build_arguments(folder, "update.sh", ("1.0-rc.1_x", "alpha_2-b")) == (
        "/bin/bash",
        str(path),
        "1.0-rc.1_x",
        "alpha_2-b",
    )


@pytest.mark.parametrize("word", HOSTILE_WORDS)
def test_a_hostile_word_runs_nothing(scripts, job, folder, word):
    """In whatever place it comes, it is refused before there is a process."""
    for name in SCRIPTS:
        write(folder, "touch ran", name)
    for name, words in (
        ("backup.sh", (word,)),
        ("update.sh", (word, "alpha")),
        ("update.sh", ("1.0", word)),
        ("verify.sh", (word, "alpha")),
        ("verify.sh", ("20260101-120000", word)),
    ):
        with pytest.raises(errors.Invalid):
            scripts.run(job, name, words, ALPHA)
    assert sorted(path.name for path in folder.iterdir()) == sorted(SCRIPTS)
    assert list(job.output) == []


def test_what_a_script_gets(scripts, job, folder, tmp_path):
    """Its words, its folder, and the environment of the contract; none of the panel's secrets."""
    write(folder, "printf '%s\\n' \"$#\" \"$@\" \"$PWD\"; env -0 | tr '\\n\\0' ' \\n'")
    count, word, working_folder, *environment = run_backup(scripts, job)
    assert (count, word, working_folder) == ("1", "alpha", str(folder))
    values = dict(line.split("=", 1) for line in environment)
    for added_by_bash in ("PWD", "SHLVL", "_", "OLDPWD"):
        values.pop(added_by_bash, None)
    assert values == {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": "/home/operator",
        "LANG": "ko_KR.UTF-8",
        "DOCKER_HOST": "tcp://engine:2375",
        "PALSERVER_BASE_DIR": str(tmp_path),
        "PALSERVER_BACKUP_DIR": str(tmp_path / "server" / "backup"),
        "PALSERVER_INSTANCE": "alpha",
        "PALSERVER_CONTAINER": "alpha-1",
        "PALSERVER_SAVED_PATH": "/pal/Saved",
    }


def test_the_panels_own_python_is_found_first(scripts, job, folder):
    """The bundled scripts need the packages that were installed for the panel."""
    write(folder, "command -v python3")
    assert run_backup(scripts, job) == [str(Path(sys.executable).with_name("python3"))]


def test_a_failing_script(scripts, job, folder):
    """Its words are in the job's output, and never in the error."""
    write(folder, "echo the disk is full; exit 7")
    with pytest.raises(errors.ScriptFailed) as failure:
        run_backup(scripts, job)
    assert list(job.output) == ["the disk is full"]
    assert "disk" not in failure.value.detail


def test_a_cancelled_script(scripts, job, folder):
    """The job's cancel is the script's."""
    write(folder, "sleep 1000")
    job.cancelled.set()
    with pytest.raises(errors.Cancelled):
        run_backup(scripts, job)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.symlink_to("gone.sh")])
def test_a_script_that_is_not_there(scripts, job, folder, make):
    """Nor is it at the end of its link."""
    make(folder / "backup.sh")
    with pytest.raises(errors.ScriptNotFound):
        run_backup(scripts, job)


def test_a_scripts_folder_that_is_gone(scripts, job, folder):
    """It is the script that is missed."""
    folder.rmdir()
    with pytest.raises(errors.ScriptNotFound):
        run_backup(scripts, job)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        lambda path: os.mkfifo(path),
        lambda path: path.symlink_to("backup.sh"),
        lambda path: path.symlink_to(write(path.parent.parent, "echo ran", "elsewhere.sh")),
        lambda path: path.symlink_to(write(path.parent, "echo ran", "no_run_bit")),
        lambda path: write(path.parent, "echo ran").chmod(0o666),
    ],
    ids=["folder", "pipe", "link to itself", "link out of the folder", "not executable", "writable by all"],
)
def test_a_file_that_must_not_be_run(scripts, job, folder, make):
    """It is refused, and nothing has run."""
    make(folder / "backup.sh")
    with pytest.raises(errors.ScriptUnsafe):
        run_backup(scripts, job)
    assert list(job.output) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file(scripts, job, folder):
    """A script belongs to the panel's user or to root."""
    os.chown(write(folder, "echo ran"), 12345, 12345)
    with pytest.raises(errors.ScriptUnsafe):
        run_backup(scripts, job)


def test_no_run_bit_is_needed(scripts, job, folder):
    """Old trees have lost it."""
    write(folder, "echo ran", mode=0o600)
    assert run_backup(scripts, job) == ["ran"]


def test_a_link_within_the_folder(scripts, job, folder):
    """What it leads to is run: here a program that is no shell script, and executable."""
    write(folder, f"#!{sys.executable}\nprint('ran')\n", "backup.py", mode=0o755)
    (folder / "backup.sh").symlink_to("backup.py")
    assert run_backup(scripts, job) == ["ran"]


def test_windows_line_ends(scripts, job, folder):
    """They are refused with the command that mends them, which does."""
    write(folder, "if true; then\r\n  echo ran\r\nfi\r\n")
    with pytest.raises(errors.ScriptLineEnds) as failure:
        run_backup(scripts, job)
    mending = failure.value.detail.partition("Mend it with: ")[2]
    subprocess.run(["/bin/bash", "-c", mending], cwd=folder, check=True)
    assert run_backup(scripts, job) == ["ran"]


def test_a_script_may_speak_of_windows_line_ends(scripts, job, folder):
    """Only the bytes themselves are in the way."""
    write(folder, "printf 'ran\\r\\n'")
    assert run_backup(scripts, job) == ["ran"]
