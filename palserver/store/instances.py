"""The table `instances`: what we know of a server even when its container is gone."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Instance:
    """A row. `spec` is JSON; `held_restart_policy` is set only while a stop holds the policy at `no`."""

    name: str
    container: str
    source: str
    saved_path: str
    spec: str
    rest_address: str | None
    admin_password: str | None
    held_restart_policy: str | None
    created_at: str


def list_instances(conn: sqlite3.Connection) -> list[Instance]:
    rows = conn.execute(
        """
        SELECT name, container, source, saved_path, spec, rest_address, admin_password,
               held_restart_policy, created_at
        FROM instances
        ORDER BY name
        """
    )
    return [Instance(*row) for row in rows]


def find_instance(conn: sqlite3.Connection, name: str) -> Instance | None:
    row = conn.execute(
        """
        SELECT name, container, source, saved_path, spec, rest_address, admin_password,
               held_restart_policy, created_at
        FROM instances
        WHERE name = ?
        """,
        (name,),
    ).fetchone()
    return Instance(*row) if row else None


def add_instance(conn: sqlite3.Connection, instance: Instance) -> None:
    """Raises sqlite3.IntegrityError when the name or the container is taken."""
    conn.execute(
        """
        INSERT INTO instances (name, container, source, saved_path, spec, rest_address, admin_password,
                               held_restart_policy, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            instance.name,
            instance.container,
            instance.source,
            instance.saved_path,
            instance.spec,
            instance.rest_address,
            instance.admin_password,
            instance.held_restart_policy,
            instance.created_at,
        ),
    )


def set_container(conn: sqlite3.Connection, name: str, container: str, saved_path: str) -> None:
    """Raises sqlite3.IntegrityError when another instance has the container."""
    conn.execute(
        "UPDATE instances SET container = ?, saved_path = ? WHERE name = ?", (container, saved_path, name)
    )


def set_spec(conn: sqlite3.Connection, name: str, spec: str) -> None:
    conn.execute("UPDATE instances SET spec = ? WHERE name = ?", (spec, name))


def set_rest_access(
    conn: sqlite3.Connection, name: str, rest_address: str | None, admin_password: str | None
) -> None:
    conn.execute(
        "UPDATE instances SET rest_address = ?, admin_password = ? WHERE name = ?",
        (rest_address, admin_password, name),
    )


def set_held_restart_policy(conn: sqlite3.Connection, name: str, policy: str | None) -> None:
    conn.execute("UPDATE instances SET held_restart_policy = ? WHERE name = ?", (policy, name))


def remove_instance(conn: sqlite3.Connection, name: str) -> None:
    conn.execute("DELETE FROM instances WHERE name = ?", (name,))
