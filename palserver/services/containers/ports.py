"""The host's ports: which are taken and by whom, and which are free for one more server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from palserver.clients.engine import Engine
from palserver.errors import ContainerMissing, PortInUse
from palserver.services.containers.attachments import PortBinding, read_ports
from palserver.services.containers.listeners import list_listeners
from palserver.services.containers.specs import Spec
from palserver.store import instances as store
from palserver.store.database import Database

LOOPBACK = "127.0.0.1"
ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - read, not listened on
GAME, QUERY, REST, RCON = "game_port", "query_port", "rest_port", "rcon_port"
# Where each is inside of the container, whatever the image.
INSIDE = {GAME: "8211/udp", QUERY: "27015/udp", REST: "8212/tcp", RCON: "25575/tcp"}
# Nobody but this host itself may talk to the game's administration.
PRIVATE = frozenset({REST, RCON})
# The n-th server's ports are easy to tell by each other.
STEPS = {INSIDE[GAME]: 10, INSIDE[REST]: 10}
TOP = 65535


@dataclass(frozen=True)
class Taken:
    """`by` is a container or a server; None for something else on the host."""

    protocol: str
    host_ip: str
    port: int
    by: str | None


@dataclass(frozen=True)
class Ports:
    """All raise EngineUnreachable."""

    engine: Engine
    database: Database

    def check(self, wanted: Mapping[str, int], taken: Iterable[Taken]) -> None:
        """Raises PortInUse with the field of each port that is, or that another field wants, too."""
        listed = list(taken)
        problems = {}
        for field, port in wanted.items():
            mine = _take(write_binding(field, port))
            other = next((each for each in listed if _collides(each, mine)), None)
            if other is not None:
                problems[field] = f"{port} is taken by {other.by or 'something else on this host'}"
            listed.append(Taken(mine.protocol, "", port, field))
        if problems:
            raise PortInUse(fields=problems)

    def propose(self, fields: Iterable[str], taken: Iterable[Taken]) -> dict[str, int]:
        """A free port for each, the first one from where the game's own are."""
        own = {field: write_binding(field, int(INSIDE[field].partition("/")[0])) for field in fields}
        found = move_ports(own.values(), taken)
        return {field: int(port.host_port) for field, port in zip(own, found, strict=True)}

    def list_taken(self, except_container: str | None = None) -> list[Taken]:
        """By containers, running or not, by servers whose containers are missing, and by the host itself.

        What the container itself holds is not taken from it.
        """
        names, bindings = self._list_bound()
        rows = store.list_instances(self.database.reader)
        missing = {row.container: _spec(row.spec).ports for row in rows if row.container not in names}
        bound = {**bindings, **missing}
        own = set(_read(bound.pop(except_container or "", ()), None))
        found = [each for name, ports in bound.items() for each in _read(ports, name)]
        return [*found, *self._list_listening({(each.protocol, each.port) for each in own})]

    def _list_bound(self) -> tuple[set[str], dict[str, tuple[PortBinding, ...]]]:
        """The containers there are, and what each publishes, or will when it is started."""
        names, bindings = set(), {}
        for listed in self.engine.list_containers():
            name = listed["Names"][0].lstrip("/")
            names.add(name)
            try:
                bindings[name] = read_ports(self.engine.inspect(listed["Id"]))
            except ContainerMissing:  # gone meanwhile
                continue
        return names, bindings

    def _list_listening(self, own: set[tuple[str, int]]) -> Iterator[Taken]:
        """What a far-away engine's host listens on is not known here: it will refuse by itself."""
        if self.engine.address.host not in (None, "", LOOPBACK, "localhost"):
            return
        for protocol, address, port in list_listeners():
            if (protocol, port) not in own:
                yield Taken(protocol, address, port, None)


def write_binding(field: str, port: int) -> PortBinding:
    return PortBinding(INSIDE[field], LOOPBACK if field in PRIVATE else "", str(port))


def replace_ports(spec: Spec, wanted: Mapping[str, int]) -> Spec:
    """The spec with these published so, and all others as they were."""
    inside = {INSIDE[field] for field in wanted}
    kept = [port for port in spec.ports if port.container not in inside]
    added = [write_binding(field, port) for field, port in wanted.items()]
    return msgspec.structs.replace(spec, ports=tuple(sorted([*kept, *added], key=_order)))


def move_ports(ports: Iterable[PortBinding], taken: Iterable[Taken]) -> tuple[PortBinding, ...]:
    """The same ports of the container on free ones of the host: each on the first from its own on.

    Raises PortInUse where there is none.
    """
    listed, moved = list(taken), []
    for port in ports:
        choices = range(int(port.host_port), TOP + 1, STEPS.get(port.container, 1))
        places = (msgspec.structs.replace(port, host_port=str(choice)) for choice in choices)
        free = (place for place in places if not any(_collides(each, _take(place)) for each in listed))
        found = next(free, None)
        if found is None:
            raise PortInUse(port=int(port.host_port))
        moved.append(found)
        listed.append(Taken(_take(found).protocol, "", int(found.host_port), None))
    return tuple(moved)


def find_port(spec: Spec, field: str) -> int | None:
    """Where the host publishes it; None if it does not, or on a port of the engine's choice."""
    found = (port for port in spec.ports if port.container == INSIDE[field] and is_fixed(port))
    return next((int(port.host_port) for port in found), None)


def is_fixed(port: PortBinding) -> bool:
    """Whether it is one number, and neither a range nor the engine's choice."""
    return port.host_port.isdigit() and int(port.host_port) > 0


def _order(port: PortBinding) -> tuple[str, str, str]:
    return port.container, port.host_ip, port.host_port


def _spec(text: str) -> Spec:
    return msgspec.json.decode(text, type=Spec)


def _read(bindings: Iterable[PortBinding], name: str | None) -> Iterator[Taken]:
    """A range is taken whole; a port of the engine's choice is among what listens."""
    for binding in bindings:
        first, _, last = binding.host_port.partition("-")
        if first.isdigit() and (last or first).isdigit():
            protocol = binding.container.partition("/")[2] or "tcp"
            for port in range(int(first), int(last or first) + 1):
                yield Taken(protocol, binding.host_ip, port, name)


def _take(port: PortBinding) -> Taken:
    """What a fixed one takes of the host."""
    protocol = port.container.partition("/")[2] or "tcp"
    return Taken(protocol, port.host_ip, int(port.host_port), None)


def _collides(one: Taken, other: Taken) -> bool:
    if (one.protocol, one.port) != (other.protocol, other.port):
        return False
    return one.host_ip == other.host_ip or not {one.host_ip, other.host_ip}.isdisjoint(ANY_ADDRESS)
