"""Facts about a users.json that is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.first_start import Start, entry


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    start = Start(tmp_path)
    yield start
    start.database.close()


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'[{"username":"\\ud800"}]', "not valid JSON"),
        ("[{“username”: “앤”}]".encode("cp949", errors="replace"), "not"),
        (b"{}", "must be a list"),
        (b'"ann"', "must be a list"),
        (b"null", "must be a list"),
        (b"[1]", "Entry 1 must be an object"),
        (b"[[]]", "Entry 1 must be an object"),
    ],
    ids=range(10),
)
def test_wrong_shapes(start, content, words):
    """What is not a list of accounts is refused with a sentence, and left where it is."""
    start.file.write_bytes(content)
    assert words in start.refuse()
    assert start.file.read_bytes() == content


@pytest.mark.parametrize(
    "bad, words",
    [
        (entry(role="god"), "“god”"),
        (entry(role="Admin"), "“Admin”"),
        (entry(role=None), "role is missing"),
        (entry(username=""), "username is missing"),
        (entry(username=7), "username is missing"),
        (entry(username="a b"), "user name"),
        (entry(username="ann\n"), "user name"),
        (entry(username="x" * 65), "user name"),
        (entry(password=""), "password is missing"),
        (entry(password=7100), "password is missing"),
        (entry(password="x" * 73), "72 bytes"),
        (entry(password="비" * 25), "72 bytes"),
        (entry(password="$2b$12$tooshort"), "bcrypt"),
        (entry(password="$2b$31$" + "a" * 53), "bcrypt"),
        ({"username": "ann"}, "password is missing"),
    ],
)
def test_bad_entries(start, bad, words):
    """Each is named by its number and what is wrong; the good ones beside it are not taken alone."""
    start.file.write_text(json.dumps([entry("good"), bad]))
    sentence = start.refuse()
    assert "Entry 2" in sentence
    assert words in sentence
    assert start.read_users() == {}


def test_all_at_once(start):
    """Every problem is in the one message, with the names, and without any password."""
    bad = [entry("ann", "p4ss", "god"), entry("bob", "p4ss", "king"), entry("x y", "p4ss", "viewer")]
    start.file.write_text(json.dumps(bad))
    sentence = start.refuse()
    for word in ("ann", "god", "bob", "king", "x y", str(start.file)):
        assert word in sentence
    assert "p4ss" not in sentence


def test_twice_the_same_name(start):
    """Nobody can say which of the two is meant."""
    start.file.write_text(json.dumps([entry("ann"), entry("bob"), entry("ann", "other")]))
    assert "“ann” is there 2 times" in start.refuse()
