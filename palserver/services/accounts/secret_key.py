"""The key that signs the tokens: configured, or made once and kept beside the database."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from palserver.services.private_files import make_private, write_private

log = logging.getLogger(__name__)

MIN_CHARACTERS = 32


def choose_secret_key(configured: str | None, db_path: Path) -> str:
    """Called while this process holds the database, so that no two make a key at the same time."""
    if configured is None:
        return _get_kept_key(db_path.with_name(db_path.name + ".secret-key"))
    if len(configured) < MIN_CHARACTERS:
        log.warning("SECRET_KEY has fewer than %d characters; a short one can be guessed.", MIN_CHARACTERS)
    return configured


def _get_kept_key(path: Path) -> str:
    if path.exists():
        key = path.read_text(encoding="utf-8", errors="replace").strip()
        if len(key) >= MIN_CHARACTERS:
            make_private(path)
            return key
        log.warning("%s held no usable key. A new one is made; everybody has to sign in again.", path)
    key = secrets.token_hex(32)
    write_private(path, key + "\n")
    return key
