"""Which backups may go: what holds for any set of them, and for sets that people have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palserver.clock import format_time
from palserver.services.backups.retention import THINNED_KINDS, Limits, choose_removals
from palserver.store.backups import KINDS, Manifest

NOON = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)  # a Wednesday
PLENTY = Limits(count=10**6, size_bytes=10**18)


def make_manifest(
    moment: datetime,
    kind: str = "scheduled",
    size_bytes: int = 1,
    *,
    is_pinned: bool = False,
    is_verified: bool = True,
) -> Manifest:
    backup_id = f"{moment:%Y%m%d-%H%M%S}"
    return Manifest(
        id=backup_id,
        instance="alpha",
        archive=f"{backup_id}.tar.gz",
        created_at=format_time(moment),
        kind=kind,
        size_bytes=size_bytes,
        sha256="0" * 64,
        consistent=True,
        reason=None,
        world_guid=None,
        game_version=None,
        image=None,
        note=None,
        pinned=is_pinned,
        verified_at=format_time(moment) if is_verified else None,
        files=(),
    )


MANIFESTS = st.lists(
    st.builds(
        make_manifest,
        st.integers(0, 90 * 24 * 60).map(lambda minutes: NOON - timedelta(minutes=minutes)),
        st.sampled_from(KINDS),
        st.integers(0, 1000),
        is_pinned=st.booleans(),
        is_verified=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda manifest: manifest.id,
)
LIMITS = st.builds(
    Limits,
    hourly=st.integers(0, 30),
    daily=st.integers(0, 10),
    weekly=st.integers(0, 6),
    before_changes=st.integers(0, 4),
    count=st.integers(0, 60),
    size_bytes=st.integers(0, 20_000),
)


def ids(manifests: Iterable[Manifest]) -> list[str]:
    return [manifest.id for manifest in manifests]


def drop(manifests: list[Manifest], removed: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest.id not in ids(removed)]


def find_newest(manifests: Iterable[Manifest]) -> Manifest | None:
    return max(manifests, key=lambda manifest: manifest.id, default=None)


@given(MANIFESTS, LIMITS)
def test_what_is_never_removed(manifests, limits):
    """What is pinned, what a person or a script made, the newest, and the newest that was proven."""
    removed = choose_removals(manifests, limits)
    assert all(manifest.kind in THINNED_KINDS and not manifest.pinned for manifest in removed)
    proven = find_newest(manifest for manifest in manifests if manifest.verified_at is not None)
    for spared in (find_newest(manifests), proven):
        assert spared is None or spared.id not in ids(removed)


@given(MANIFESTS, LIMITS)
def test_what_is_left_keeps_to_the_limits(manifests, limits):
    """In number and in bytes, unless nothing is left but what is never removed."""
    left = drop(manifests, choose_removals(manifests, limits))
    counted = [each for each in left if each.kind in THINNED_KINDS and not each.pinned]
    spared = {
        find_newest(left),
        find_newest(each for each in left if each.verified_at is not None),
    }
    if not {each.id for each in counted} <= {each.id for each in spared if each}:
        assert len(counted) <= limits.count
        assert sum(each.size_bytes for each in counted) <= limits.size_bytes


@given(MANIFESTS, LIMITS)
def test_it_comes_to_rest(manifests, limits):
    """Asked again, it removes nothing more; and the order in which backups are listed means nothing."""
    removed = choose_removals(manifests, limits)
    assert ids(removed) == sorted(ids(removed))
    assert ids(choose_removals(manifests[::-1], limits)) == ids(removed)
    assert choose_removals(drop(manifests, removed), limits) == []


@given(MANIFESTS)
def test_more_room_removes_no_more(manifests):
    """What a small budget spares, a large one spares."""
    small = Limits(count=5, size_bytes=1000)
    large = Limits(count=10, size_bytes=4000)
    assert set(ids(choose_removals(manifests, large))) <= set(ids(choose_removals(manifests, small)))


def test_one_an_hour_for_a_year():
    """24 hours, 7 days and 4 weeks are kept, each by its newest."""
    hourly = [make_manifest(NOON - timedelta(hours=hours)) for hours in range(24 * 365)]
    left = drop(hourly, choose_removals(hourly, PLENTY))
    hours = [f"{NOON - timedelta(hours=hours):%Y%m%d-%H%M%S}" for hours in range(24)]
    # The newest of a day is its last hour's; of a week, that of its Sunday.
    days = [f"202603{day:02}-233000" for day in (3, 2, 1)] + [f"202602{day}-233000" for day in (28, 27, 26)]
    weeks = ["20260301-233000", "20260222-233000", "20260215-233000"]
    assert ids(left) == sorted({*hours, *days, *weeks}, reverse=True)


@pytest.mark.parametrize("kind", ["pre_update", "pre_restore"])
def test_copies_made_before_changes(kind):
    """The newest three of each kind."""
    made = [make_manifest(NOON - timedelta(days=days), kind) for days in range(6)]
    assert ids(choose_removals(made)) == ids(made[:2:-1])


@given(MANIFESTS, LIMITS, st.randoms(use_true_random=False))
def test_what_is_needed_stays(manifests, limits, random):
    """Such as the world that a rollback leads to: also where it is old, and there is no room."""
    needed = frozenset(random.sample(ids(manifests), min(2, len(manifests))))
    removed = choose_removals(manifests, limits, needed=needed)
    assert needed.isdisjoint(ids(removed))
    assert set(ids(removed)) >= set(ids(choose_removals(manifests, limits))) - needed


def test_old_ones_go_first_when_there_are_too_many_bytes():
    """And those of a person are not counted against the others."""
    by_hand = [make_manifest(NOON - timedelta(minutes=1), "manual", 10**9)]
    hourly = [make_manifest(NOON - timedelta(hours=hours), size_bytes=100) for hours in range(10)]
    assert ids(choose_removals(by_hand + hourly, Limits(size_bytes=750))) == ids(hourly[:6:-1])


def test_a_clock_that_was_wrong():
    """What is made after it was put right is kept as if there were no others; those go as the oldest do."""
    ahead = [make_manifest(NOON + timedelta(days=800, hours=-number)) for number in range(24 * 40)]
    made: list[Manifest] = []
    for number in range(24 * 9):
        now = NOON + timedelta(hours=number)
        made.append(make_manifest(now))
        removed = choose_removals([*ahead, *made], PLENTY, now)
        assert made[-1] not in removed
        ahead, made = drop(ahead, removed), drop(made, removed)
    alone = [make_manifest(NOON + timedelta(hours=number)) for number in range(24 * 9)]
    assert set(ids(drop(alone, choose_removals(alone, PLENTY, now)))) <= set(ids(made))
    assert len(ahead) < 5
