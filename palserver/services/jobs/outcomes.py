"""What an interrupted job turned out to have done: a sentence for its output, a key for other languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SENTENCES = {
    "world_new": "The restored world is in its place.",
    "world_old": "The old world is in its place, as it was.",
    "world_untouched": "No world had been touched.",
    "update_made": "The update was made: the server is of {image}.",
    "update_not_made": "The update was not made: the server is of {image}.",
    "creation_made": "{name} had been made.",
    "creation_not_made": "{name} had not been made. Nothing of it is left.",
    "deleted": "The server was deleted, as it was meant to be.",
    "started_again": "The server was started again.",
    "stopped_as_before": "The server is stopped, as it was.",
    "stopped_as_meant": "The server was stopped, as it was meant to be.",
    "stopped": "The server is stopped.",
    "runs_on": "The server runs on.",
    "container_gone": "The container of this server is gone.",
}


@dataclass(frozen=True)
class Outcome:
    """`values` take the place of the names in its sentence."""

    key: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return SENTENCES[self.key].format(**self.values)


def tell(outcomes: Iterable[Outcome]) -> str:
    return " ".join(outcome.sentence for outcome in outcomes)
