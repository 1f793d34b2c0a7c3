"""The API describes itself: every route, as it is guarded, with what it takes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from palserver.version import VERSION
from palserver.web.openapi import describe
from tests.described import Description, Json
from tests.routes import list_routes


@pytest.fixture(scope="module")
def document(app) -> Json:
    """As it is built, and as JSON makes it."""
    decoded: Json = json.loads(json.dumps(describe(app)))
    return decoded


def list_refs(value: Any) -> Iterator[str]:
    """Every `$ref`, and every address in a discriminator's mapping."""
    if isinstance(value, dict):
        yield from (text for text in value.values() if isinstance(text, str) and text.startswith("#/"))
        for inner in value.values():
            yield from list_refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from list_refs(inner)


def list_described(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every call and every socket: its id, `METHOD path`, and what is said of it."""
    for method, path, operation in Description(document).list_operations():
        socket = operation.get("x-websocket")
        for said in [operation] if socket is None else [operation, socket]:
            yield said["operationId"], f"{method.upper()} {path}", said


def test_it_is_openapi(document):
    """A document of version 3.1, for the panel's version, whose references all lead somewhere."""
    OpenAPIV31SpecValidator(document).validate()
    assert document["info"]["version"] == VERSION
    types = document["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in list_refs(document)} <= set(types)


def test_every_route_is_described_and_nothing_more(app, document):
    """By its address and its endpoint; only the page's own files are not for programs."""
    routes = {
        (rule.endpoint, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", name))
        for name, rule in list_routes(app)
        if not rule.endpoint.startswith("page.")
    }
    assert {(name, address) for name, address, _ in list_described(document)} == routes


def test_every_call_says_who_may_make_it_what_it_is_and_what_comes_back(app, document):
    """A view without a contract has no answers here: it lacks its `@answers(…)` line."""
    calls = list(list_described(document))
    assert len({name for name, _, _ in calls}) == len({(name, address) for name, address, _ in calls})
    for name, address, said in calls:
        role = app.view_functions[name].required_role
        assert said["x-role"] == (role or "public"), address
        assert bool(said["security"]) == bool(role), address
        assert said["summary"], f"{address} has no docstring"
        good = [status for status in said.get("responses", ["101"]) if status.startswith(("1", "2"))]
        assert good, f"{address} has no @answers"


def test_what_a_body_or_a_query_may_be_is_what_is_checked(document):
    """Bounds, defaults, what may be left out, and that unknown fields are refused."""
    types, paths = document["components"]["schemas"], document["paths"]
    body = paths["/api/instances/{instance_name}/stop"]["post"]["requestBody"]
    assert (body["required"], body["content"]["application/json"]["schema"]["$ref"]) == (
        False,
        "#/components/schemas/CountdownBody",
    )
    assert types["CountdownBody"]["properties"]["wait_seconds"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 3600,
        "default": 0,
    }
    assert types["CountdownBody"]["additionalProperties"] is False
    for name, required in (("UpdateBody", ["version"]), ("RollbackBody", [])):
        assert types["CountdownBody"]["properties"].items() < types[name]["properties"].items()
        assert types[name].get("required", []) == required
    assert paths["/api/instances/adopt"]["post"]["requestBody"]["required"] is True
    limit, before = paths["/api/audit"]["get"]["parameters"]
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}
    assert (before["in"], before["required"], before["schema"]["type"]) == ("query", False, "integer")


def test_it_is_made_once_and_not_sent_twice(panel):
    """Anybody may have it, compressed, and who has it already is told so."""
    first = panel.call("GET", "/api/openapi.json", token="", headers={"Accept-Encoding": "gzip"}, stream=True)
    assert json.loads(gzip.decompress(first.raw.read()))["openapi"] == "3.1.0"
    again = panel.call("GET", "/api/openapi.json", token="", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
