"""Topics: one publisher that never waits, readers that are told what they lost."""

from __future__ import annotations

import gevent

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
