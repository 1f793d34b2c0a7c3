"""The configuration: the environment, read once, checked whole, frozen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUNDLED_SCRIPTS = Path(__file__).parent / "scripts"
MIN_LOG_BYTES = 1024 * 1024
LOG_LEVELS = ("DEBUG", "INFO", "WARNING")


class ConfigError(Exception):
    """Carries every mistake at once: `problems` maps a variable's name to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems.items()))


def _option(variable: str, *, secret: bool = False) -> Any:
    return field(metadata={"variable": variable, "secret": secret})


@dataclass(frozen=True)
class Config:
    """One field a variable; README's table is held against these by a test."""

    base_dir: Path = _option("PALSERVER_BASE_DIR")
    log_level: str = _option("LOG_LEVEL")
    db_path: Path = _option("DB_PATH")
    secret_key: str | None = _option("SECRET_KEY", secret=True)
    host: str = _option("PALSERVER_HOST")
    port: int = _option("PALSERVER_PORT")
    admin_password: str | None = _option("PALSERVER_ADMIN_PASSWORD", secret=True)
    public_url: str | None = _option("PALSERVER_PUBLIC_URL")
    metrics_token: str | None = _option("PALSERVER_METRICS_TOKEN", secret=True)
    log_bytes: int = _option("PALSERVER_LOG_BYTES")
    scripts_dir: Path = _option("PALSERVER_SCRIPTS_DIR")
    backup_dir: Path = _option("PALSERVER_BACKUP_DIR")
    docker_host: str = _option("DOCKER_HOST")
    docker_tls_verify: str = _option("DOCKER_TLS_VERIFY")
    docker_cert_path: str = _option("DOCKER_CERT_PATH")

    @property
    def docker_environment(self) -> dict[str, str]:
        """The variables the Docker SDK and an operator's scripts read, without the empty ones."""
        values = {
            "DOCKER_HOST": self.docker_host,
            "DOCKER_TLS_VERIFY": self.docker_tls_verify,
            "DOCKER_CERT_PATH": self.docker_cert_path,
        }
        return {name: value for name, value in values.items() if value}


def read_config(environ: Mapping[str, str]) -> Config:
    """Build the configuration from `environ`. Raises ConfigError with all mistakes by name."""
    reader = _Reader(environ)
    base_dir = reader.take("PALSERVER_BASE_DIR", _folder, "PalServer_ent")
    base_dir = base_dir or Path("/")  # only after a mistake that is reported below
    controllers = base_dir / "cmm" / "controllers"
    values = {
        "base_dir": base_dir,
        "log_level": reader.take("LOG_LEVEL", _log_level, "INFO"),
        "db_path": reader.take("DB_PATH", _file, str(base_dir / "server" / "paladmin.db")),
        "secret_key": reader.take("SECRET_KEY", str),
        "host": reader.take("PALSERVER_HOST", str, "127.0.0.1"),
        "port": reader.take("PALSERVER_PORT", _port, "8000"),
        "admin_password": reader.take("PALSERVER_ADMIN_PASSWORD", _password),
        "public_url": reader.take("PALSERVER_PUBLIC_URL", _url),
        "metrics_token": reader.take("PALSERVER_METRICS_TOKEN", str),
        "log_bytes": reader.take("PALSERVER_LOG_BYTES", _log_bytes, str(64 * 1024 * 1024)),
        "scripts_dir": reader.take(
            "PALSERVER_SCRIPTS_DIR",
            _existing_folder,
            str(controllers if controllers.is_dir() else BUNDLED_SCRIPTS),
        ),
        "backup_dir": reader.take("PALSERVER_BACKUP_DIR", _folder, str(base_dir / "server" / "backup")),
        "docker_host": reader.take("DOCKER_HOST", _docker_host, "") or "",
        "docker_tls_verify": reader.take("DOCKER_TLS_VERIFY", str, "") or "",
        "docker_cert_path": reader.take("DOCKER_CERT_PATH", str, "") or "",
    }
    if reader.problems:
        raise ConfigError(reader.problems)
    return Config(**values)


def describe(config: Config) -> list[str]:
    """One line a variable for `--check`; secrets are hidden."""
    lines = []
    for option in fields(config):
        value = getattr(config, option.name)
        shown = "(not set)" if value in (None, "") else "(set)" if option.metadata["secret"] else str(value)
        lines.append(f"{option.metadata['variable']:<26} {shown}")
    return lines


class _Reader:
    """Takes variables or their `_FILE` twins and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: dict[str, str] = {}

    def take(self, name: str, parse: Callable[[str], Any], default: str | None = None) -> Any:
        try:
            text = self._text(name)
            text = default if text is None else text
            return None if text is None else parse(text)
        except OSError as error:
            self.problems[f"{name}_FILE"] = f"cannot be read ({error.strerror})."
        except ValueError as error:
            self.problems[name] = str(error)
        return None

    def _text(self, name: str) -> str | None:
        """The variable's value; an empty one counts as not set, as compose files write them."""
        value = self._environ.get(name) or None
        file = self._environ.get(f"{name}_FILE") or None
        if value is not None and file is not None:
            raise ValueError(f"is set twice, here and by {name}_FILE.")
        if file is not None:
            value = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
            if not value:
                raise ValueError(f"the file that {name}_FILE names is empty.")
        return value


def _folder(text: str) -> Path:
    """A folder that is there or can be made."""
    path = Path(text).expanduser().absolute()
    nearest = path
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise ValueError(f"{nearest} is not a folder.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ValueError(f"{nearest} cannot be written to.")
    return path


def _existing_folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if not path.is_dir():
        raise ValueError(f"{path} is not a folder.")
    return path


def _file(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file.")
    _folder(str(path.parent))
    return path


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}.")
    return text.upper()


def _port(text: str) -> int:
    """0 takes a free port, which the log then names."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ValueError("must be a number from 0 to 65535.")
    return int(text)


def _log_bytes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= MIN_LOG_BYTES):
        raise ValueError(f"must be a number of bytes, at least {MIN_LOG_BYTES}.")
    return int(text)


def _password(text: str) -> str:
    if len(text.encode()) > 72:
        raise ValueError("must be at most 72 bytes long.")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be like https://panel.example.org, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


def _docker_host(text: str) -> str:
    scheme = text.partition("://")[0]
    if text and scheme not in ("unix", "tcp", "http", "https"):
        raise ValueError("must begin with unix:// or tcp://.")
    return text
