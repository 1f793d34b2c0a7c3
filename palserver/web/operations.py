"""One route as OpenAPI describes it: what follows from its guard, its path and its contract."""

from __future__ import annotations

import inspect
import re
from http import HTTPStatus

import msgspec

from palserver import names
from palserver.web import viewers
from palserver.web.contracts import Contract, Types
from palserver.web.failures import describe_errors
from palserver.web.routes import Route
from palserver.web.schemas import Schema, Schemas, list_query_parameters

FIRST_SENTENCE = re.compile(r".+?[.?!](?=\s|$)")
# No pattern for user names: theirs means the letters of every language, and `\w` means ASCII to many readers.
PATH_PATTERNS = {"instance_name": names.INSTANCE}
CLOSES = {
    viewers.SIGNED_OUT: "The session has ended.",
    viewers.RIGHT_LOST: "The role does not allow this any more.",
    viewers.INSTANCE_GONE: "The instance has been removed.",
    viewers.GOING_AWAY: "PalServer is stopping.",
}


def describe_operation(route: Route, schemas: Schemas) -> Schema:
    operation = _describe_caller(route) | {
        "tags": [route.tag],
        "parameters": _list_parameters(route),
        "responses": _describe_responses(route, schemas),
    }
    if route.contract.body is not None:
        operation["requestBody"] = _describe_body(route.contract.body, schemas)
    return operation


def describe_socket(route: Route, schemas: Schemas) -> Schema:
    """OpenAPI has no words for WebSockets; these are ours."""
    return _describe_caller(route) | {
        "parameters": _list_parameters(route),
        "messages": schemas.find(route.contract.messages),
        "closes": {str(code): sentence for code, sentence in CLOSES.items()},
    }


def _describe_caller(route: Route) -> Schema:
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(route.view) or "")
    sentence = FIRST_SENTENCE.match(text)
    summary = sentence.group() if sentence else ""
    keys = ["bearer", "ticket"] if route.takes_ticket else ["bearer"]
    described = {
        "operationId": route.rule.endpoint,
        "summary": summary.removesuffix("."),
        "x-role": route.role or "public",
        "security": [{key: []} for key in keys] if route.role else [],
    }
    return described if text == summary else described | {"description": text}


def _list_parameters(route: Route) -> list[Schema]:
    in_path = [_path_parameter(name) for name in route.parts]
    query = route.contract.query
    return in_path + (list_query_parameters(query) if query is not None else [])


def _path_parameter(name: str) -> Schema:
    schema = {"type": "string"}
    if name in PATH_PATTERNS:
        schema["pattern"] = f"^{PATH_PATTERNS[name]}$"
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _describe_body(model: type[msgspec.Struct], schemas: Schemas) -> Schema:
    is_required = any(field.required for field in msgspec.structs.fields(model))
    return {"required": is_required, "content": {"application/json": {"schema": schemas.find(model)}}}


def _describe_responses(route: Route, schemas: Schemas) -> dict[str, Schema]:
    """Answers, then problems. A status may be either: what is sent tells which."""
    described = _describe_answers(route.contract, schemas)
    for status, problem in describe_errors(route).items():
        answer = described.setdefault(status, problem)
        if answer is not problem:
            answer["content"] |= problem["content"]
    return described


def _describe_answers(contract: Contract, schemas: Schemas) -> dict[str, Schema]:
    described = {}
    for status, types in contract.answers.items():
        answer: Schema = {"description": HTTPStatus(status).phrase}
        content = {} if status in (101, 204, 304) else _describe_content(contract, types, schemas)
        described[str(status)] = answer | ({"content": content} if content else {})
    return described


def _describe_content(contract: Contract, types: Types, schemas: Schemas) -> Schema:
    """By media type: of what is returned, and of what the view makes itself."""
    content: Schema = {}
    if types:
        media = "text/plain" if types == (str,) else "application/json"
        content[media] = {"schema": schemas.find(*types)}
    if contract.media is not None:
        content[contract.media] = {}
    return content
