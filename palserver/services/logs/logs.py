"""The logs of all instances: who is read, by how many, and for how long after the last one left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import gevent
from gevent.event import Event
from gevent.lock import Semaphore

from palserver.background import Background
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.errors import ContainerMissing, EngineUnreachable
from palserver.fanout import Topic
from palserver.services.engine_watch import EngineWatch
from palserver.services.instances import Instances
from palserver.services.logs.feed import LogFeed
from palserver.services.logs.keeper import LogKeeper, LogShelf
from palserver.services.logs.known_runs import ENDED_STATES, KnownRuns, find_end
from palserver.services.logs.pages import LogPage, read_page
from palserver.services.logs.redaction import list_secrets, make_redactor
from palserver.services.logs.search import LogFilter
from palserver.services.logs.text import write_text
from palserver.store.log_ring import Message

GRACE_SECONDS = 30.0
# An engine that ends the stream of a running container at once must not spin us.
FOLLOW_AGAIN_SECONDS = 0.2


class _Followed:
    """A feed and what keeps it going."""

    def __init__(self, feed: LogFeed, keeper: LogKeeper) -> None:
        self.feed = feed
        self.keeper = keeper
        self.container_secrets: set[str] = set()
        self.secrets: set[str] = set()
        self.redact = make_redactor(())
        self.readers = 0
        self.is_forgotten = False
        self.follower: gevent.Greenlet | None = None
        self.state: str | None = None
        self.started_at: str | None = None
        self.changed = Event()
        self.opening = Semaphore()


class Logs:
    """One feed per instance, with a ring on the disk; its stream runs only while somebody reads."""

    def __init__(
        self,
        engine: Engine,
        watch: EngineWatch,
        background: Background,
        instances: Instances,
        shelf: LogShelf,
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._background = background
        self._instances = instances
        self._shelf = shelf
        self._followed: dict[str, _Followed] = {}
        self._runs = KnownRuns()
        self._grace_seconds = GRACE_SECONDS

    def start(self) -> None:
        self._shelf.start(self._background)
        self._background.supervise("log states", self._wake_followers)

    @contextmanager
    def open(self, instance: str) -> Iterator[LogFeed]:
        """The instance's feed, filled up to now and followed while this is open. Raises InstanceNotFound."""
        followed = self._get(instance)
        followed.readers += 1
        try:
            with followed.opening:  # all who come at once wait for one to fill it, and need not do so again
                self._fill(instance, followed)
                self._start_following(instance, followed)
            yield followed.feed
        finally:
            followed.readers -= 1
            if followed.readers == 0:
                self._background.spawn(f"log grace {instance}", self._stop_later, followed)

    def _start_following(self, instance: str, followed: _Followed) -> None:
        if followed.follower is None and not followed.is_forgotten:
            followed.follower = self._background.supervise(
                f"log {instance}", self._follow, instance, followed
            )
            gevent.sleep(0)  # it begins now: the next reader finds the log followed

    def search(self, instance: str, wanted: LogFilter) -> Iterator[bytes]:
        """What is kept and what the engine holds by now, as text, piece by piece. Raises InstanceNotFound."""
        followed = self._get(instance)
        self._fill(instance, followed)
        return write_text(followed.keeper, wanted, self._shelf.readers)

    def read_page(self, instance: str, wanted: LogFilter) -> LogPage:
        """A page of what is kept and what the engine holds by now. Raises InstanceNotFound."""
        followed = self._get(instance)
        self._fill(instance, followed)
        return read_page(followed.keeper, wanted, self._shelf.readers)

    def forget(self, instance: str) -> None:
        """Its log is kept no longer: a later instance of that name has one of its own.

        Who reads it now gets what is in memory, and nothing more.
        """
        followed = self._followed.pop(instance, None)
        if followed is None:
            self._shelf.open(instance).remove()
            return
        followed.is_forgotten = True
        self._stop_following(followed)
        followed.keeper.remove()

    def list_topics(self) -> dict[str, Topic[Message]]:
        """By instance; only those whose log somebody has looked at since the start."""
        return {name: followed.feed.topic for name, followed in self._followed.items()}

    def _get(self, instance: str) -> _Followed:
        followed = self._followed.get(instance)
        if followed is None:
            keeper = self._shelf.open(instance)
            followed = self._followed[instance] = _Followed(LogFeed(self._engine, keeper), keeper)
            followed.feed.redact = partial(self._redact, instance, followed)
        return followed

    def _fill(self, name: str, followed: _Followed) -> None:
        container = self._find_container(name, followed)
        # Removed a moment ago, or the engine is away: what was read before is shown, the rest follows.
        with suppress(ContainerMissing, EngineUnreachable):
            followed.feed.fill(container)

    def _find_container(self, name: str, followed: _Followed) -> Container | None:
        """The instance's container; its secrets are masked in what is read from it."""
        instance = self._instances.get(name)
        container = self._watch.find(instance.container)
        if container is not None:
            followed.container_secrets = list_secrets(container)
            followed.feed.known_runs = self._runs.note(container)
        return container

    def _redact(self, name: str, followed: _Followed, text: str) -> str:
        """With the secrets of this moment: a password may become known while the log is being read."""
        instance = self._instances.find(name)
        if instance is not None:  # else it has just been deleted, and what was known of it still holds
            secrets = self._instances.list_secrets(instance) | followed.container_secrets
            if secrets != followed.secrets:
                followed.secrets, followed.redact = secrets, make_redactor(secrets)
        return followed.redact(text)

    def _stop_later(self, followed: _Followed) -> None:
        gevent.sleep(self._grace_seconds)
        if followed.readers == 0:
            self._stop_following(followed)

    def _stop_following(self, followed: _Followed) -> None:
        follower, followed.follower = followed.follower, None
        if follower is not None:
            follower.kill()

    def _follow(self, instance: str, followed: _Followed) -> None:
        """Follow run after run of the container; between them wait to be told that something changed."""
        while True:
            followed.changed.clear()
            container = self._find_container(instance, followed)
            self._announce(followed, container)
            if container is None or not container.is_up:
                followed.changed.wait()
                continue
            followed.feed.follow(container)
            self._watch.look(container.name)
            gevent.sleep(FOLLOW_AGAIN_SECONDS)

    def _announce(self, followed: _Followed, container: Container | None) -> None:
        if not self._watch.is_reachable:
            return  # nothing is known, so nothing is said
        state = container.state if container else "missing"
        started_at = container.started_at if container else None
        last_end = find_end(container) if container else None
        end = last_end if container and container.state in ENDED_STATES else None
        if followed.state == state == "running" and followed.started_at != started_at:
            followed.feed.announce_state("exited", last_end)  # it was over before anybody could look
            followed.feed.announce_state(state)
        elif followed.state not in (None, state):
            followed.feed.announce_state(state, end)
        followed.feed.set_end(state, end)
        followed.state, followed.started_at = state, started_at

    def _wake_followers(self) -> None:
        """A change of any container wakes every waiting follower; each looks for itself.

        When it was started is noted also where nobody reads its log: the engine forgets it at the next start.
        """
        changes = self._watch.changes.subscribe()
        try:
            while True:
                taken = changes.take()
                for name in set(taken.items) if taken else ():
                    container = self._watch.find(name)
                    if container is not None:
                        self._runs.note(container)
                for followed in self._followed.values():
                    followed.changed.set()
        finally:
            changes.close()
