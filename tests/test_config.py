"""The configuration: read once, checked whole, with every mistake told by name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from palserver.config import BUNDLED_SCRIPTS, Config, ConfigError, describe, read_config


def find_problems(**environ: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        read_config(environ)
    return refused.value.problems


def test_nothing_set_is_enough(tmp_path, monkeypatch):
    """Every variable has a default, relative to the base folder, which is made absolute."""
    monkeypatch.chdir(tmp_path)
    config = read_config({})
    assert config.base_dir == tmp_path / "PalServer_ent"
    assert config.db_path == tmp_path / "PalServer_ent/server/paladmin.db"
    assert config.backup_dir == tmp_path / "PalServer_ent/server/backup"
    assert config.scripts_dir == BUNDLED_SCRIPTS
    assert (config.host, config.port, config.log_level) == ("127.0.0.1", 8000, "INFO")
    assert config.secret_key is None


def test_an_old_trees_own_scripts_are_used(tmp_path):
    """`cmm/controllers` beats the bundled scripts when it is there."""
    controllers = tmp_path / "cmm" / "controllers"
    controllers.mkdir(parents=True)
    assert read_config({"PALSERVER_BASE_DIR": str(tmp_path)}).scripts_dir == controllers


def test_all_mistakes_are_told_at_once(tmp_path):
    """One start is enough to learn of every wrong variable."""
    file = tmp_path / "file"
    file.write_text("")
    problems = find_problems(
        PALSERVER_BASE_DIR=str(file),
        LOG_LEVEL="LOUD",
        DB_PATH=str(tmp_path),
        PALSERVER_PORT="65536",
        PALSERVER_PUBLIC_URL="example.org",
        PALSERVER_SCRIPTS_DIR=str(tmp_path / "missing"),
        DOCKER_HOST="ssh://host",
        SECRET_KEY_FILE=str(tmp_path / "missing"),
    )
    assert set(problems) == {
        "PALSERVER_BASE_DIR",
        "LOG_LEVEL",
        "DB_PATH",
        "PALSERVER_PORT",
        "PALSERVER_PUBLIC_URL",
        "PALSERVER_SCRIPTS_DIR",
        "DOCKER_HOST",
        "SECRET_KEY_FILE",
    }


@pytest.mark.parametrize("port", ["-1", "eight", "8000\n", "٨٠", "1e3", "65536"])
def test_a_port_is_a_number_in_range(port):
    """Digits that only look like digits are refused as well."""
    assert "PALSERVER_PORT" in find_problems(PALSERVER_PORT=port)


def test_an_empty_variable_counts_as_not_set(tmp_path):
    """Compose files write `NAME=` for what is left out."""
    assert read_config({"PALSERVER_BASE_DIR": str(tmp_path), "PALSERVER_PORT": ""}).port == 8000


def test_every_variable_has_a_file_twin(tmp_path):
    """A secret mounted as a file is read from it, without the newline that editors add."""
    environ = {"PALSERVER_BASE_DIR": str(tmp_path)}
    for name, value in [("SECRET_KEY", "s" * 40), ("PALSERVER_PORT", "9000"), ("LOG_LEVEL", "debug")]:
        file = tmp_path / name
        file.write_text(value + "\n")
        environ[f"{name}_FILE"] = str(file)
    config = read_config(environ)
    assert (config.secret_key, config.port, config.log_level) == ("s" * 40, 9000, "DEBUG")


def test_a_variable_and_its_twin_together_are_a_mistake(tmp_path):
    """Nobody has to guess which of the two counts."""
    file = tmp_path / "key"
    file.write_text("one")
    assert "SECRET_KEY" in find_problems(SECRET_KEY="two", SECRET_KEY_FILE=str(file))


def test_the_description_hides_secrets(tmp_path):
    """`--check` says that a secret is set, and not what it is; every variable has its line."""
    config = read_config(
        {
            "PALSERVER_BASE_DIR": str(tmp_path),
            "SECRET_KEY": "very secret key",
            "PALSERVER_ADMIN_PASSWORD": "very secret password",
        }
    )
    lines = describe(config)
    assert not any("very secret" in line for line in lines)
    assert [line.split()[0] for line in lines] == [field.metadata["variable"] for field in fields(Config)]


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_readmes_table_is_the_configuration(name):
    """The table of either language names every variable and no other."""
    readme = Path(__file__).parent.parent / name
    rows = [line for line in readme.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    table = {name.strip(" `") for row in rows for name in row.split("|")[1].split(",")}
    assert {field.metadata["variable"] for field in fields(Config)} == table
