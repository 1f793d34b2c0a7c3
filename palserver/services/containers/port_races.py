"""Ports that were free when they were proposed, and that something else has when the server is to start."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from palserver.errors import PortInUse
from palserver.services.containers.ports import Taken, is_fixed, move_ports
from palserver.services.containers.specs import Spec

# Each time the engine is believed as to which one is taken; what it does not name moves along.
ATTEMPTS = 10


def move_refused(spec: Spec, proposed: Collection[str], refused: PortInUse, taken: Iterable[Taken]) -> Spec:
    """The spec with the next free port in the place of each that was refused.

    `proposed` are the ports of the container that nobody has chosen. Raises `refused` for any other.
    """
    hit = [
        port
        for port in spec.ports
        if port.container in proposed and is_fixed(port) and refused.port in (None, int(port.host_port))
    ]
    if not hit:
        raise refused
    moved = dict(zip(hit, move_ports(hit, taken), strict=True))
    return msgspec.structs.replace(spec, ports=tuple(moved.get(port, port) for port in spec.ports))
