"""Facts about the refresh token of a browser, which travels in a cookie."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import requests

from tests.accounts_server import PASSWORD, AccountsServer, key_of

NAME = "palserver_refresh"
REFRESH, LOGOUT = "/api/auth/refresh", "/api/auth/logout"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


class Browser:
    """Keeps its cookie, and says with each request which page it is on."""

    def __init__(self, server: AccountsServer) -> None:
        self.server = server
        self.origin: str | None = server.url
        self.cookie = ""

    def post(self, path: str, body: object = None, token: str | None = None) -> requests.Response:
        headers = {"Origin": self.origin} if self.origin is not None else {}
        if self.cookie:
            headers["Cookie"] = f"{NAME}={self.cookie}"
        answer = self.server.call("POST", path, body, token, headers=headers)
        if NAME in answer.cookies or "Set-Cookie" in answer.headers:
            self.cookie = read_cookie(answer).value
        return answer

    def login(self) -> requests.Response:
        return self.post("/api/auth/login?cookie=1", {"username": "boss", "password": PASSWORD})


def read_cookie(answer: requests.Response):
    return SimpleCookie(answer.headers["Set-Cookie"])[NAME]


def can_read(server: AccountsServer, answer: requests.Response) -> bool:
    """Whether the access token in an answer opens a door."""
    return server.call("GET", "/viewer", token=answer.json()["access_token"]).status_code == 204


@pytest.fixture
def browser(server: AccountsServer) -> Browser:
    return Browser(server)


class TestLogin:
    def test_no_script_sees_the_token(self, browser):
        """It is in the cookie and not in the body; the cookie goes to our sign-in addresses only."""
        answer = browser.login()
        assert "refresh_token" not in answer.json()
        cookie = read_cookie(answer)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/auth")
        assert cookie["secure"] == ""
        assert int(cookie["max-age"]) == 30 * 24 * 3600

    def test_without_the_wish_there_is_no_cookie(self, server):
        """A script gets its refresh token in the body, and no cookie."""
        answer = server.login()
        assert "refresh_token" in answer.json()
        assert "Set-Cookie" not in answer.headers

    def test_secure_where_browsers_see_https(self, tmp_path):
        """Behind a proxy that speaks https the cookie never travels in the clear."""
        server = AccountsServer(tmp_path, public_url="https://panel.example.org")
        browser = Browser(server)
        assert read_cookie(browser.login())["secure"] is True
        server.close()

    def test_not_from_another_site(self, browser):
        """Another site's page cannot sign a browser in."""
        browser.origin = "https://evil.example"
        answer = browser.login()
        assert (answer.status_code, key_of(answer)) == (403, "origin_refused")
        assert browser.cookie == ""


class TestRefresh:
    def test_rotates_the_cookie(self, server, browser):
        """Each refresh answers a new cookie, and no refresh token in the body."""
        browser.login()
        for _ in range(3):
            before = browser.cookie
            answer = browser.post(REFRESH)
            assert answer.status_code == 200
            assert "refresh_token" not in answer.json()
            assert browser.cookie not in ("", before)
            assert can_read(server, answer)

    @pytest.mark.parametrize(
        "origin",
        [
            None,
            "null",
            "",
            "https://evil.example",
            "http://[::1",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            "http://127.0.0.1@evil.example",
            "file://",
        ],
    )
    def test_only_from_our_own_page(self, browser, origin):
        """Without our own Origin the cookie counts for nothing, and is not spent."""
        browser.login()
        browser.origin = origin
        for path in (REFRESH, LOGOUT):
            answer = browser.post(path)
            assert (answer.status_code, key_of(answer)) == (403, "origin_refused")
        browser.origin = browser.server.url
        assert browser.post(REFRESH).status_code == 200

    def test_from_the_public_address(self, tmp_path):
        """Behind a proxy our own Origin is the configured address."""
        server = AccountsServer(tmp_path, public_url="https://panel.example.org")
        browser = Browser(server)
        browser.login()
        browser.origin = "https://panel.example.org"
        assert browser.post(REFRESH).status_code == 200
        browser.origin = "http://panel.example.org"
        assert browser.post(REFRESH).status_code == 403
        server.close()

    def test_a_spent_cookie_ends_the_session_and_is_removed(self, server, browser):
        """A failed refresh takes the cookie away, so that the page does not try it again and again."""
        first = browser.login()
        spent = browser.cookie
        browser.post(REFRESH)
        browser.cookie = spent
        answer = browser.post(REFRESH)
        assert (answer.status_code, key_of(answer)) == (401, "unauthorized")
        assert browser.cookie == ""
        assert not can_read(server, first)

    def test_garbage_is_removed(self, browser):
        """A cookie that was never ours is refused and removed."""
        browser.cookie = "garbage"
        assert browser.post(REFRESH).status_code == 401
        assert browser.cookie == ""

    def test_nobody_is_signed_in(self, browser):
        """Our page without a cookie is answered 204: it only wanted to know."""
        answer = browser.post(REFRESH)
        assert (answer.status_code, answer.content) == (204, b"")

    def test_nobody_from_another_site(self, browser):
        """Another site's page learns nothing."""
        browser.origin = "https://evil.example"
        assert browser.post(REFRESH).status_code == 403


class TestLogout:
    def test_by_cookie_alone(self, server, browser):
        """Signing out works when the access token is gone; the session ends and the cookie is removed."""
        first = browser.login()
        assert browser.post(LOGOUT).status_code == 204
        assert browser.cookie == ""
        assert not can_read(server, first)

    def test_with_a_dead_access_token(self, server, browser):
        """An expired or broken access token beside the cookie does not keep anybody signed in."""
        first = browser.login()
        assert browser.post(LOGOUT, token="expired").status_code == 204
        assert not can_read(server, first)

    def test_by_access_token_removes_the_cookie_too(self, browser):
        """Both go together."""
        token = browser.login().json()["access_token"]
        assert browser.post(LOGOUT, token=token).status_code == 204
        assert browser.cookie == ""

    def test_with_a_dead_cookie(self, browser):
        """A cookie of nobody is removed, and that is no error."""
        browser.cookie = "garbage"
        assert browser.post(LOGOUT).status_code == 204
        assert browser.cookie == ""
