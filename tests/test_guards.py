"""Every address of the API, and who may call it."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from palserver.services.accounts.auth import ROLES
from tests.panel import Panel
from tests.routes import fill, list_routes

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
