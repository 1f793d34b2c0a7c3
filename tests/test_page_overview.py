"""Home and a server's overview in a real browser: fleet, host, vitals, and the past in charts or figures."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    Request,
    Route,
    ViewportSize,
    expect,
)

from palserver.clock import parse_time
from palserver.services.metrics.buckets import fold_each, group
from palserver.store.metrics import COLUMNS as METRICS_COLUMNS
from palserver.store.metrics import Row, set_rows
from palserver.store.starts import add_start
from palserver.web.page import LIBRARIES
from tests.browser import Visit, load, sign_in, watch
from tests.game import Game
from tests.panel import PASSWORD, PROJECT, Panel
from tests.test_engine_outage import (  # noqa: F401 - fixtures are used by their names
    OwnEngine,
    game_name,
    outage_panel,
    own_engine,
)
from tests.waiting import wait_until

OpenPage = Callable[..., Page]

# Where npm is and the charts are not, something is wrong that a skipped test would hide.
needs_charts = pytest.mark.skipif(
    shutil.which("npm") is None and not (LIBRARIES / "uplot").is_dir(), reason="charts come from npm"
)
UNKNOWN = "–"  # noqa: RUF001 - what the page shows, an en dash
NOTHING = "$^"  # matches no text
SIZES: tuple[ViewportSize, ...] = ({"width": 375, "height": 812}, {"width": 1280, "height": 800})
# The longest name there is, without a place to break it.
LONG_NAME = "W" * 32
# How many pixels of a line across are painted, well above the middle of a chart.
PAINTED_BESIDE_GRID = """canvas => {
    const { width, height } = canvas;
    const quarter = Math.floor(height / 4);
    const left = 70; // what is beside it are words
    const pixels = canvas.getContext("2d").getImageData(left, quarter, width - left, quarter).data;
    const painted = Array(quarter).fill(0);
    for (let at = 3; at < pixels.length; at += 4)
        if (pixels[at] > 0) painted[Math.floor(at / 4 / (width - left))]++;
    return Math.min(...painted);
}"""
# The number of the last point of a span; one comes and one goes as time does.
LAST_POINTS = {"hour": re.compile("^24.$"), "day": re.compile("^2[89].$"), "week": re.compile("^33.$")}
WORDS = {
    "en-US": {"ready": "Ready", "host": "Host", "past": "Past"},
    "ko-KR": {"ready": "준비됨", "host": "호스트", "past": "지난 기록"},
}


class BarePanel(Panel):
    """A panel from a copy of the code, made where there was no npm."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, **environment)
        self.project = folder / "code"
        shutil.copytree(
            PROJECT / "palserver", self.project / "palserver", ignore=shutil.ignore_patterns("__pycache__")
        )
        for name in ("app.py", "migrations.py"):
            shutil.copy(PROJECT / name, self.project / name)


@pytest.fixture
def bare_panel(tmp_path: Path) -> Iterator[Panel]:
    panel = BarePanel(tmp_path)
    yield panel
    panel.close()


@pytest.fixture
def open_page(visit: Visit) -> OpenPage:
    """The list of servers for a new visitor, signed in."""

    def open_page(panel: Panel, **options: Any) -> Page:
        page = visit(panel.url, **{"timezone_id": "Asia/Seoul", **options})
        sign_in(page, "admin", PASSWORD)
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        return page

    return open_page


@pytest.fixture
def adopted(panel: Panel, game: Game) -> Iterator[Game]:
    panel.adopt(game.name)
    wait_until(
        lambda: panel.get(f"/api/instances/{game.name}")["game"]["status"] == "ready", "it is ready", 60
    )
    yield game


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_test_id(f"instance-{name}")


def open_overview(page: Page, panel: Panel, name: str) -> None:
    page.goto(f"{panel.url}/#/servers/{name}")
    expect(page.get_by_test_id("chart-cpu_percent")).to_be_visible()
    expect(page.locator(".charts")).not_to_have_attribute("aria-busy", "true")


def fill_past(panel: Panel, name: str, gap: range) -> int:
    """Half an hour of figures, four a minute, with nothing measured in `gap`; returns when they end.

    Twenty minutes ago there was more of everything for a second, and fewer frames.
    """
    end = int(time.time()) // 15 * 15 - 60
    rows = {end - 15 * back: make_row(end - 15 * back, back == 80) for back in range(120) if back not in gap}
    with open_database(panel) as database:
        set_rows(database, name, 15, rows.values())
        for step in (60, 900):
            set_rows(database, name, step, fold_each(group(rows, step)).values())
    return end


