"""A folder as PalServer_ent leaves it: scripts, compose files, instances, backups, images, database."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import bcrypt

from tests.made_backups import make_files

STAMP = "20251209-1530"
NETWORK = "pal-private_net"

LOAD_ENV = """#!/bin/bash
set -e
BASE_DIR="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export BASE_DIR
set -a
source "$BASE_DIR/cmm/env/paladmin.env"
set +a
export SERVER_ROOT="$BASE_DIR/$SERVER_DIR"
export INSTANCE_ROOT="$SERVER_ROOT/$INSTANCE_DIR"
export BACKUP_ROOT="$SERVER_ROOT/$BACKUP_DIR"
export REPO_ROOT="$SERVER_ROOT/$REPO_DIR"
"""

# As the panel's own does it: a folder of this minute, the instance's folder copied into it, one line.
BACKUP = """#!/bin/bash
set -e
source "$(dirname "$0")/../env/env.load.sh"
INSTANCE=$1
if [[ -z "$INSTANCE" ]]; then
  echo "Usage: paladmin backup <instance>"
  exit 1
fi
BACKUP_DIR="$BACKUP_ROOT/${INSTANCE}-$(date +%Y%m%d-%H%M)"
mkdir -p "$BACKUP_DIR"
cp -r "$INSTANCE_ROOT/$INSTANCE" "$BACKUP_DIR/"
echo "[BACKUP] Created backup at: $BACKUP_DIR"
"""

# The same words and files as the panel's own; COMPOSE is `docker-compose` there.
UPDATE = """#!/bin/bash
set -euo pipefail
source "$(dirname "$0")/../env/env.load.sh"
VERSION=${1:-}
TARGET=${2:-}
[[ -z "$VERSION" ]] && exit 1
IMAGE_FILE="$REPO_ROOT/$VERSION/${PAL_IMAGE}_$VERSION.tar"
[[ ! -f "$IMAGE_FILE" ]] && { echo "[ERROR] Image tar missing: $IMAGE_FILE"; exit 1; }
echo "[UPDATE] version=$VERSION target=$TARGET"
compose="$SERVER_ROOT/docker-compose-$TARGET.yml"
[[ ! -f "$compose" ]] && { echo "[ERROR] Compose not found: $compose"; exit 1; }
cp -a "$compose" "$compose.bak"
sed -i "s|image: $PAL_IMAGE:.*|image: $PAL_IMAGE:$VERSION|" "$compose"
if docker-compose -f "$compose" down && docker-compose -f "$compose" up -d --force-recreate; then
  echo "[OK] $TARGET -> $VERSION"
  rm -f "$compose.bak"
else
  mv -f "$compose.bak" "$compose"
  docker-compose -f "$compose" up -d --force-recreate
  exit 1
fi
echo "[SUCCESS] Instance '$TARGET' updated to $VERSION"
"""

ENVIRONMENT = """PUID=1000
PGID=1000
PAL_IMAGE=palworld_server_steam
SERVER_DIR=server
INSTANCE_DIR=instances
BACKUP_DIR=backup
REPO_DIR=repo
PAL_NETWORKS="pal-private_net"
"""

COMPOSE = """version: "3.9"
services:
  {name}:
    image: {image}
    container_name: {name}
    restart: always
    environment:
      - PORT=8211
      - QUERY=27015
      - RESTAPI=8212
{more}    networks:
      - {network}
    ports:
{ports}    volumes:
      - {folder}/server/instances/{name}/:{saved_path}
networks:
  {network}:
    external: true
"""

TABLE = """
CREATE TABLE users (
    id INTEGER NOT NULL,
    username VARCHAR NOT NULL,
    password VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    created_at DATETIME,
    last_login DATETIME,
    PRIMARY KEY (id)
);
CREATE INDEX ix_users_id ON users (id);
"""


class OldTree:
    """Everything below `folder`; nothing of it needs an engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = folder / "server"
        self.database = self.server / "paladmin.db"
        self.backups = self.server / "backup"
        for path in ("server/instances", "server/backup", "server/repo", "cmm/controllers", "cmm/env"):
            (folder / path).mkdir(parents=True)
        self.write("server/instances/DefaultPalWorldSettings.ini", "[/Script/Pal.PalGameWorldSettings]\r\n")
        self.write("cmm/env/paladmin.env", ENVIRONMENT)
        self.write("cmm/env/env.load.sh", LOAD_ENV)
        self.write("cmm/controllers/backup.sh", BACKUP)
        self.write("cmm/controllers/update.sh", UPDATE)
        self.write("cmm/controllers/rollback.sh", "#!/bin/bash\r\nexit 1\r\n")
        self.write("cmm/controllers/instance.sh", "#!/bin/bash\r\nexit 1\r\n")

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def add_instance(self, name: str, image: str, **options: Any) -> Path:
        """Its compose file, with Windows line ends, and its folder with a world in it."""
        ports = options.get("ports", ("127.0.0.1::8212/tcp",))
        text = COMPOSE.format(
            name=name,
            image=image,
            folder=self.folder,
            network=options.get("network", NETWORK),
            saved_path=options.get("saved_path", "/home/steam/palworld/Pal/Saved"),
            ports="".join(f'      - "{port}"\n' for port in ports),
            more="".join(f"      - {line}\n" for line in options.get("environment", ())),
        )
        self.write_files(self.server / "instances" / name, options.get("files", make_files()))
        return self.write(f"server/docker-compose-{name}.yml", text.replace("\n", "\r\n"))

    def add_backup(self, name: str, stamp: str = STAMP, files: Mapping[str, bytes] | None = None) -> Path:
        """As their backup.sh makes it."""
        folder = self.backups / f"{name}-{stamp}"
        self.write_files(folder / name, make_files() if files is None else files)
        return folder

    def write_files(self, folder: Path, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            target = folder / path.removeprefix("Saved/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def add_users(
        self, rows: Iterable[tuple[Any, ...]], path: Path | None = None, is_wal: bool = False
    ) -> Path:
        """The old panel's database: rows of name, password (hashed if it is bytes) and role."""
        path = path or self.database
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as conn:
            if is_wal:
                conn.execute("PRAGMA journal_mode = WAL")
            conn.executescript(TABLE)
            for username, password, role in rows:
                kept = hash_password(password) if isinstance(password, bytes) else password
                conn.execute(
                    "INSERT INTO users (username, password, role, created_at, last_login)"
                    " VALUES (?, ?, ?, '2025-12-09 06:30:00.123456', NULL)",
                    (username, kept, role),
                )
            conn.commit()
        return path


def hash_password(password: bytes) -> str:
    """As passlib writes it, cheaply."""
    return bcrypt.hashpw(password, bcrypt.gensalt(4, b"2b")).decode()


def signs_in(database: Path, username: str, password: bytes) -> bool:
    """How the old panel checks a password in its own database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
        row = conn.execute(
            "SELECT id, password, role, created_at, last_login FROM users WHERE username = ?", (username,)
        ).fetchone()
    return row is not None and bcrypt.checkpw(password, row[1].encode())


def look_at(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Every name below it: kind, mode, owner, time, and what is in it."""
    return {str(path.relative_to(folder)): _look(path) for path in sorted(folder.rglob("*"))}


def _look(path: Path) -> tuple[Any, ...]:
    status = path.lstat()
    if path.is_symlink():
        content = os.readlink(path)
    else:
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    # A folder's time and size change with the names in it.
    time = status.st_mtime_ns if not stat.S_ISDIR(status.st_mode) else 0
    return stat.filemode(status.st_mode), status.st_uid, status.st_gid, time, content
