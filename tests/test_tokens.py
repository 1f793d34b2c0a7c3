"""Facts about access and refresh tokens, and their end."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import gevent
import jwt
import pytest
import requests

from palserver.store import users
from palserver.web import tokens
from tests.accounts_server import AccountsServer, key_of

SIGNING_KEY = hashlib.sha256(b"a key of this test").hexdigest()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


def forge(token: str, key: str = SIGNING_KEY, algorithm: str = "HS256", **claims: object) -> str:
    """The same token with other claims, signed again."""
    values = jwt.decode(token, options={"verify_signature": False}) | claims
    return jwt.encode(values, key, algorithm)


class TestAccessTokens:
    def test_none_is_refused_with_a_challenge(self, server):
        """Without a token the answer is 401 and says which scheme is wanted."""
        answer = server.call("GET", "/viewer")
        assert (answer.status_code, key_of(answer)) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_scheme_is_not_case_sensitive(self, server):
        """`bearer` is as good as `Bearer`; another scheme is not."""
        token = server.get_token()
        for header, status in ((f"bearer {token}", 204), (f"BEARER  {token} ", 204), (f"Basic {token}", 401)):
            assert server.call("GET", "/viewer", headers={"Authorization": header}).status_code == status

    def test_expired_is_refused(self, server, monkeypatch):
        """A token is good until it expires, however often it was used before."""
        token = server.get_token()
        assert server.call("GET", "/viewer", token=token).status_code == 204
        later = SimpleNamespace(time=lambda: time.time() + tokens.ACCESS_SECONDS)
        with monkeypatch.context() as then:
            then.setattr(tokens, "time", later)
            assert server.call("GET", "/viewer", token=token).status_code == 401
        assert server.call("GET", "/viewer", token=token).status_code == 204
        assert server.call("GET", "/viewer", token=forge(token, exp=time.time() - 1)).status_code == 401

    def test_expires_after_15_minutes(self, server):
        """The token itself says so, too."""
        claims = jwt.decode(server.get_token(), options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 900

    def test_outlives_a_clock_that_is_set_back(self, server):
        """A token that was made a while ago by the clock of before is no token of the future."""
        pair, later = server.sign_in(), int(time.time()) + 3600
        access = forge(pair["access_token"], iat=later, exp=later + 900)
        assert server.call("GET", "/viewer", token=access).status_code == 204
        refresh = forge(pair["refresh_token"], iat=later, exp=later + 900)
        assert server.call("POST", "/api/auth/refresh", token=refresh).status_code == 200

    def test_refresh_token_opens_nothing(self, server):
        """A refresh token is good for refreshing only."""
        token = server.sign_in()["refresh_token"]
        assert server.call("GET", "/viewer", token=token).status_code == 401

    def test_only_ours_count(self, server):
        """Another key, another algorithm, or none, makes no token of ours."""
        token = server.get_token()
        header, payload, signature = token.split(".")
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
        for bad in (
            forge(token, key="another key of the right length, this is"),
            forge(token, algorithm="HS512"),
            forge(token, algorithm="HS384"),
            f"{unsigned}.{payload}.",
            f"{unsigned}.{payload}.{signature}",
            f"{header}.{payload}.",
            f"{header}.{payload}.{signature[::-1]}",
        ):
            answer = server.call("GET", "/viewer", token=bad)
            assert (answer.status_code, key_of(answer)) == (401, "unauthorized"), bad

    @pytest.mark.parametrize(
        "token",
        [
            "x",
            "...",
            "a.b.c",
            "\x7f\x7f",
            "é.é.é",
            "e30.e30.e30",
            "null",
            "x" * 7000,
            base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.x",
            base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"../../etc/passwd"}').decode() + ".e30.x",
        ],
    )
    def test_garbage_is_refused(self, server, token):
        """Whatever is sent for a token, the answer is 401 and never a 500."""
        headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
        assert server.call("GET", "/viewer", headers=headers).status_code == 401
        assert server.call("POST", "/api/auth/refresh", headers=headers).status_code == 401
        assert server.call("POST", "/api/auth/logout", headers=headers).status_code == 401

    def test_session_decides(self, server):
        """A token of ours whose session is not there opens nothing."""
        token = forge(server.get_token(), sid="0" * 32)
        assert server.call("GET", "/viewer", token=token).status_code == 401

    def test_session_expires(self, server):
        """A session that has come to its end is over, even if nobody has removed it."""
        token = server.get_token()
        server.database.write(
            lambda conn: conn.execute("UPDATE sessions SET expires_at = '2026-01-01T00:00:00.000Z'")
        )
        assert server.call("GET", "/viewer", token=token).status_code == 401

    def test_expired_sessions_are_purged(self, server):
        """The next sign-in of anybody sweeps them out."""
        server.get_token()
        server.database.write(
            lambda conn: conn.execute("UPDATE sessions SET expires_at = '2026-01-01T00:00:00.000Z'")
        )
        server.get_token()
        assert server.read_one("SELECT count(*) FROM sessions") == 1


class TestRefresh:
    def refresh(self, server: AccountsServer, token: str) -> requests.Response:
        return server.call("POST", "/api/auth/refresh", token=token)

    def test_rotates(self, server):
        """A refresh token gives a new pair in the same session, each of which works."""
        first = server.sign_in()
        second = self.refresh(server, first["refresh_token"]).json()
        assert second.keys() == first.keys()
        assert second["refresh_token"] != first["refresh_token"]
        assert server.call("GET", "/viewer", token=second["access_token"]).status_code == 204
        assert self.refresh(server, second["refresh_token"]).status_code == 200
        assert server.read_one("SELECT count(*) FROM sessions") == 1

    def test_a_spent_one_ends_the_session(self, server):
        """Using a refresh token twice means that two have it: everything of its session stops."""
        first = server.sign_in()
        second = self.refresh(server, first["refresh_token"]).json()
        answer = self.refresh(server, first["refresh_token"])
        assert (answer.status_code, key_of(answer)) == (401, "unauthorized")
        assert self.refresh(server, second["refresh_token"]).status_code == 401
        for pair in (first, second):
            assert server.call("GET", "/viewer", token=pair["access_token"]).status_code == 401

    def test_other_sessions_go_on(self, server):
        """The theft of one session is not held against the user's others."""
        stolen, other = server.sign_in(), server.sign_in()
        for _ in range(2):
            self.refresh(server, stolen["refresh_token"])
        assert server.call("GET", "/viewer", token=other["access_token"]).status_code == 204

    def test_two_at_once(self, server):
        """Of two that use one token at the same moment exactly one wins, and the session ends."""
        for _ in range(5):
            token = server.sign_in()["refresh_token"]
            racers = [gevent.spawn(self.refresh, server, token) for _ in range(2)]
            answers = [racer.get() for racer in racers]
            assert sorted(answer.status_code for answer in answers) == [200, 401]
            winner = next(answer.json() for answer in answers if answer.status_code == 200)
            assert server.call("GET", "/viewer", token=winner["access_token"]).status_code == 401

    def test_access_token_does_not_refresh(self, server):
        """Nor does it end the session that it belongs to."""
        pair = server.sign_in()
        assert self.refresh(server, pair["access_token"]).status_code == 401
        assert self.refresh(server, pair["refresh_token"]).status_code == 200

    def test_shows_the_rights_of_now(self, server):
        """The user in the answer is read again."""
        server.add("ann", "viewer")
        pair = server.sign_in("ann")
        server.database.write(users.set_role, "ann", "operator")
        assert self.refresh(server, pair["refresh_token"]).json()["user"]["role"] == "operator"

    def test_without_anything(self, server):
        """A script without a token is not signed in."""
        assert server.call("POST", "/api/auth/refresh").status_code == 401


class TestLogout:
    def test_stops_both_tokens_at_once(self, server):
        """After 204 neither token of the session does anything."""
        pair = server.sign_in()
        assert server.call("POST", "/api/auth/logout", token=pair["access_token"]).status_code == 204
        assert server.call("GET", "/viewer", token=pair["access_token"]).status_code == 401
        assert server.call("POST", "/api/auth/refresh", token=pair["refresh_token"]).status_code == 401

    def test_may_be_repeated(self, server):
        """Doing it twice is no error."""
        token = server.get_token()
        for _ in range(2):
            assert server.call("POST", "/api/auth/logout", token=token).status_code == 204

    def test_needs_somebody(self, server):
        """Without any token of ours there is nobody to sign out, and a refresh token is no access token."""
        assert server.call("POST", "/api/auth/logout").status_code == 401
        token = server.sign_in()["refresh_token"]
        assert server.call("POST", "/api/auth/logout", token=token).status_code == 401

    def test_ends_only_its_own_session(self, server):
        """The same user, signed in elsewhere, stays there."""
        here, there = server.get_token(), server.get_token()
        server.call("POST", "/api/auth/logout", token=here)
        assert server.call("GET", "/viewer", token=there).status_code == 204
