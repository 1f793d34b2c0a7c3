"""What the WebSockets send: text frames, one JSON object each, told apart by `type`.

Those of `/api/events` are made by the services, from `services/live_messages.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from palserver.services import live_messages
from palserver.services.jobs.jobs import JobView


class Gap(msgspec.Struct, frozen=True, tag_field="type", tag="gap"):
    """So many lines or changes are missing here: the reader was too slow. Null when nobody knows."""

    lost: int | None


class OutputLines(msgspec.Struct, frozen=True, tag_field="type", tag="lines"):
    """The next lines of a job's output."""

    lines: list[str]


class JobEnded(msgspec.Struct, frozen=True, tag_field="type", tag="job"):
    """The last message: how the job ended."""

    job: JobView


# Further elements may follow, so a reader takes the first four.
LogLine = Annotated[
    list[Any],
    msgspec.Meta(
        min_length=4,
        extra_json_schema={
            "prefixItems": [
                {"type": "integer", "title": "seq"},
                {"type": "string", "title": "time"},
                {"enum": ["stdout", "stderr"], "title": "stream"},
                {"type": "string", "title": "text"},
            ]
        },
    ),
]


class LogLines(msgspec.Struct, frozen=True, tag_field="type", tag="lines"):
    """The next lines of a log, each `[seq, time, stream, text]`.

    Behind the text stands `true` where the panel caused the line itself by asking the game.
    """

    lines: list[LogLine]


class LogState(msgspec.Struct, frozen=True, tag_field="type", tag="state"):
    """The state of the container has changed; with `started_at`, a run of it begins here among the lines.

    With `finished_at` a run has ended here, and with that exit code where it is known. Who comes when it is
    over is told, too; so who comes again may be told the same once more.
    """

    state: str
    container: str | msgspec.UnsetType = msgspec.UNSET
    started_at: str | msgspec.UnsetType = msgspec.UNSET
    finished_at: str | msgspec.UnsetType = msgspec.UNSET
    exit_code: int | msgspec.UnsetType = msgspec.UNSET


OutputMessage = OutputLines | Gap | JobEnded
LogMessage = LogLines | Gap | LogState
EventMessage = live_messages.Message | Gap
