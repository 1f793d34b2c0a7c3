"""The routes of the application, for tests that hold all of them against something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule


def list_routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Each method of each rule, as `GET /api/…`."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}:
            yield f"{method} {rule.rule}", rule


def fill(rule: Rule) -> str:
    """The rule's address with a word for each of its parts."""
    return re.sub(r"<[^>]*>", "anything", rule.rule)
