"""Which backups of one instance may go: decided from what is known of them, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from palserver.clock import parse_time
from palserver.store.backups import Manifest

# What retention may remove at all: what the panel made by itself. A person's backups are that person's.
THINNED_KINDS = ("scheduled", "pre_update", "pre_restore")


@dataclass(frozen=True)
class Limits:
    """`hourly` is in how many of the newest hours that have one the newest is kept; so the days and weeks.

    `count` and `size_bytes` are of everything that retention may remove, and come last.
    """

    hourly: int = 24
    daily: int = 7
    weekly: int = 4
    before_changes: int = 3
    count: int = 60
    size_bytes: int = 50 * 1024**3


USUAL = Limits()


def choose_removals(
    manifests: Iterable[Manifest],
    limits: Limits = USUAL,
    now: datetime | None = None,
    needed: frozenset[str] = frozenset(),
) -> list[Manifest]:
    """Those to remove, the oldest first.

    Never among them: what is pinned, what a person or an operator's own script made, the newest one, the
    newest one that was read back without a fault, and the ids in `needed`. What is of a time after `now` was
    made before the clock was put right: it counts as the oldest, or nothing that is made from then on would
    ever be kept.
    """

    def rank(manifest: Manifest) -> tuple[bool, str]:
        return now is None or parse_time(manifest.created_at) <= now, manifest.id

    newest_first = sorted(manifests, key=rank, reverse=True)
    proven = (manifest for manifest in newest_first if manifest.verified_at is not None)
    spared = {*needed, *(manifest.id for manifest in (*newest_first[:1], *islice(proven, 1)))}
    thinned = [each for each in newest_first if each.kind in THINNED_KINDS and not each.pinned]
    wanted = spared | _list_wanted(thinned, limits)
    left = [manifest for manifest in thinned if manifest.id in wanted]
    while _is_too_much(left, limits) and (oldest := _find_oldest(left, spared)):
        left.remove(oldest)
    kept = {manifest.id for manifest in left}
    return [manifest for manifest in reversed(thinned) if manifest.id not in kept]


def _is_too_much(manifests: list[Manifest], limits: Limits) -> bool:
    size_bytes = sum(manifest.size_bytes for manifest in manifests)
    return len(manifests) > limits.count or size_bytes > limits.size_bytes


def _find_oldest(newest_first: list[Manifest], spared: set[str]) -> Manifest | None:
    return next((each for each in reversed(newest_first) if each.id not in spared), None)


def _list_wanted(newest_first: list[Manifest], limits: Limits) -> set[str]:
    """What a tier asks for."""
    scheduled = [manifest for manifest in newest_first if manifest.kind == "scheduled"]
    wanted = {
        *_newest_of_each(scheduled, lambda moment: f"{moment:%Y-%m-%d %H}", limits.hourly),
        *_newest_of_each(scheduled, lambda moment: f"{moment:%Y-%m-%d}", limits.daily),
        *_newest_of_each(scheduled, lambda moment: f"{moment:%G-%V}", limits.weekly),
    }
    for kind in ("pre_update", "pre_restore"):
        of_kind = [manifest.id for manifest in newest_first if manifest.kind == kind]
        wanted.update(of_kind[: limits.before_changes])
    return wanted


def _newest_of_each(newest_first: list[Manifest], span: Callable[[datetime], str], count: int) -> list[str]:
    """The newest of each hour, day or week of UTC that has one, for the newest `count` of these."""
    newest: dict[str, str] = {}
    for manifest in newest_first:
        newest.setdefault(span(parse_time(manifest.created_at)), manifest.id)
    return [*newest.values()][:count]
