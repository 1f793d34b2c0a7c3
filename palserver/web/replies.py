"""Answers: msgspec structs and plain values as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response

encode = msgspec.json.Encoder().encode


def reply(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, mimetype="application/json")


def no_content() -> Response:
    return Response(status=204)
