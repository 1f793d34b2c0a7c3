"""The API's own description, held against what a panel answers."""

from __future__ import annotations

import re
from typing import Any

import requests
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

Json = dict[str, Any]


class Description:
    """Stricter than the document: a field that is not described is a mistake here, not a newer version's."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._types = {name: _close(schema) for name, schema in document["components"]["schemas"].items()}

    def list_operations(self) -> list[tuple[str, str, Json]]:
        """Each `(method, path, operation)`."""
        return [
            (method, path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        ]

    def find(self, method: str, address: str) -> Json:
        """The operation behind an address; of two that fit, the one that leaves less open."""
        fitting = [
            path
            for path, methods in self.document["paths"].items()
            if method in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), address)
        ]
        found: Json = self.document["paths"][min(fitting, key=lambda path: path.count("{"))][method]
        return found

    def check(self, answer: requests.Response) -> requests.Response:
        """Its status must be named, its kind too, and its body must be what is written there."""
        request = answer.request
        method, address = str(request.method).lower(), str(request.path_url).partition("?")[0]
        operation = self.find(method, address)
        status = str(answer.status_code)
        what = f"{request.method} {request.path_url}: {status} {answer.text[:300]}"
        assert status in operation["responses"], what
        content = operation["responses"][status].get("content", {})
        if not content:
            assert answer.content == b"", what
            return answer
        media = answer.headers["Content-Type"].partition(";")[0]
        assert media in content, what
        if media.endswith("json"):
            self._check(content[media].get("schema", {}), answer.json(), what)
        return answer

    def check_message(self, path: str, message: Any) -> Any:
        """One message of the WebSocket at `path`."""
        self._check(self.document["paths"][path]["get"]["x-websocket"]["messages"], message, path)
        return message

    def _check(self, schema: Json, value: Any, what: str) -> None:
        validator: Validator = Draft202012Validator(
            {"allOf": [schema], "components": {"schemas": self._types}},
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        faults = [f"{error.json_path} {error.message}" for error in validator.iter_errors(value)]
        assert faults == [], f"{what}\n" + "\n".join(faults)


def _close(schema: Json) -> Json:
    return {"additionalProperties": False, **schema} if "properties" in schema else schema
