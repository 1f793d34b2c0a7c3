"""The routes of the API, each with what was written beside its view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from palserver.web.contracts import Contract

PATH_PART = re.compile(r"<(?:\w+:)?(\w+)>")
NOT_API = "page."  # the page's files are not for programs


class Route(NamedTuple):
    method: str
    rule: Rule
    view: Callable[..., object]

    @property
    def path(self) -> str:
        return PATH_PART.sub(r"{\1}", self.rule.rule)

    @property
    def tag(self) -> str:
        return str(self.rule.endpoint).partition(".")[0]

    @property
    def parts(self) -> list[str]:
        """The names of what the path leaves open."""
        return PATH_PART.findall(self.rule.rule)

    @property
    def contract(self) -> Contract:
        return getattr(self.view, "contract", None) or Contract()

    @property
    def role(self) -> str | None:
        return getattr(self.view, "required_role", None)

    @property
    def takes_ticket(self) -> bool:
        return getattr(self.view, "takes_ticket", False)


def list_routes(app: Flask) -> Iterator[Route]:
    """In the order of their paths, which keeps those of one thing together."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.endpoint.startswith(NOT_API):
            for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
                yield Route(method, rule, app.view_functions[rule.endpoint])
