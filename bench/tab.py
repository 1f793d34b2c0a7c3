"""A tab that shows the log of a flood: what it takes in, how late it answers, what it holds at the end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from bench.flood import run_flood
from bench.lab import Lab, adopt
from bench.table import Row, at_most
from tests.browser import chromium_running, load, sign_in
from tests.panel import PASSWORD, Panel

SECONDS = 60.0
WARM_SECONDS = 5.0
WAIT_MS = 60_000
MOST_LATE_MS = 1000.0
MOST_HEAP_MIB = 120.0
TICK_MS = 50
WATCH = f"""() => {{
    window.waits = [];
    let before = performance.now();
    setInterval(() => {{
        window.waits.push(performance.now() - before - {TICK_MS});
        before = performance.now();
    }}, {TICK_MS});
}}"""


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    name = run_flood(lab)
    adopt(panel, name)
    with chromium_running() as browser:
        page = browser.new_page(locale="en-US")
        _open_log(page, panel, name)
        time.sleep(WARM_SECONDS)
        page.evaluate(WATCH)
        skipped, begin = _read_skipped(page), time.monotonic()
        time.sleep(SECONDS)
        rate = (_read_skipped(page) - skipped) / (time.monotonic() - begin)
        waits = sorted(page.evaluate("window.waits"))
        heap_mib = _read_heap_mib(page)
    yield Row(f"a flood in a tab for {SECONDS:.0f} s: lines told as skipped", f"{rate:,.0f}/s")
    yield at_most("  a timer in that tab is late, p99", waits[len(waits) * 99 // 100], MOST_LATE_MS, "ms")
    yield at_most("  what its scripts hold at the end", heap_mib, MOST_HEAP_MIB, "MiB")


def _open_log(page: Page, panel: Panel, name: str) -> None:
    expect.set_options(timeout=WAIT_MS)
    load(page, panel.url)
    sign_in(page, "admin", PASSWORD)
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    page.goto(f"{panel.url}/#/servers/{name}/logs")
    expect(page.get_by_test_id("log-skipped")).to_have_text(re.compile(r"\d skipped"))


def _read_skipped(page: Page) -> int:
    """Since the log was opened."""
    return int(re.sub(r"\D", "", page.get_by_test_id("log-skipped").inner_text()))


def _read_heap_mib(page: Page) -> float:
    """After a collection of garbage."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(found["JSHeapUsedSize"]) / 2**20