def make_row(second: int, is_peak: bool) -> Row:
    figures: dict[str, Any] = {"cpu_percent": 40.0, "memory_bytes": 3 << 29, "players": 5, "fps": 58.0}
    highest = {"cpu_percent": 62.0, "memory_bytes": 2 << 30, "players": 9} if is_peak else {}
    ends = {f"highest_{column}": value for column, value in (figures | highest).items()}
    ends |= {f"lowest_{column}": value for column, value in figures.items()}
    ends |= {"lowest_fps": 21.0} if is_peak else {}
    return (second, *((figures | ends).get(column) for column in METRICS_COLUMNS[1:]))


@contextmanager
def open_database(panel: Panel) -> Iterator[sqlite3.Connection]:
    """The panel's own, in one transaction."""
    (path,) = panel.folder.rglob("paladmin.db")
    database = sqlite3.connect(path, timeout=20)
    with closing(database), database:
        yield database


def choose_range(page: Page, name: str) -> None:
    """And wait until it is what is drawn: each span has so many points."""
    page.get_by_test_id(f"range-{name}").click()
    expect(page.get_by_role("slider").first).to_have_attribute("aria-valuemax", LAST_POINTS[name])


def hold_back(route: Route) -> None:
    """The answer comes so late that the page has long shown everything else."""
    time.sleep(0.5)
    route.continue_()


def has_no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def read_pixels(page: Page) -> str:
    """The first chart as it is painted."""
    return str(page.locator(".plot canvas").first.evaluate("canvas => canvas.toDataURL()"))


@pytest.mark.parametrize("language", WORDS)
def test_home_and_overview_in_both_themes_and_sizes(open_page, panel, adopted, language):
    """State, figures, the last hour's line, version and host stand there; nothing scrolls sideways."""
    words = WORDS[language]
    for size in SIZES:
        for scheme in ("light", "dark"):
            page = open_page(panel, viewport=size, color_scheme=scheme, locale=language)
            row = row_of(page, adopted.name)
            expect(row.locator(".status .word")).to_have_text(words["ready"])
            expect(row.locator(".players .value")).to_have_text("0")
            expect(row.locator(".uptime .value")).not_to_have_text(UNKNOWN)
            expect(row.locator(".cpu .spark path")).to_have_attribute("d", re.compile("^M"))
            expect(row.locator(".memory .value")).to_have_text(re.compile("MiB"))
            expect(row.locator(".version")).to_have_text(re.compile(r"^v\d"))
            expect(page.get_by_test_id("host")).to_contain_text(words["host"])
            expect(page.get_by_test_id("host")).to_contain_text("GiB")
            assert has_no_sideways_scroll(page)
            open_overview(page, panel, adopted.name)
            expect(page.get_by_role("heading", level=2, name=words["past"])).to_be_visible()
            expect(page.locator(".vitals .day .value")).to_have_text("1")
            expect(page.locator(".vitals .fps .value")).to_have_text(re.compile(r"^\d+$"))
            assert has_no_sideways_scroll(page)


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_a_press_anywhere_on_a_row_opens_its_server(open_page, panel, adopted, size):
    """Not on its name alone; what is pressed is the row itself, in its middle."""
    page = open_page(panel, viewport=size)
    row = row_of(page, adopted.name)
    expect(row.locator(".status .word")).to_have_text("Ready")
    row.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(adopted.name)
    assert page.url.endswith(f"#/servers/{adopted.name}")


def test_the_longest_name_breaks_nothing(open_page, panel, make_game):
    """Thirty-two wide letters without a space fit a phone, in the list and as a heading."""
    game = make_game(name=LONG_NAME)
    game.start()
    panel.adopt(game.name)
    page = open_page(panel, viewport=SIZES[0], has_touch=True, is_mobile=True)
    expect(row_of(page, LONG_NAME)).to_be_visible()
    assert has_no_sideways_scroll(page)
    open_overview(page, panel, LONG_NAME)
    assert has_no_sideways_scroll(page)


