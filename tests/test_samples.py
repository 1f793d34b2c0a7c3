"""Stats frames as `docker stats` counts them."""

from __future__ import annotations

import pytest

from palserver.services.metrics.samples import (
    has_run,
    measure_block_bytes,
    measure_cpu_percent,
    measure_memory_bytes,
    measure_network_bytes,
)

MEBIBYTE = 1024 * 1024


def cpu(total: int, system: int, **more: object) -> dict[str, object]:
    return {"cpu_stats": {"cpu_usage": {"total_usage": total}, "system_cpu_usage": system, **more}}


def test_one_busy_core_is_100_percent():
    """The container's share of all cores' time, times the number of cores."""
    assert measure_cpu_percent(cpu(1500, 14000, online_cpus=4), cpu(500, 10000, online_cpus=4)) == 100.0


def test_an_engine_without_online_cpus_is_counted_by_its_list():
    """Old engines tell the number of cores only by the list of each core's use."""
    now = {"cpu_stats": {"cpu_usage": {"total_usage": 200, "percpu_usage": [1, 2]}, "system_cpu_usage": 2000}}
    assert measure_cpu_percent(now, cpu(100, 1000)) == 20.0


def test_the_first_frame_says_nothing_about_now():
    """Without a frame before it there is only the average since boot, which is not shown as the present."""
    assert measure_cpu_percent(cpu(1000, 10000), None) is None


def test_a_frame_without_progress_is_unknown_and_not_zero():
    """Two frames of one moment, or a counter that went back after a restart, measure nothing."""
    assert measure_cpu_percent(cpu(1000, 10000), cpu(1000, 10000)) is None
    assert measure_cpu_percent(cpu(10, 11000), cpu(1000, 10000)) is None


def test_memory_on_cgroup_v1_is_without_all_inactive_file_pages():
    """Version 1 frames hold both names; the total one counts."""
    stats = {
        "usage": 100 * MEBIBYTE,
        "stats": {"total_inactive_file": 30 * MEBIBYTE, "inactive_file": MEBIBYTE},
    }
    assert measure_memory_bytes({"memory_stats": stats}) == 70 * MEBIBYTE


def test_memory_on_cgroup_v2_is_without_inactive_file_pages():
    """Version 2 has one name."""
    stats = {"usage": 100 * MEBIBYTE, "stats": {"inactive_file": 30 * MEBIBYTE}}
    assert measure_memory_bytes({"memory_stats": stats}) == 70 * MEBIBYTE


def test_memory_is_never_negative():
    """More inactive pages than use is an artefact of the moment; the use is shown as it is."""
    assert measure_memory_bytes({"memory_stats": {"usage": 10, "stats": {"inactive_file": 20}}}) == 10


def test_memory_that_was_not_measured_is_unknown():
    """No figure is not 0."""
    assert measure_memory_bytes({"memory_stats": {}}) is None


def test_network_is_the_sum_of_all_interfaces():
    """Received and sent are told apart; on the host's network nothing is the container's own."""
    stats = {"networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 10}, "eth1": {"rx_bytes": 2, "tx_bytes": 20}}}
    assert measure_network_bytes(stats, "rx") == 3
    assert measure_network_bytes(stats, "tx") == 30
    assert measure_network_bytes({}, "rx") is None


def test_the_empty_frames_of_a_stopped_container_are_recognised():
    """The engine goes on sending frames with the year 1."""
    assert not has_run({"read": "0001-01-01T00:00:00Z"})
    assert has_run({"read": "2026-09-01T20:15:00.1Z"})


def test_block_io_is_the_sum_over_all_devices():
    """Both ways of writing an operation are read; syncs and totals are nobody's read or write."""
    entries = [
        {"major": 8, "minor": 0, "op": "Read", "value": 1},
        {"major": 8, "minor": 0, "op": "Write", "value": 10},
        {"major": 8, "minor": 0, "op": "Sync", "value": 100},
        {"major": 8, "minor": 0, "op": "Total", "value": 1000},
        {"major": 8, "minor": 16, "op": "read", "value": 2},
        {"major": 8, "minor": 16, "op": "write", "value": 20},
    ]
    stats = {"blkio_stats": {"io_service_bytes_recursive": entries}}
    assert measure_block_bytes(stats, "read") == 3
    assert measure_block_bytes(stats, "write") == 30


@pytest.mark.parametrize(
    "stats",
    [
        {},
        {"blkio_stats": None},
        {"blkio_stats": {"io_service_bytes_recursive": None}},
        {"blkio_stats": {"io_service_bytes_recursive": []}},
    ],
)
def test_block_io_that_is_not_counted_is_unknown(stats):
    """Some kernels count none, and say so by nothing, by null or by an empty list."""
    assert measure_block_bytes(stats, "read") is None
    assert measure_block_bytes(stats, "write") is None
