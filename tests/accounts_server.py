"""The accounts alone, served on a real port from a real database: enough for everything about signing in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
import requests
from flask import Blueprint, Flask, Response
from gevent.monkey import get_original

from migrations import migrate
from palserver.fanout import Topic
from palserver.services.accounts.audit import Audit
from palserver.services.accounts.auth import Auth
from palserver.services.accounts.endings import Endings
from palserver.services.accounts.passwords import Passwords
from palserver.services.accounts.users import Users
from palserver.services.audience import Audience
from palserver.services.news import Hint
from palserver.store import users as store
from palserver.store.database import Database
from palserver.web import audit, auth, guards, problems, tokens, users
from palserver.web.context import SERVICES
from palserver.web.http_server import HttpServer, open_listener
from palserver.web.replies import no_content

PASSWORD = "correct horse"
CHEAP = 4  # bcrypt's lowest cost, where its price is not what a test is about
METRICS_TOKEN = "for figures only"


class Clock:
    """A monotonic clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def hashing_held() -> Iterator[None]:
    """No password is hashed as long as this lasts: whoever wants one waits, and those behind him do."""
    held, hash_password = get_original("threading", "Lock")(), bcrypt.hashpw  # a real thread waits for it

    def hashpw(password: bytes, salt: bytes) -> bytes:
        with held:
            return hash_password(password, salt)

    with pytest.MonkeyPatch.context() as patch, held:
        patch.setattr(bcrypt, "hashpw", hashpw)
        yield


class AccountsServer:
    """`boss` is an admin; `add` makes others. `close` it when done."""

    def __init__(
        self, folder: Path, cost: int = CHEAP, public_url: str | None = None, kept_entries: int = 1000
    ) -> None:
        self.clock = Clock()
        self.database = Database(folder / "paladmin.db", migrate)
        self.passwords = Passwords(cost)
        news, endings = Topic[Hint](), Endings()
        self.services = SimpleNamespace(
            auth=Auth(self.database, self.passwords, endings, news, self.clock),
            users=Users(self.database, self.passwords, endings, news),
            audit=Audit(self.database, news, kept_entries),
            audience=Audience(),
        )
        self.app = make_app(self.services, public_url)
        self.server = HttpServer(open_listener("127.0.0.1", 0), self.app)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.address[1]}"
        self.add("boss", "admin")

    def close(self) -> None:
        self.server.stop(timeout=1)
        self.passwords.stop()
        self.database.close()

    def add(self, username: str, role: str, password: str = PASSWORD, must_change: bool = False) -> None:
        user = store.User(
            username, self.passwords.make_hash(password), role, must_change, "2026-01-01T00:00:00.000Z", None
        )
        assert self.database.write(store.add_user, user)

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None, **options: Any
    ) -> requests.Response:
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=60, **options)

    def login(self, username: str = "boss", password: str = PASSWORD, **options: Any) -> requests.Response:
        return self.call("POST", "/api/auth/login", {"username": username, "password": password}, **options)

    def sign_in(self, username: str = "boss", password: str = PASSWORD) -> dict[str, Any]:
        answer = self.login(username, password)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def get_token(self, username: str = "boss", password: str = PASSWORD) -> str:
        token: str = self.sign_in(username, password)["access_token"]
        return token

    def read_one(self, sql: str, *values: object) -> Any:
        """The first column of the first row, straight from the database; None if there is no row."""
        row = self.database.reader.execute(sql, values).fetchone()
        return None if row is None else row[0]


def make_app(services: SimpleNamespace, public_url: str | None) -> Flask:
    app = Flask("accounts", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=1024 * 1024, PUBLIC_URL=public_url, METRICS_TOKEN=METRICS_TOKEN)
    app.extensions[SERVICES] = services
    problems.install(app)
    tokens.install(app, "a key of this test")
    guards.install(app)
    audit.install(app)
    for blueprint in (auth.bp, users.bp, audit.bp, make_doors()):
        app.register_blueprint(blueprint)
    return app


def make_doors() -> Blueprint:
    """A view for each kind of guard; each lets in with 204."""
    doors = Blueprint("doors", __name__)

    def add(path: str, mark: Callable[..., Any]) -> None:
        def view() -> Response:
            return no_content()

        doors.add_url_rule(path, path.replace("/", ""), mark(view), methods=["GET", "POST"])

    add("/viewer", guards.require("viewer"))
    add("/operator", guards.require("operator"))
    add("/admin", guards.require("admin"))
    add("/download", guards.require("viewer", ticket=True))
    add("/figures", guards.require("viewer", metrics_token=True))
    add("/unmarked", lambda view: view)
    return doors


def key_of(answer: requests.Response) -> str:
    """The key of the problem that an answer is."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    key: str = answer.json()["key"]
    return key