@pytest.mark.parametrize("language", WORDS)
def test_a_phone_has_room_for_each_figure_and_its_name(open_page, panel, adopted, language):
    """However long it runs and however much it uses, in the list and in the bar of a server."""
    longest = {"uptime": "12시간 33분" if language == "ko-KR" else "12h 33m", "cpu": "1,600%"}
    longest |= {"memory": "15.9 GiB", "players": "32"}
    page = open_page(panel, viewport=SIZES[0], has_touch=True, is_mobile=True, locale=language)
    for place in ("", f"servers/{adopted.name}"):
        page.goto(f"{panel.url}/#/{place}")
        shown = page.get_by_test_id("vitals") if place else row_of(page, adopted.name)
        expect(shown.locator(".memory .value")).to_have_text(re.compile("MiB"))
        cut = shown.evaluate(
            """(shown, longest) => {
                for (const [name, text] of Object.entries(longest))
                    shown.querySelector(`.${name} .value`).textContent = text;
                const isCut = (part) => part.scrollWidth > part.clientWidth;
                return [...shown.querySelectorAll(".figure, .figure dt, .figure dd")]
                    .filter(isCut).map((part) => part.textContent);
            }""",
            longest,
        )
        assert cut == []
        assert has_no_sideways_scroll(page)


def test_the_first_view_asks_once_for_its_data(open_page, panel, adopted):
    """For who comes back: the session, a ticket, one socket. The charts come with the overview."""
    page = open_page(panel)
    asked: list[str] = []
    sockets: list[str] = []

    def note(request: Request) -> None:
        if request.is_navigation_request():  # again, where the browser dropped something (see `load`)
            asked.clear()
            sockets.clear()
        asked.append(request.url.removeprefix(panel.url))

    page.on("request", note)
    page.on("websocket", lambda socket: sockets.append(socket.url))
    load(page, panel.url)
    expect(row_of(page, adopted.name).locator(".spark path").first).to_have_attribute("d", re.compile("^M"))
    expect(page.get_by_test_id("host")).to_be_visible()
    calls = [path for path in asked if path.startswith("/api/")]
    # Sets: what the browser drops when the machine's network changes is asked for again.
    assert set(calls) == {"/api/auth/refresh", "/api/auth/ticket"}
    assert {urlsplit(address).path for address in sockets} == {"/api/events"}
    assert not [path for path in asked if "uplot" in path or ("chart" in path and path.endswith(".js"))]


def test_without_servers_the_page_leads_on(open_page, make_panel):
    """Whoever may gets the two ways to a first server, each with a sentence."""
    panel = make_panel()
    panel.start()
    page = open_page(panel)
    expect(page.get_by_role("heading", level=1)).to_have_text("No servers yet.")
    expect(page.get_by_test_id("create")).to_have_attribute("href", "#/create")
    expect(page.get_by_text("nothing in it is changed")).to_be_visible()
    page.get_by_test_id("adopt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Adopt a server")


def test_a_server_that_does_not_exist_is_not_asked_for(open_page, panel):
    """Its address says so, without a request that fails."""
    page = open_page(panel)
    page.goto(f"{panel.url}/#/servers/nobody")
    expect(page.get_by_text("There is no such server.")).to_be_visible()
    page.wait_for_load_state("networkidle")


