"""Where a game's REST API may listen and which password it may take: pure reading of what is known."""

from __future__ import annotations

from collections.abc import Mapping

from palserver.clients.containers import Container, Port
from palserver.inifile import find_option, unquote
from palserver.store.instances import Instance

SETTINGS_PATH = "Config/LinuxServer/PalWorldSettings.ini"
REST_PORT = 8212
PORT_VARIABLES = ("REST_API_PORT", "RESTAPI_PORT")
LOOPBACK = "127.0.0.1"
_ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - read, not listened on
_LOOPBACKS = (LOOPBACK, "::1", "localhost")

Options = Mapping[str, str]


def list_base_urls(instance: Instance, container: Container, options: Options, engine_host: str) -> list[str]:
    """Where to try, best first; `engine_host` is where the engine's published ports are reached from here.

    An address set by hand is the only one: talking to another game than the one that somebody named would
    be worse than not talking at all. One port is tried for the same reason: on a shared network the next
    one may be another server's, and often with the same password.
    """
    if instance.rest_address:
        return [instance.rest_address]
    port = find_rest_port(container, options)
    published = [
        _url(host, binding.host_port)
        for binding in container.ports
        if binding.container == f"{port}/tcp" and (host := _reachable_host(binding, engine_host))
    ]
    shared = [_url(engine_host, port)] if container.is_on_host_network else []
    own = [_url(address, port) for address in container.addresses]
    return list(dict.fromkeys(published + shared + own))


def list_passwords(instance: Instance, container: Container, options: Options) -> list[str]:
    """Which passwords to try, best first; an empty one, so that the game can say no, where none is known.

    The file comes before the environment: it is what the game has read, and the environment may be of a
    time before the file was edited.
    """
    known = (
        instance.admin_password,
        unquote(find_option(options, "AdminPassword") or ""),
        container.environment.get("ADMIN_PASSWORD"),
    )
    return list(dict.fromkeys(password for password in known if password)) or [""]


def find_rest_port(container: Container, options: Options) -> int:
    """The port inside the container."""
    written = (
        find_option(options, "RESTAPIPort"),
        *(container.environment.get(variable) for variable in PORT_VARIABLES),
    )
    return next((int(text) for text in written if text and _is_port(text)), REST_PORT)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= 65535


def _reachable_host(binding: Port, engine_host: str) -> str | None:
    if binding.host_ip in _ANY_ADDRESS:
        return engine_host
    if binding.host_ip in _LOOPBACKS and engine_host not in _LOOPBACKS:
        return None  # the far host's own loopback, which from here would be ours
    return binding.host_ip


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
