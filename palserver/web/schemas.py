"""The JSON Schemas of what views take and give, made from the types themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from palserver.web.contracts import Contract

REF = "#/components/schemas/{name}"

Schema = dict[str, Any]


class Schemas:
    """The schemas of all `contracts` together, so that what two views share is described once."""

    def __init__(self, contracts: Iterable[Contract], *more: Any) -> None:
        self.components: dict[str, Schema] = {}
        self._by_type: dict[Any, Schema] = {}
        taken = dict.fromkeys(contract.body for contract in contracts if contract.body is not None)
        given = dict.fromkeys(
            kind
            for contract in contracts
            for kinds in (*contract.answers.values(), (contract.messages,))
            for kind in kinds
            if kind is not None
        )
        self._add(taken, _close)
        self._add([*given, *more], _complete)

    def find(self, *types: Any) -> Schema:
        """The schema of one type, or of whichever of several comes."""
        found = [self._by_type[kind] for kind in types]
        return found[0] if len(found) == 1 else {"anyOf": found}

    def _add(self, types: Iterable[Any], finish: Callable[[Schema], Schema]) -> None:
        kinds = list(types)
        schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
        self._by_type.update(zip(kinds, schemas, strict=True))
        self.components.update({name: finish(schema) for name, schema in components.items()})


def _close(schema: Schema) -> Schema:
    """A body with a field that we do not know is refused."""
    return schema | {"additionalProperties": False} if "properties" in schema else schema


def _complete(schema: Schema) -> Schema:
    """An answer has all of its fields, those with a default too; only what has no default may be missing."""
    if "properties" not in schema:
        return schema
    properties = schema["properties"]
    required = [name for name in properties if name in schema["required"] or "default" in properties[name]]
    plain = {name: _without(field, "default") for name, field in properties.items()}
    return schema | {"properties": plain, "required": required}


def list_query_parameters(model: type[msgspec.Struct]) -> list[Schema]:
    """The fields of `model` as parameters."""
    _, components = msgspec.json.schema_components([model])
    properties = components[model.__name__]["properties"]
    required = components[model.__name__]["required"]
    return [_query_parameter(name, field, name in required) for name, field in properties.items()]


def _query_parameter(name: str, field: Schema, is_required: bool) -> Schema:
    """None is how we say that it was not sent; nobody can send it."""
    members = field.get("anyOf", [field])
    schema = next(member for member in members if member.get("type") != "null")
    parameter = {
        "name": name,
        "in": "query",
        "required": is_required,
        "schema": _without(schema, "description"),
    }
    return parameter | ({"description": schema["description"]} if "description" in schema else {})


def _without(schema: Schema, word: str) -> Schema:
    return {name: value for name, value in schema.items() if name != word}