@needs_charts
def test_the_past_is_drawn_and_read(open_page, panel, adopted):
    """Four charts; keys and a finger read values off them, at the same time in all; a gap is no 0."""
    end = fill_past(panel, adopted.name, gap=range(40, 60))
    page = open_page(panel, viewport=SIZES[0], has_touch=True)
    open_overview(page, panel, adopted.name)
    expect(page.locator(".plot canvas")).to_have_count(4)
    cpu = page.get_by_test_id("chart-cpu_percent")
    expect(cpu.locator(".reading")).to_contain_text("average")
    cpu.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(cpu.locator(".reading")).to_contain_text("not measured")
    expect(page.get_by_test_id("chart-players").locator(".reading")).to_contain_text("not measured")
    steps_back = (int(time.time()) - (end - 15 * 20)) // 15
    page.keyboard.press("End")
    for _ in range(steps_back // 10 + 1):
        page.keyboard.press("PageDown")
    expect(cpu.locator(".reading")).to_contain_text("40%")
    expect(page.get_by_test_id("chart-memory_bytes").locator(".reading")).to_contain_text("1.5 GiB")
    expect(cpu.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d · 40%$"))
    page.keyboard.press("Escape")
    expect(cpu.locator(".reading")).to_contain_text("average")
    page.get_by_test_id("chart-fps").locator(".plot").tap()
    expect(cpu.locator(".reading")).to_have_text(re.compile(r"^\d\d:\d\d · "))


@needs_charts
def test_each_span_of_time_has_its_axis_in_the_reader_s_language(open_page, panel, adopted):
    """An hour, a day, a week; the summary is written as the language does, and the choice can be seen."""
    page = open_page(panel, locale="ko-KR")
    open_overview(page, panel, adopted.name)
    expect(page.locator(".plot canvas")).to_have_count(4)
    for name in ("day", "week", "hour"):
        before = read_pixels(page)
        button = page.get_by_test_id(f"range-{name}")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        page.wait_for_function(
            "before => document.querySelector('.plot canvas').toDataURL() !== before", arg=before
        )
        expect(page.get_by_test_id("chart-memory_bytes").locator(".reading")).to_contain_text("평균")


@needs_charts
def test_the_charts_follow_the_theme(open_page, panel, adopted):
    """Chosen on the page or changed by the system: the lines are painted anew."""
    page = open_page(panel, color_scheme="light")
    open_overview(page, panel, adopted.name)
    line = page.locator(".chart-colour.trace").first
    light = line.evaluate("probe => getComputedStyle(probe).color")
    before = read_pixels(page)
    page.get_by_test_id("theme").select_option("dark")
    page.wait_for_function(
        "before => document.querySelector('.plot canvas').toDataURL() !== before", arg=before
    )
    assert line.evaluate("probe => getComputedStyle(probe).color") != light


@needs_charts
@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_the_highest_is_the_same_over_every_span_and_width(open_page, panel, adopted, size):
    """A peak of one second is the highest of an hour, and no less that of a day or a week."""
    fill_past(panel, adopted.name, gap=range(0))
    page = open_page(panel, viewport=size)
    open_overview(page, panel, adopted.name)
    for name in ("hour", "day", "week", "hour"):
        choose_range(page, name)
        for column, highest in {"cpu_percent": "62%", "memory_bytes": "2.0 GiB", "players": "9"}.items():
            reading = page.get_by_test_id(f"chart-{column}").locator(".reading")
            expect(reading).to_contain_text(f"highest {highest}")


@needs_charts
def test_who_was_on_for_a_moment_counts_for_the_highest(open_page, panel, adopted):
    """On the open page, as it happens, and on every longer span that is asked for afterwards."""
    page = open_page(panel)
    open_overview(page, panel, adopted.name)
    reading = page.get_by_test_id("chart-players").locator(".reading")
    players = [adopted.join(name)["userId"] for name in ("Anna", "Ben")]
    expect(reading).to_contain_text("highest 2")
    for player in players:
        adopted.control("DELETE", f"/players/{player}")
    expect(page.locator(".vitals .players .value")).to_have_text("0")
    expect(reading).to_contain_text("highest 2")
    for name in ("day", "week", "hour"):
        choose_range(page, name)
        expect(reading).to_contain_text("highest 2")


@needs_charts
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_many_marks_in_a_short_time_do_not_hide_the_curve(open_page, panel, adopted, scheme):
    """Eight starts in the last quarter of an hour are one thin line in a day, and are counted as eight."""
    started = int(parse_time(panel.get(f"/api/instances/{adopted.name}")["started_at"]).timestamp())
    with open_database(panel) as database:
        for ago in range(120, 960, 120):
            add_start(database, adopted.name, started - ago, 2000)
    page = open_page(panel, color_scheme=scheme)
    open_overview(page, panel, adopted.name)
    choose_range(page, "day")
    expect(page.get_by_test_id("marks")).to_contain_text("8 starts")
    # Nobody is on: between the heads and the curve are only marks and, at some heights, the grid.
    canvas = page.get_by_test_id("chart-players").locator("canvas")
    assert canvas.evaluate(PAINTED_BESIDE_GRID) == 1


@needs_charts
def test_restarts_and_backups_are_marked_as_they_happen(open_page, panel, adopted):
    """While the page is open: the legend counts them, and the past goes on live."""
    page = open_page(panel)
    open_overview(page, panel, adopted.name)
    marks = page.get_by_test_id("marks")
    expect(marks).to_contain_text("1 start, at ")
    expect(marks).to_contain_text("No backup")
    assert panel.run_job(f"/api/instances/{adopted.name}/backup")["state"] == "succeeded"
    expect(marks).to_contain_text("1 backup, at ")
    assert panel.run_job(f"/api/instances/{adopted.name}/restart")["state"] == "succeeded"
    expect(marks).to_contain_text("2 starts, the last at ")


@needs_charts
def test_a_restart_that_nobody_watched_is_marked(open_page, panel, adopted):
    """By the engine itself or from outside, while no page was open: the marks tell of it all the same."""
    before = panel.get(f"/api/instances/{adopted.name}")["started_at"]
    time.sleep(1)  # starts are told apart by their seconds
    adopted.container.kill()
    adopted.container.start()
    wait_until(
        lambda: panel.get(f"/api/instances/{adopted.name}")["started_at"] not in (None, before), "it is seen"
    )
    page = open_page(panel)
    open_overview(page, panel, adopted.name)
    expect(page.get_by_test_id("marks")).to_contain_text("2 starts, the last at ")


def test_nothing_moves_while_the_past_is_fetched(open_page, panel, adopted):
    """What stands below the charts is where it was before they came."""
    for size in SIZES:
        page = open_page(panel, viewport=size)
        page.route("**/history?*", hold_back)
        page.goto(f"{panel.url}/#/servers/{adopted.name}")
        expect(page.locator(".facts dd").first).to_have_text(adopted.name)
        before = page.locator(".facts").bounding_box()
        expect(page.get_by_test_id("chart-cpu_percent")).to_be_visible()
        expect(page.locator(".charts")).not_to_have_attribute("aria-busy", "true")
        after = page.locator(".facts").bounding_box()
        assert before is not None and after is not None
        assert abs(before["y"] - after["y"]) < 1, size
        held, used = (page.locator(name).bounding_box() for name in (".past", ".charts-panel"))
        assert held is not None and used is not None
        spare = held["height"] - used["height"]
        assert spare < 24, size  # no more room is held than is needed


def test_without_npm_the_charts_are_figures(bare_panel, game, open_page):
    """The same places tell average, highest and lowest; nothing is asked for that is not there."""
    panel = bare_panel
    panel.start()
    panel.adopt(game.name)
    fill_past(panel, game.name, gap=range(0))
    for size in SIZES:
        page = open_page(panel, viewport=size)
        open_overview(page, panel, game.name)
        figures = page.get_by_test_id("chart-memory_bytes").locator(".chart-figures")
        expect(figures).to_contain_text("Highest2.0 GiB")
        fps = page.get_by_test_id("chart-fps").locator(".chart-figures")
        expect(fps).to_contain_text("Lowest21")
        expect(page.locator(".plot canvas")).to_have_count(0)
        assert has_no_sideways_scroll(page)


def test_an_engine_that_goes_and_comes_with_the_page_open(
    chromium: Browser,
    outage_panel: Panel,  # noqa: F811 - the fixtures from above
    own_engine: OwnEngine,  # noqa: F811
    game_name: str,  # noqa: F811
):
    """It is said, nothing old is shown as new, the last line can be read, and all comes back by itself."""
    context = chromium.new_context(locale="en-US", viewport=SIZES[0])
    try:
        page = context.new_page()
        troubles = watch(page, NOTHING)
        load(page, outage_panel.url)
        sign_in(page, "admin", PASSWORD)
        row = row_of(page, game_name)
        expect(row.locator(".status .word")).to_have_text("Ready", timeout=60_000)
        expect(row.locator(".memory .value")).to_have_text(re.compile("MiB"))
        own_engine.stop()
        banner = page.get_by_text("The Docker Engine does not answer.")
        expect(banner).to_be_visible(timeout=40_000)
        expect(row.locator(".status .word")).to_have_text("Unknown")
        expect(row.locator(".memory .value")).to_have_text(UNKNOWN)
        expect(page.get_by_test_id("host")).to_contain_text("Does not answer")
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        host, over = page.get_by_test_id("host").bounding_box(), banner.bounding_box()
        assert host is not None and over is not None
        assert host["y"] + host["height"] <= over["y"]
        own_engine.start()
        expect(row.locator(".status .word")).to_have_text("Ready", timeout=60_000)
        expect(banner).to_be_hidden()
        expect(row.locator(".memory .value")).to_have_text(re.compile("MiB"), timeout=40_000)
        assert troubles == []
    finally:
        context.close()


def test_a_tab_that_was_dropped_on_its_way_comes_all_the_same(open_page, panel, adopted):
    """A browser drops what it fetches when a network comes or goes; the page asks again by itself."""
    page = open_page(panel)
    page.route("**/views/overview.js", lambda route: route.abort("aborted"), times=1)
    page.goto(f"{panel.url}/#/servers/{adopted.name}")
    expect(page.locator(".facts dd").first).to_have_text(adopted.name)
