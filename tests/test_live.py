"""What is told of changes, and how often: the real services, which have nothing else to tell of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import gevent
import msgspec
import pytest

from migrations import migrate
from palserver.background import Background
from palserver.config import read_config
from palserver.fanout import Subscription
from palserver.services.composition import Services
from palserver.services.games.rosters import Move, PlayerEvent
from palserver.services.jobs.job import Job, make_unseen
from palserver.services.live import FLUSH_SECONDS
from palserver.store import instances as store
from palserver.store.database import Database
from tests.pretend_rows import make_instance
from tests.test_game_rosters import make_player

NAMES = ("pal", "other")


@pytest.fixture
def services(tmp_path) -> Iterator[Services]:
    """Two instances, and nothing started but what tells of them."""
    config = read_config({"PALSERVER_BASE_DIR": str(tmp_path)})
    config.db_path.parent.mkdir(parents=True)
    database, background = Database(config.db_path, migrate), Background()
    services = Services(config, database, background)
    for name in NAMES:
        database.write(store.add_instance, make_instance(f"{name}-container", name=name))
    services.live.start(background)
    gevent.sleep(0)  # each relay listens
    yield services
    background.stop()
    services.stop()
    database.close()


def listen(services: Services) -> Subscription[Any]:
    return services.live.topic.subscribe()


def hear(reader: Subscription[Any], kind: str, wanted: int) -> list[list[Any]]:
    """Messages of that kind, those that came at once together; until there were as many as wanted."""
    heard: list[list[Any]] = []
    while sum(map(len, heard)) < wanted:
        taken = reader.take()
        assert taken is not None and taken.lost == 0
        messages = [msgspec.json.decode(message) for message in taken.items]
        heard.append([message for message in messages if message["type"] == kind])
    return heard


def start_job(services: Services, name: str = NAMES[0]) -> Job:
    job = make_unseen("backup", name)
    services.jobs.changes.publish(job.view)
    return job


def move(services: Services, event: Move, who: str, name: str = NAMES[0]) -> None:
    services.games.player_events.publish(PlayerEvent(name, event, make_player(who)))


def test_four_a_second_of_each_instance_and_kind_whatever_changes(services):
    """Its container, its game and its job change all the time; its own object is told for all of them."""
    reader = listen(services)
    job = make_unseen("backup", NAMES[0])
    began = time.monotonic()
    while time.monotonic() - began < 3:
        for change in (
            lambda: services.watch.changes.publish(f"{NAMES[0]}-container"),
            lambda: services.games.changes.publish(NAMES[0]),
            lambda: services.jobs.changes.publish(job.view),
        ):
            change()
            gevent.sleep(0.03)
    taken = reader.take()
    flushes = (time.monotonic() - began) / FLUSH_SECONDS
    assert taken is not None
    kinds = Counter(msgspec.json.decode(message)["type"] for message in taken.items)
    assert kinds.keys() == {"instance", "job"}
    for count in kinds.values():
        assert 1 < count <= flushes + 1


@pytest.mark.parametrize("kind", ["container", "game", "job"])
def test_a_lone_change_is_told_whatever_it_is_of(services, kind):
    """One message of that instance, and none of the other."""
    reader = listen(services)
    if kind == "container":
        services.watch.changes.publish(f"{NAMES[0]}-container")
    elif kind == "game":
        services.games.changes.publish(NAMES[0])
    else:
        start_job(services)
    ((told,),) = hear(reader, "instance", 1)
    assert told["instance"]["name"] == NAMES[0]


def test_whoever_came_or_went_is_told_one_after_the_other(services):
    """Many at once of one instance: all of them, in order, one at a time; another instance's beside them."""
    reader = listen(services)
    moves: list[tuple[Move, str]] = [("joined", "ann"), ("joined", "ben"), ("left", "ann"), ("joined", "ann")]
    for event, who in moves:
        move(services, event, who)
    move(services, "joined", "cat", NAMES[1])
    heard = hear(reader, "player", 5)
    told = [message for together in heard for message in together]
    mine = [(each["event"], each["player"]["name"]) for each in told if each["instance"] == NAMES[0]]
    assert mine == moves
    assert [len(together) for together in heard] == [2, 1, 1, 1]
    assert {each["instance"] for each in heard[0]} == set(NAMES)


def test_the_end_of_a_job_is_told_before_the_next_one(services):
    """Both within a moment: of the first its newest state, of the second in its turn."""
    reader = listen(services)
    first = start_job(services)
    first.end("succeeded", None, None)
    first.announce_end()
    services.jobs.changes.publish(first.view)
    second = start_job(services)
    heard = [[message["job"] for message in together] for together in hear(reader, "job", 2)]
    told = [together for together in heard if together]
    assert [[(job["id"], job["state"]) for job in together] for together in told] == [
        [(first.id, "succeeded")],
        [(second.id, "queued")],
    ]
