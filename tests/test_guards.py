"""Every address of the API, and who may call it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from websockets.exceptions import InvalidStatus
from werkzeug.routing import Rule

from migrations import migrate
from palserver import create_app
from palserver.background import Background
from palserver.config import read_config
from palserver.services.auth import ROLES
from palserver.services.composition import Services
from palserver.store.database import Database
from tests.panel import Panel

PUBLIC = {
    "GET /",
    "GET /api/docs",
    "GET /api/openapi.json",
    "GET /assets/<path:name>",
    "GET /health",
    "GET /ready",
    "POST /api/auth/login",
    "POST /api/auth/logout",
    "POST /api/auth/refresh",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    config = read_config({"PALSERVER_BASE_DIR": str(tmp_path_factory.mktemp("table"))})
    config.db_path.parent.mkdir(parents=True)
    database, background = Database(config.db_path, migrate), Background()
    services = Services(config, database, background)
    yield create_app(config, services)
    background.stop()
    services.stop()
    database.close()


def list_routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Each method of each rule, as `GET /api/…`."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}:
            yield f"{method} {rule.rule}", rule


def fill(rule: Rule) -> str:
    """The rule's address with a word for each of its parts."""
    return re.sub(r"<[^>]*>", "anything", rule.rule)


def test_every_route_says_who_may_call_it(app):
    """Nothing is open by omission, and what is public is on a short list."""
    public = set()
    for name, rule in list_routes(app):
        view = app.view_functions[rule.endpoint]
        assert hasattr(view, "required_role"), f"{name} has no guard"
        if view.required_role is None:
            public.add(name)
        else:
            assert view.required_role in ROLES, name
    assert public == PUBLIC


def test_a_stranger_is_refused_everywhere_else(app, panel: Panel):
    """401 before anything is looked up, sockets included."""
    for name, rule in list_routes(app):
        if name in PUBLIC:
            continue
        if rule.websocket:
            with pytest.raises(InvalidStatus) as refused, panel.watch(fill(rule), token=""):
                pass
            assert refused.value.response.status_code == 401, name
        else:
            answer = panel.call(name.split()[0], fill(rule), token="")
            assert (answer.status_code, answer.json()["key"]) == (401, "unauthorized"), name


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_too_little_a_role_is_refused(app, panel: Panel, role):
    """403 on every route that asks for more, before anything is looked up."""
    token = panel.add_user(f"some-{role}", role)
    wanted = 0
    for name, rule in list_routes(app):
        required = app.view_functions[rule.endpoint].required_role
        if required is None or ROLES.index(required) <= ROLES.index(role):
            continue
        answer = panel.call(name.split()[0], fill(rule), token=token)
        assert (answer.status_code, answer.json()["key"]) == (403, "forbidden"), name
        wanted += 1
    assert wanted > 3
