"""A compose file, read as compose does: YAML, `.env` beside it, the names that it gives to things.

Of the environment nothing is taken: the panel's own variables are not for the operator's containers.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from palserver.services.compose.values import read_flag, read_map, read_text
from palserver.services.compose.variables import ComposeFault, fill_in_all, read_variables
from palserver.services.compose.variables import read_text as read_file
from palserver.services.containers.attachments import Json

PREFIX = "docker-compose-"
# The older compose compares it with 1.21, and fails where there is none.
VERSION_LABEL = {"com.docker.compose.version": "2.0.0"}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it comes without types
    """Texts stay texts: to YAML 1.1 the port 22:22 is a number to the base of sixty, and `no` is false."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in the base

    def construct_scalar(self, node: yaml.Node) -> str:
        """Of two halves of a character, as JSON writes it, one is made; a half alone raises ValueError."""
        text: str = super().construct_scalar(node)
        return text.encode("utf-16", "surrogatepass").decode("utf-16")


for _tag, _pattern, _first in (
    ("null", r"(?:~|(?i:null)|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(?i:true|false)\Z", list("tTfF")),
    ("merge", r"<<\Z", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


@dataclass(frozen=True)
class Project:
    """`variables` are those of `.env`; `digest` is of the file and of `.env` together."""

    path: Path
    name: str
    services: dict[str, Json]
    networks: dict[str, Json]
    volumes: dict[str, Json]
    variables: dict[str, str]
    digest: str

    def find_service(self, instance: str) -> tuple[str, Json]:
        """The one there is, or the one that bears the instance's name. Raises ComposeFault."""
        found = list(self.services.items())
        if len(found) > 1:
            found = [(name, each) for name, each in found if instance in (name, each.get("container_name"))]
        if len(found) != 1:
            raise ComposeFault(f"It does not have one service, nor one that is called {instance}.")
        return found[0]

    def name_network(self, key: str) -> str:
        return self._name(key, self.networks)

    def name_volume(self, key: str) -> str:
        return self._name(key, self.volumes)

    def is_external(self, definition: Json) -> bool:
        external = definition.get("external")
        return isinstance(external, dict) or read_flag("external", external)

    def _name(self, key: str, definitions: dict[str, Json]) -> str:
        definition = definitions.get(key, {})
        external = definition.get("external")
        name = definition.get("name") or (external.get("name") if isinstance(external, dict) else None)
        if name is not None:
            return read_text("name", name)
        return key if self.is_external(definition) else f"{self.name}_{key}"


def read_project(path: Path) -> Project:
    """Raises ComposeFault."""
    text = read_file(path)
    environment = path.with_name(".env")
    variables = read_variables(environment, {}) if environment.is_file() else {}
    content = _read_content(text, variables)
    services = {name: read_map(name, each) for name, each in _section(content, "services").items()}
    if not services:
        raise ComposeFault("It has no services.")
    return Project(
        path=path,
        name=_name_project(content, variables, path),
        services=services,
        networks={name: read_map(name, each) for name, each in _section(content, "networks").items()},
        volumes={name: read_map(name, each) for name, each in _section(content, "volumes").items()},
        variables=variables,
        digest=hashlib.sha256(f"{text}\0{sorted(variables.items())}".encode()).hexdigest(),
    )


def _read_content(text: str, variables: dict[str, str]) -> dict[str, Any]:
    try:
        return read_map("the file", fill_in_all(_load(text), variables))
    except RecursionError as error:  # nested too deeply, or a part of itself
        raise ComposeFault("It is not valid YAML.") from error


def _load(text: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise ComposeFault(f"It is not valid YAML{where}.") from error
    except (ValueError, LookupError, ArithmeticError, AttributeError) as error:
        raise ComposeFault("It is not valid YAML.") from error  # such as `!!timestamp soon`
    return read_map("the file", content)


def _section(content: dict[str, Any], name: str) -> dict[str, Any]:
    return read_map(name, content.get(name))


def _name_project(content: dict[str, Any], variables: dict[str, str], path: Path) -> str:
    """As compose names it, so that it knows the containers again that were made here."""
    name = content.get("name") or variables.get("COMPOSE_PROJECT_NAME") or path.absolute().parent.name
    plain = re.sub(r"[^a-z0-9_-]", "", read_text("name", name).lower()).lstrip("_-")
    return plain or "default"
