"""A reader of `/api/events` who is too slow: the real application on a real port, told of too much."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import gevent
import pytest
import requests
from websockets.sync.client import ClientConnection, connect

from migrations import migrate
from palserver import create_app
from palserver.background import Background
from palserver.config import read_config
from palserver.services.accounts.users_file import prepare_accounts
from palserver.services.composition import Services
from palserver.store.database import Database
from palserver.web.http_server import HttpServer, open_listener
from tests.accounts_server import CHEAP
from tests.panel import PASSWORD, receive

RECEIVE_BUFFER_BYTES = 4096


class Served(NamedTuple):
    """The application with nothing started that would tell of anything by itself."""

    services: Services
    address: tuple[str, int]
    token: str


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    config = read_config({"PALSERVER_BASE_DIR": str(tmp_path)})
    config.db_path.parent.mkdir(parents=True)
    database, background = Database(config.db_path, migrate), Background()
    prepare_accounts(database, tmp_path, config.db_path, PASSWORD, CHEAP)
    services = Services(config, database, background)
    server = HttpServer(open_listener("127.0.0.1", 0), create_app(config, services))
    server.start()
    host, port = server.address[:2]
    body = {"username": "admin", "password": PASSWORD}
    answer = requests.post(f"http://{host}:{port}/api/auth/login", json=body, timeout=60)
    yield Served(services, (host, port), answer.json()["access_token"])
    server.stop(timeout=1)
    background.stop()
    services.stop()
    database.close()


@contextmanager
def listening_slowly(served: Served) -> Iterator[ClientConnection]:
    """Takes a message only when it is asked for one, and has next to no room for others."""
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        plain.connect(served.address)
        headers = {"Authorization": f"Bearer {served.token}"}
        address = "ws://{}:{}/api/events".format(*served.address)
        with connect(address, sock=plain, additional_headers=headers, max_queue=1, proxy=None) as reader:
            assert receive(reader)["type"] == "snapshot"
            yield reader


def tell_until_something_is_lost(services: Services) -> int:
    """Returns how many changes were told."""
    told = 0
    while services.live.topic.lost_lines < 100:
        services.live.tell_removed(f"pal{told}")
        told += 1
        if told % 100 == 0:
            gevent.sleep(0)  # what leaves for the reader leaves
    return told


def take_up_to(reader: ClientConnection, name: str) -> list[Any]:
    messages = [receive(reader)]
    while messages[-1].get("name") != name:
        messages.append(receive(reader))
    return messages


def test_a_slow_reader_is_told_how_much_it_missed(served):
    """What came and what was told lost are all that was told, in order; from then on it misses nothing."""
    with listening_slowly(served) as reader:
        told = tell_until_something_is_lost(served.services)
        messages = take_up_to(reader, f"pal{told - 1}")
        number = 0
        for message in messages:
            if message["type"] == "gap":
                number += message["lost"]
            else:
                assert message == {"type": "instance_removed", "name": f"pal{number}"}
                number += 1
        assert number == told
        assert [message["type"] for message in messages].count("gap") == 1
        served.services.live.tell_removed("last")
        assert receive(reader)["name"] == "last"


def test_a_slow_reader_is_told_also_what_nobody_can_count(served):
    """Where the number is unknown it says so, and nothing that could be taken for one."""
    with listening_slowly(served) as reader:
        tell_until_something_is_lost(served.services)
        topic = served.services.live.topic
        topic.publish(b"{}", lines=None)
        before = topic.lost_lines
        while topic.lost_lines < before + 4000:
            served.services.live.tell_removed("more")
        served.services.live.tell_removed("last")
        gaps = [message for message in take_up_to(reader, "last") if message["type"] == "gap"]
        assert gaps == [{"type": "gap", "lost": None}]
