"""Ask a Docker Engine whether it is there. Exit 0: it answers; 1: it does not, and the reason is printed.

Standard library only, and no docker command: this runs before anything is installed.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5
DEFAULT_HOST = "unix:///var/run/docker.sock"


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection through a socket file."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self.path)


def open_connection(docker_host: str) -> http.client.HTTPConnection:
    """Return an unopened connection to what DOCKER_HOST names; ValueError where we can't speak to it."""
    address = urlsplit(docker_host)
    if address.scheme == "unix":
        return UnixConnection(address.path)
    if address.scheme not in ("tcp", "http", "https") or address.hostname is None:
        raise ValueError(f"DOCKER_HOST must begin with unix:// or tcp://, not {docker_host!r}")
    if not os.environ.get("DOCKER_TLS_VERIFY"):
        return http.client.HTTPConnection(address.hostname, address.port or 2375, timeout=TIMEOUT_SECONDS)
    folder = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    port = address.port or 2376
    return http.client.HTTPSConnection(address.hostname, port, timeout=TIMEOUT_SECONDS, context=context)


def ping(docker_host: str) -> None:
    """Raise OSError, ValueError or HTTPException unless an engine answers there."""
    connection = open_connection(docker_host)
    try:
        connection.request("GET", "/_ping")
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != http.client.OK:
        raise ValueError(f"it answered {status}")


if __name__ == "__main__":
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    try:
        ping(host)
    except (OSError, ValueError, http.client.HTTPException) as error:
        sys.exit(f"no Docker Engine at {host}: {error}")
