"""Topics: one publisher that never waits, readers that are told what they lost."""

from __future__ import annotations

import gevent
import pytest

from palserver.fanout import Topic


def test_everybody_gets_everything_in_order():
    """Two readers that keep up get every item, in the order of publishing."""
    topic: Topic[int] = Topic()
    readers = [topic.subscribe(), topic.subscribe()]
    for number in range(5):
        topic.publish(number)
    for reader in readers:
        taken = reader.take()
        assert taken is not None
        assert (taken.lost, taken.items) == (0, [0, 1, 2, 3, 4])


def test_a_slow_reader_loses_the_oldest_and_is_told():
    """Lines received plus lines told lost are the lines published."""
    topic: Topic[int] = Topic()
    slow = topic.subscribe(max_bytes=30)
    for number in range(10):
        topic.publish(number, size_bytes=10, lines=7)
    taken = slow.take()
    assert taken is not None
    assert taken.items == [7, 8, 9]
    assert taken.lost == 7 * 7


def test_small_items_do_not_pile_up_either():
    """The number of items has a bound too, and what falls out is told as exactly."""
    topic: Topic[int] = Topic()
    slow = topic.subscribe(max_bytes=10_000, max_items=4)
    for number in range(10):
        topic.publish(number, size_bytes=1, lines=3)
    assert slow.queued_bytes == 4
    assert slow.take() == (6 * 3, [6, 7, 8, 9])
    topic.publish(10, lines=3)
    assert slow.take() == (0, [10])
    assert (topic.published_lines, topic.lost_lines) == (11 * 3, 6 * 3)


def test_nobody_is_left_without_a_bound():
    """Whoever asks for none has both: of bytes, and of items so small that the bytes would not end them."""
    topic: Topic[int] = Topic()
    reader = topic.subscribe()
    for number in range(100_000):
        topic.publish(number)
    taken = reader.take()
    assert taken is not None and taken.lost is not None
    assert 1000 <= len(taken.items) <= 4000
    assert taken.lost + len(taken.items) == 100_000


@pytest.mark.parametrize("unknown", [0, 4, 6])
def test_an_unknown_number_stays_unknown(unknown):
    """A gap without a number that a reader loses makes what it is told a gap without one, once."""
    topic: Topic[int] = Topic()
    slow = topic.subscribe(max_items=3)
    for number in range(10):
        topic.publish(number, lines=None if number == unknown else 5)
    assert slow.take() == (None, [7, 8, 9])
    for number in range(4):
        topic.publish(number, lines=5)
    assert slow.take() == (5, [1, 2, 3])


def test_an_unknown_number_that_is_had_is_no_loss():
    """Then the reader has the gap itself, and of the others their number."""
    topic: Topic[int] = Topic()
    slow = topic.subscribe(max_items=3)
    for number in range(10):
        topic.publish(number, lines=None if number == 8 else 5)
    assert slow.take() == (7 * 5, [7, 8, 9])


def test_the_newest_state_is_had_whatever_is_lost():
    """It counts no lines, so no number would tell of it; an older one holds no more."""
    topic: Topic[str] = Topic()
    slow = topic.subscribe(max_items=2)
    for item, lines in (("exited", 0), ("a", 5), ("running", 0), ("b", 5), ("c", 5), ("d", 5)):
        topic.publish(item, lines=lines)
    assert slow.take() == (10, ["running", "c", "d"])
    topic.publish("e", lines=5)
    assert slow.take() == (0, ["e"])


def test_a_slow_reader_costs_others_nothing():
    """A reader beside one that takes nothing still gets everything."""
    topic: Topic[int] = Topic()
    topic.subscribe(max_bytes=1)
    quick = topic.subscribe()
    for number in range(100):
        topic.publish(number)
    taken = quick.take()
    assert taken is not None
    assert taken.items == list(range(100))


def test_one_item_larger_than_the_bound_is_still_delivered():
    """The bound drops what is old; the newest item always arrives."""
    topic: Topic[str] = Topic()
    reader = topic.subscribe(max_bytes=10)
    topic.publish("large", size_bytes=1000)
    taken = reader.take()
    assert taken is not None
    assert taken.items == ["large"]


def test_a_waiting_reader_wakes_when_something_comes():
    """`take` waits for the next item instead of asking again and again."""
    topic: Topic[str] = Topic()
    reader = topic.subscribe()
    waiting = gevent.spawn(reader.take, 10)
    gevent.sleep(0)
    topic.publish("news")
    taken = waiting.get(timeout=5)
    assert taken.items == ["news"]


def test_an_ended_topic_delivers_what_is_queued_and_then_ends():
    """Nothing published before the end is lost to it, and a later reader learns of the end at once."""
    topic: Topic[str] = Topic()
    reader = topic.subscribe()
    topic.publish("last words")
    topic.end()
    taken = reader.take()
    assert taken is not None
    assert taken.items == ["last words"]
    assert reader.take() is None
    assert topic.subscribe().take() is None


def test_a_closed_reader_is_forgotten():
    """Readers that leave cost nothing."""
    topic: Topic[str] = Topic()
    with_one = topic.subscribe()
    assert len(topic) == 1
    with_one.close()
    with_one.close()
    assert len(topic) == 0


def test_a_topic_counts_what_passes():
    """Lines published are counted once, lines lost for each reader, bytes while they wait for one."""
    topic: Topic[int] = Topic()
    topic.publish(0, size_bytes=10, lines=2)
    assert (topic.published_lines, topic.lost_lines, topic.queued_bytes) == (2, 0, 0)
    slow, quick = topic.subscribe(max_bytes=25), topic.subscribe()
    for number in range(1, 4):
        topic.publish(number, size_bytes=10, lines=2)
    assert (topic.published_lines, topic.lost_lines, topic.queued_bytes) == (8, 2, 20 + 30)
    quick.take()
    assert topic.queued_bytes == 20
    slow.close()
    assert (topic.lost_lines, topic.queued_bytes) == (2, 0)
