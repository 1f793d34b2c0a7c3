"""The floors of the house: imports go right and down, and never up."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "palserver"

GROUND = {
    "errors",
    "names",
    "inifile",
    "fanout",
    "background",
    "clock",
    "threads",
    "turns",
    "version",
    "config",
}
# Which floors each floor may import from; the ground is open to all.
FLOORS = {
    "web": {"web", "services", "store", "clients"},
    "services": {"services", "store", "clients"},
    "store": {"store"},
    "clients": {"clients"},
    # Bundled scripts are programs of their own, beside the process.
    "scripts": {"scripts", "services", "store", "clients"},
    "ground": set(),
}
# What only one floor may know of the outside world.
ONLY = {
    "flask": {"web", "root"},
    "flask_jwt_extended": {"web"},
    "flask_sock": {"web"},
    "docker": {"clients"},
    "prometheus_client": {"web"},
    "requests": {"clients"},
    "sqlite3": {"store", "services", "web", "root"},
    "subprocess": {"clients"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def find_floor(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    if len(parts) > 1:
        return parts[0]
    return "root" if path.name == "__init__.py" else "ground"


def list_imports(path: Path) -> set[str]:
    """Every imported module's full name; `from a import b` counts as a.b too, for b may be a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_imports_only_go_down(path):
    """A module imports from its own floor, those below, and the ground."""
    floor = find_floor(path)
    if floor == "root":
        return  # the factory is the one place in the package that sees everything
    for name in list_imports(path):
        parts = name.split(".")
        if parts[0] == "palserver" and len(parts) > 1 and (PACKAGE / parts[1]).is_dir():
            assert parts[1] in FLOORS[floor], f"{floor} must not import {name}"
        elif parts[0] == "palserver" and len(parts) > 1:
            assert parts[1] in GROUND, f"{name} is not a ground module"
        assert parts[0] not in ("app", "tests", "demo"), f"{path} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_foreign_libraries_stay_on_their_floor(path):
    """Flask ends at the web floor; the engine's and the game's libraries begin at the clients."""
    for name in list_imports(path):
        floors = ONLY.get(name.split(".")[0])
        assert floors is None or find_floor(path) in floors, f"{path} imports {name}"


def test_only_the_process_patches():
    """gevent's monkey patch is the first statement of app.py, and of nothing else that ships."""
    first = ast.parse((PROJECT / "app.py").read_text(encoding="utf-8")).body[1:3]
    assert [ast.unparse(node) for node in first] == ["from gevent import monkey", "monkey.patch_all()"]
    for path in [*MODULES, PROJECT / "migrations.py"]:
        assert "gevent.monkey" not in list_imports(path), path


def test_only_background_spawns():
    """A greenlet has a name, an owner and an exception link, which only background.py gives it."""
    for path in MODULES:
        source = path.read_text(encoding="utf-8")
        if path.name != "background.py":
            assert "gevent.spawn" not in source, path
            assert "Greenlet(" not in source, path


def test_no_folder_is_a_drawer():
    """No folder is called utils, core, common or helpers."""
    for path in PROJECT.rglob("*"):
        if path.is_dir() and ".venv" not in path.parts and "node_modules" not in path.parts:
            assert path.name not in ("utils", "core", "common", "helpers"), path
