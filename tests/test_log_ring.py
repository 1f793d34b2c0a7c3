"""The ring on the disk, and what is kept of a log in memory before it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from palserver.background import Background
from palserver.services.logs.keeper import LogKeeper, LogShelf
from palserver.services.logs.messages import Run, make_gap, make_lines, make_run, read_lines
from palserver.store.log_ring import SEGMENTS, LogRing, Message
from tests.waiting import wait_until

TIME = "2026-09-01T20:15:00.123456789Z"
RUN = Run("abc", TIME)


def make_message(first_seq: int, count: int = 1, size: int = 10) -> Message:
    return make_lines([(first_seq + n, TIME, "stdout", "x" * size) for n in range(count)])


def numbers(messages: Iterator[Message] | list[Message]) -> list[int]:
    return [line[0] for message in messages for line in read_lines(message)]


def account(messages: list[Message], expected: int) -> int:
    """The number behind all of them, each line either there or told to be missing."""
    for message in messages:
        if message.lines == 0:
            expected += json.loads(message.payload)["lost"]
        assert message.first_seq == expected
        expected = message.end_seq
    return expected


def count_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[LogShelf]:
    background = Background()
    shelf = LogShelf(tmp_path / "logs", 16 * 1024 * 1024)
    shelf.start(background)
    yield shelf
    background.stop()
    shelf.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "small", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def reopen(shelf: LogShelf, tmp_path: Path) -> LogKeeper:
    """As after a restart: what has got to the disk, and nothing else."""
    wait_until(lambda: shelf.is_written, "all is on the disk")
    return LogShelf(tmp_path / "logs", 16 * 1024 * 1024).open("one")


class TestRing:
    def test_what_was_written_is_read_in_order(self, tmp_path):
        """From the beginning, from any line, and backwards."""
        ring = LogRing(tmp_path / "ring")
        ring.append([make_message(100, 3), make_gap(103, 5)])
        ring.append([make_message(103, 2), make_message(105)])
        assert numbers(ring.read(0)) == [100, 101, 102, 103, 104, 105]
        assert [message.first_seq for message in ring.read(104)] == [103, 105]
        assert [message.first_seq for message in ring.read_backwards()] == [105, 103, 103, 100]

    def test_it_stays_within_its_bytes(self, tmp_path):
        """The oldest go first, and the number that it began with is still known."""
        ring = LogRing(tmp_path / "ring", max_bytes=SEGMENTS * 1000)
        for seq in range(500, 1500):
            ring.append([make_message(seq, size=50)])
        kept = numbers(ring.read(0))
        assert kept == list(range(kept[0], 1500))
        assert 500 < kept[0] < 1500 - 50
        assert count_bytes(tmp_path / "ring") <= SEGMENTS * 1000
        assert ring.find_first_seq() == 500

    @pytest.mark.parametrize(("batch", "size"), [(3, 20), (500, 50), (20, 3000), (1, 15_000)])
    def test_it_stays_within_its_bytes_under_large_batches(self, tmp_path, batch, size):
        """A batch larger than a file, or than the whole ring, takes the place of what is older."""
        ring = LogRing(tmp_path / "ring", max_bytes=SEGMENTS * 1000)
        made = 0
        for _ in range(-(-40_000 // (batch * size))):
            ring.append([make_message(1000 + made + n, size=size) for n in range(batch)])
            made += batch
            assert count_bytes(tmp_path / "ring") <= SEGMENTS * 1000
        kept = numbers(ring.read(0))
        assert kept == list(range(kept[0], 1000 + made))
        assert count_bytes(tmp_path / "ring") >= SEGMENTS * 1000 - max(2000, 2 * size)
        assert ring.find_first_seq() == 1000

    def test_the_newest_message_is_kept_however_large(self, tmp_path):
        """One that is larger than the ring stands alone, until the next one comes."""
        ring = LogRing(tmp_path / "ring", max_bytes=SEGMENTS * 1000)
        ring.append([make_message(1), make_message(2, size=50_000)])
        assert numbers(ring.read(0))[-1] == 2
        ring.append([make_message(3)])
        assert numbers(ring.read(0)) == [3]
        assert count_bytes(tmp_path / "ring") <= SEGMENTS * 1000

    def test_what_stands_before_a_line_is_read_with_it(self, tmp_path):
        """Where a run began, also if that ends one file and the line begins the next."""
        ring = LogRing(tmp_path / "ring", max_bytes=SEGMENTS * 1000)
        ring.append([make_message(1, size=850), make_run(2, RUN), make_message(2)])
        assert len(list((tmp_path / "ring").iterdir())) == 2
        assert [(message.first_seq, message.lines) for message in ring.read(2)] == [(2, 0), (2, 1)]

    def test_a_line_without_an_end_is_dropped_and_writing_goes_on(self, tmp_path):
        """The process was killed in the middle of a write."""
        LogRing(tmp_path / "ring").append([make_message(1), make_message(2)])
        (path,) = (tmp_path / "ring").iterdir()
        os.truncate(path, path.stat().st_size - 5)
        ring = LogRing(tmp_path / "ring")
        assert numbers(ring.read(0)) == [1]
        ring.append([make_message(2)])
        assert numbers(ring.read(0)) == [1, 2]

    def test_a_full_disk_takes_all_of_a_batch_or_nothing(self, small_disk):
        """What did not fit leaves no torn line behind, and when there is room again writing goes on."""
        ring = LogRing(small_disk / "ring")
        ring.append([make_message(1)])
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            ring.append([make_message(2, 1000, size=2000)])
        with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)) == 4096:
                pass
            file.write(bytes(4096))
        with pytest.raises(OSError, match="No space left"):
            ring.append([make_message(2, 10, size=2000)])
        assert numbers(ring.read(0)) == [1]
        os.truncate(filler, filler.stat().st_size - 3 * 4096)
        with pytest.raises(OSError, match="No space left"):  # after some files of it have found room
            LogRing(small_disk / "ring", max_bytes=SEGMENTS * 1000).append(
                [make_message(2 + n, size=900) for n in range(15)]
            )
        assert numbers(ring.read(0)) == [1]
        filler.unlink()
        ring.append([make_message(2)])
        assert numbers(ring.read(0)) == [1, 2]

    def test_nothing_was_kept_yet(self, tmp_path):
        """A ring that was never written to is empty, and makes no folder by being read."""
        ring = LogRing(tmp_path / "ring")
        assert list(ring.read(0)) == list(ring.read_backwards()) == []
        assert ring.find_first_seq() is None
        assert not (tmp_path / "ring").exists()


class TestKeeper:
    def test_numbers_go_on_after_a_restart(self, shelf, tmp_path):
        """The next number, each stream's newest time and the last run are found again."""
        keeper = shelf.open("one")
        first = keeper.load().next_seq
        keeper.add(make_run(first, RUN))
        keeper.add(make_message(first, 3))
        kept = reopen(shelf, tmp_path).load()
        assert kept.next_seq == first + 3
        assert kept.newest_times == {"stdout": TIME}
        assert kept.run == RUN

    def test_memory_and_disk_are_read_as_one(self, shelf, tmp_path):
        """Whatever has left the memory is on the disk: each line once, from wherever one begins."""
        keeper = shelf.open("one")
        first = keeper.load().next_seq
        for batch in range(60):
            keeper.add(make_message(first + batch * 100, 100, size=2000))
            if batch % 10 == 9:
                wait_until(lambda: shelf.is_written, "it is on the disk")
        everything = list(range(first, first + 6000))
        assert numbers(keeper.read_from(0)) == everything
        assert numbers(keeper.read_from(first + 50)) == everything[50:]
        assert numbers(keeper.read_from(first + 5950)) == everything[5950:]
        for count in (1, 150, 4000, 10_000):
            assert numbers(keeper.read_tail(count)) == everything[-count:]

    def test_what_goes_while_somebody_reads_is_told(self, shelf):
        """A reader so slow that the ring goes round before it: lines and gaps are what there was, exactly."""
        keeper = shelf.open("one")
        first = keeper.load().next_seq
        self.fill(shelf, keeper, first, 60)
        reading = keeper.read_from(first + 50, expected=first + 50)
        seen = [next(reading)]
        self.fill(shelf, keeper, first + 6000, 120)
        seen += reading
        assert account(seen, first + 50) == first + 6000
        assert any(message.lines == 0 for message in seen)
        late = list(keeper.read_from(first, expected=first))
        assert account(late, first) == first + 18_000
        assert late[0].lines == 0

    def fill(self, shelf: LogShelf, keeper: LogKeeper, first: int, hundreds: int) -> None:
        """As fast as the disk takes them, so that none is given up."""
        for number in range(hundreds * 10):
            keeper.add(make_message(first + number * 10, 10, size=2000))
            if number % 100 == 99:
                wait_until(lambda: shelf.is_written, "it is on the disk")

    def test_what_a_slow_disk_did_not_take_is_told_once(self, shelf):
        """By the numbers, whatever was noted in the ring at the time, and wherever one begins to read."""
        keeper = shelf.open("one")
        first = keeper.load().next_seq
        keeper.add(make_message(first, 100))
        wait_until(lambda: shelf.is_written, "it is on the disk")
        for batch in range(1, 100):  # without a pause: the writer gets no turn
            keeper.add(make_message(first + batch * 100, 100, size=2000))
        wait_until(lambda: shelf.is_written, "it is on the disk")
        self.fill(shelf, keeper, first + 10_000, 60)
        messages = list(keeper.read_from(first))
        assert account(messages, first) == first + 16_000
        assert sum(message.lines == 0 for message in messages) == 1
        assert messages[1].lines == 0

    def test_what_was_removed_does_not_come_back(self, shelf, tmp_path):
        """With what waits for the disk, and what is said afterwards; the same name can have another log."""
        keeper, other = shelf.open("one"), shelf.open("other")
        first = keeper.load().next_seq
        other.load()
        for batch in range(50):
            keeper.add(make_message(first + batch * 100, 100, size=200))
            other.add(make_message(first + batch * 100, 100, size=200))
        keeper.remove()
        assert not (tmp_path / "logs" / "one").exists()
        keeper.add(make_message(first + 5000))
        wait_until(lambda: shelf.is_written, "all is on the disk")
        assert not (tmp_path / "logs" / "one").exists()
        assert numbers(keeper.read_from(first + 5000)) == [first + 5000]
        assert len(numbers(LogRing(tmp_path / "logs" / "other").read(0))) == 5000
        again = shelf.open("one")
        again.add(make_message(again.load().next_seq))
        wait_until(lambda: (tmp_path / "logs" / "one").exists(), "it is on the disk")

    def test_a_slow_disk_holds_up_nobody(self, shelf, tmp_path):
        """What the writer could not take is told as a gap in the ring, with its number."""
        keeper = shelf.open("one")
        first = keeper.load().next_seq
        for batch in range(100):  # without a pause: the writer gets no turn
            keeper.add(make_message(first + batch * 100, 100, size=2000))
        ring = LogRing(tmp_path / "logs" / "one")
        wait_until(lambda: shelf.is_written, "it is on the disk")
        gap, *rest = ring.read(0)
        assert numbers(rest) == list(range(rest[0].first_seq, first + 10_000))
        assert gap == make_gap(rest[0].first_seq, rest[0].first_seq - first)
