"""Facts about the key that signs the tokens."""

from __future__ import annotations

import logging
import stat

import pytest

from palserver.services import private_files
from palserver.services.accounts.secret_key import choose_secret_key


@pytest.fixture
def db_path(tmp_path):
    return tmp_path / "paladmin.db"


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "paladmin.db.secret-key"


def test_is_made_once(db_path, kept):
    """The first start makes it beside the database, for its owner only; later ones read it."""
    key = choose_secret_key(None, db_path)
    assert len(key) == 64
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert choose_secret_key(None, db_path) == key
    assert [path.name for path in db_path.parent.iterdir()] == [kept.name]


def test_two_panels_have_two(tmp_path):
    """It is random, not derived from anything."""
    assert choose_secret_key(None, tmp_path / "a.db") != choose_secret_key(None, tmp_path / "b.db")


def test_a_configured_one_is_used(db_path, kept, caplog):
    """A configured key is taken as it is, and none is made; a short one is warned of."""
    assert choose_secret_key("x" * 32, db_path) == "x" * 32
    assert caplog.records == []
    assert choose_secret_key("hunter2", db_path) == "hunter2"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "hunter2" not in caplog.text
    assert not kept.exists()


def test_survives_an_interruption(db_path, kept, monkeypatch):
    """A start that was cut off while it wrote leaves no half key, and the next one makes its own."""

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(private_files, "move_file", power_cut)
        with pytest.raises(KeyboardInterrupt):
            choose_secret_key(None, db_path)
    assert not kept.exists()
    assert choose_secret_key(None, db_path) == kept.read_text().strip()


@pytest.mark.parametrize("content", [b"", b"\n", b"half", b"\xff\xfe"])
def test_a_broken_one_is_made_anew(db_path, kept, content, caplog):
    """A file without a usable key is replaced, and the log says what that means."""
    kept.write_bytes(content)
    key = choose_secret_key(None, db_path)
    assert len(key) == 64
    assert "sign in again" in caplog.text
    assert choose_secret_key(None, db_path) == key


def test_is_made_private(db_path, kept):
    """A key that was copied with too wide rights gets narrow ones."""
    kept.write_text("k" * 64 + "\n")
    kept.chmod(0o644)
    assert choose_secret_key(None, db_path) == "k" * 64
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
