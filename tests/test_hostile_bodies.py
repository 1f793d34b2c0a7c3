"""Facts about bodies that no page of ours would send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts_server import AccountsServer, key_of

HOSTILE_BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"\xff\xfe\x00",
    b'{"username":"\xff","password":"x"}',
    b'{"username":"\\ud800","password":"x"}',
    b'{"username":["boss"],"password":{"a":1}}',
    b'{"username":1,"password":true}',
    b'{"username":null,"password":null}',
    b'{"username":"boss","password":"x","role":"admin"}',
    b'{"username":"boss"}',
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"username":' + b"9" * 5000 + b"}",
    b'{"username":"boss","password":NaN}',
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


class TestHostileBodies:
    @pytest.mark.parametrize("body", HOSTILE_BODIES, ids=range(len(HOSTILE_BODIES)))
    @pytest.mark.parametrize("path", ["login", "password", "verify-password"])
    def test_are_invalid(self, server, path, body):
        """What is no good JSON, or not of the right shape, is 400 and never a 500."""
        headers = {"Content-Type": "application/json"}
        answer = server.call(
            "POST", f"/api/auth/{path}", token=server.get_token(), data=body, headers=headers
        )
        assert (answer.status_code, key_of(answer)) == (400, "invalid")

    def test_all_fields_are_told_at_once(self, server):
        """Each wrong field is named with what is wrong with it."""
        answer = server.call("POST", "/api/auth/login", {"username": 1, "extra": 2})
        assert answer.json()["fields"].keys() == {"username", "password", "extra"}

    def test_more_than_a_mebibyte(self, server):
        """Too large is 413."""
        body = json.dumps({"username": "x" * 1024 * 1024, "password": ""})
        headers = {"Content-Type": "application/json"}
        answer = server.call("POST", "/api/auth/login", data=body, headers=headers)
        assert (answer.status_code, key_of(answer)) == (413, "too_large")

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_another_type(self, server, content_type):
        """Forms and plain text are 415: a form of another site must not sign anybody in."""
        answer = server.call(
            "POST", "/api/auth/login", data=b'{"username":"boss"}', headers={"Content-Type": content_type}
        )
        assert answer.status_code == 415
