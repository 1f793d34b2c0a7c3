"""The topics of the logs, for whoever counts what passes through them."""

from __future__ import annotations

from typing import Any

from palserver.fanout import Topic
from palserver.services.logs import Logs


def list_log_topics(logs: Logs) -> dict[str, Topic[Any]]:
    """By instance; only those whose log somebody has looked at since the start."""
    return {name: followed.feed.topic for name, followed in logs._followed.items()}
