"""Reading what a request brings: JSON bodies and query strings, checked against msgspec structs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from flask import request

from palserver.errors import Invalid, UnsupportedMediaType

Model = TypeVar("Model", bound=msgspec.Struct)


def read_body(model: type[Model]) -> Model:
    """The JSON body as `model`. A body may be missing where every field is optional.

    Raises Invalid with every wrong field by name, UnsupportedMediaType, or TooLarge (by Flask's limit).
    """
    body = request.get_data(cache=False)
    if not body:
        return check(model, {})
    if request.mimetype != "application/json":
        raise UnsupportedMediaType()
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("The body is not valid JSON.") from error
    if not isinstance(values, dict):
        raise Invalid("The body must be a JSON object.")
    return check(model, values)


def read_query(model: type[Model]) -> Model:
    """The query string as `model`; numbers are read from their text, unknown names are ignored."""
    known = {field.encode_name for field in msgspec.structs.fields(model)}
    values = {name: value for name, value in request.args.items() if name in known}
    return check(model, values, from_text=True)


def check(model: type[Model], values: Mapping[str, Any], from_text: bool = False) -> Model:
    """Convert field by field, so that all problems are told at once and not only the first."""
    problems: dict[str, str] = {}
    accepted: dict[str, Any] = {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(model)}
    for name in values.keys() - fields.keys():
        problems[str(name)] = "is not known"
    for name, field in fields.items():
        if name in values:
            try:
                accepted[field.name] = msgspec.convert(values[name], field.type, strict=not from_text)
            except msgspec.ValidationError as error:
                problems[name] = str(error)
        elif field.required:
            problems[name] = "is missing"
    if problems:
        raise Invalid(fields=problems)
    return model(**accepted)
