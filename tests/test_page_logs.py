"""The log on the page, read as a person reads it: in both languages, at a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visit, load, sign_in
from tests.containers import Containers
from tests.game import ADMIN_PASSWORD, Game
from tests.looks import IN_BOTH_LOOKS, PHONE, Look
from tests.panel import PASSWORD, Panel
from tests.waiting import wait_until

OpenLog = Callable[..., Page]

GONE = "ERR_INTERNET_DISCONNECTED"
BAD_REQUEST = "status of 400"
# A tab of which a flood takes all the time would answer within seconds or not at all.
ANSWERS_WITHIN_MS = 1000
MOST_NODES = 40_000
MOST_HEAP_BYTES = 120 * 1024 * 1024


@pytest.fixture
def open_log(visit: Visit, panel: Panel, look: Look) -> OpenLog:
    """Opens the log of a server as its owner."""

    def open_log(name: str, expected: str = "$^") -> Page:
        page = visit(panel.url, expected=expected)
        sign_in(page, "admin", PASSWORD)
        page.get_by_test_id(f"instance-{name}").get_by_role("link", name=name).click()
        page.get_by_test_id("tab-logs").click()
        expect(page.get_by_test_id("log-state")).to_have_text(look.say("log.live"))
        return page

    return open_log


def line(page: Page, text: str) -> Locator:
    """The row of a line that says exactly this."""
    return page.get_by_test_id("log-line").filter(has=page.get_by_text(text, exact=True))


def scroll(page: Page, top: float) -> None:
    """To a share of the lines' height, as the wheel or a thumb would."""
    page.get_by_test_id("log-lines").evaluate(
        "(lines, top) => { lines.scrollTop = lines.scrollHeight * top }", top
    )


def place_of(row: Locator) -> float:
    box = row.bounding_box()
    assert box is not None
    return box["y"]


def say_all(panel: Panel, game: Game, *lines: str) -> None:
    """Wait until the panel has the last one, too."""
    for text in lines:
        game.say(text)
    last = re.escape(lines[-1][:100])  # an expression may not be of any length

    def has_it() -> str:
        answer = panel.call("GET", f"/api/instances/{game.name}/logs", params={"q": last})
        assert answer.status_code == 200, answer.text
        return answer.text

    wait_until(has_it, "it was said")


@IN_BOTH_LOOKS
def test_a_reader_at_the_end_stays_there_and_one_above_is_not_moved(open_log, panel, adopted):
    """What is new is in sight at the end; further up it is only counted, until one goes to it."""
    adopted.say("before", repeat=300)
    page = open_log(adopted.name)
    adopted.say("the newest one")
    expect(line(page, "the newest one")).to_be_in_viewport()
    scroll(page, 0.5)
    more = page.get_by_test_id("log-more")
    expect(more).to_be_visible()
    expect(more).not_to_have_text(re.compile("[0-9]"))
    watched = line(page, "before 160")
    place = place_of(watched)
    say_all(panel, adopted, "new and first", "new and second", "new and third")
    expect(more).to_have_text(re.compile("^3 new lines$|^새 로그 3줄$"))
    assert place_of(watched) == place
    expect(line(page, "new and third")).to_have_count(0)
    more.click()
    expect(line(page, "new and third")).to_be_in_viewport()
    expect(more).to_be_hidden()
    adopted.say("and on it goes")
    expect(line(page, "and on it goes")).to_be_in_viewport()


@IN_BOTH_LOOKS
def test_older_lines_come_to_who_scrolls_up_down_to_the_first(open_log, panel, adopted, look):
    """Nothing moves under the reader, no line is missing, few are held; and the way back is one click."""
    adopted.say("old", repeat=6000)
    say_all(panel, adopted, "the last of the old")
    page = open_log(adopted.name)
    expect(line(page, "the last of the old")).to_be_visible()
    beginning = page.get_by_text(re.compile("^The log that is kept begins here$|^보관된 로그의 처음입니다$"))
    seen: set[int] = set()
    while not beginning.is_visible():
        first = page.get_by_test_id("log-line").first
        text = first.inner_text()
        scroll(page, 0)
        page.wait_for_function(
            """(text) => {
              const first = document.querySelector('[data-testid="log-line"]');
              const edge = document.querySelector(".edge");
              return first.innerText !== text || (!edge.hidden && /begins|처음/.test(edge.textContent));
            }""",
            arg=text,
        )
        rows = page.get_by_test_id("log-line").all_inner_texts()
        assert len(rows) <= 2000
        seen |= {int(row.split()[1]) for row in rows if re.fullmatch(r"old \d+", row)}
    assert seen == set(range(1, 6001))
    expect(page.get_by_test_id("log-state")).to_have_text(re.compile("History|지난 로그"))
    adopted.say("meanwhile")
    more = page.get_by_test_id("log-more")
    expect(more).to_have_text(re.compile("^1 new line$|^새 로그 1줄$"))
    more.click()
    expect(line(page, "meanwhile")).to_be_in_viewport()
    expect(page.get_by_test_id("log-state")).to_have_text(look.say("log.live"))


def test_what_is_read_stays_in_its_place_while_older_lines_come(open_log, panel, adopted):
    """To the pixel."""
    adopted.say("old", repeat=3000)
    say_all(panel, adopted, "the last of the old")
    page = open_log(adopted.name)
    expect(line(page, "the last of the old")).to_be_visible()
    lines = page.get_by_test_id("log-lines")
    before = lines.evaluate(
        """async (lines) => {
          lines.scrollTop = 300;
          const row = [...lines.querySelectorAll("p.line")].find((row) => row.offsetTop >= lines.scrollTop);
          window.watched = row;
          return row.getBoundingClientRect().top;
        }"""
    )
    page.wait_for_function("() => window.watched.offsetTop > 5000")
    assert abs(page.evaluate("window.watched.getBoundingClientRect().top") - before) < 1


def test_who_scrolls_down_again_is_live_again(open_log, panel, adopted):
    """The newer lines that had to go come back one page at a time, each once, and then what is new."""
    adopted.say("old", repeat=4000)
    say_all(panel, adopted, "the last of the old")
    page = open_log(adopted.name)
    expect(line(page, "the last of the old")).to_be_visible()
    while page.get_by_test_id("log-state").inner_text() == "Live":
        scroll(page, 0)
    adopted.say("while it is not in sight")
    last = line(page, "while it is not in sight")

    def reaches_the_end() -> bool:
        scroll(page, 1)
        return last.count() == 1

    wait_until(reaches_the_end, "the end is reached")
    expect(page.get_by_test_id("log-state")).to_have_text("Live")
    adopted.say("and this")
    expect(line(page, "and this")).to_be_in_viewport()
    numbers = [
        int(text.split()[1])
        for text in page.get_by_test_id("log-line").all_inner_texts()
        if "old " in text[:4]
    ]
    assert numbers == list(range(numbers[0], 4001))


@IN_BOTH_LOOKS
def test_words_are_found_in_what_is_shown(open_log, panel, adopted):
    """By the keyboard alone: a slash leads to the field, Enter to the next line that has them."""
    for number in range(1, 4):
        adopted.say(f"[NEEDLE] number {number} (of 3)")
        adopted.say("hay", repeat=80)
    say_all(panel, adopted, "the end of the hay")
    page = open_log(adopted.name)
    expect(line(page, "the end of the hay")).to_be_visible()
    page.keyboard.press("/")
    field, count = page.get_by_test_id("log-search"), page.get_by_test_id("log-search-count")
    expect(field).to_be_focused()
    page.keyboard.type("needle] NUMBER")
    places = [re.compile(f"^Match {n} of 3$|^찾은 3줄 중 {n}번째$") for n in (1, 2, 3)]
    expect(count).to_have_text(places[2])
    expect(line(page, "[NEEDLE] number 3 (of 3)")).to_be_in_viewport()
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text(places[1])
    expect(line(page, "[NEEDLE] number 2 (of 3)")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(count).to_have_text(places[0])
    expect(line(page, "[NEEDLE] number 1 (of 3)")).to_be_in_viewport()
    assert page.evaluate("[...CSS.highlights.get('log-found')].map(String)") == ["NEEDLE] number"] * 3
    adopted.say("one more NEEDLE] number")
    expect(count).to_have_text(re.compile("^Match 1 of 3$|^찾은 3줄 중 1번째$"))  # it is not shown here yet
    page.get_by_test_id("log-search-next").click()
    expect(line(page, "[NEEDLE] number 2 (of 3)")).to_be_in_viewport()
    page.keyboard.press("Escape")
    field.focus()
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(page.get_by_test_id("log-lines")).to_be_focused()
    assert page.evaluate("CSS.highlights.get('log-found').size") == 0


@IN_BOTH_LOOKS
def test_the_history_is_searched_on_the_server(open_log, panel, adopted, look):
    """Matches from all that is kept, with their times; each leads to its place, and one key back to live."""
    adopted.say("far back: a rare thing")
    adopted.say("filler", repeat=3000)
    say_all(panel, adopted, "and a rare thing again")
    page = open_log(adopted.name, expected=BAD_REQUEST)
    page.get_by_test_id("log-filter-open").click()
    pattern, found = page.get_by_test_id("log-pattern"), page.get_by_test_id("log-found")
    expect(pattern).to_be_focused()
    pattern.fill("rare (thing")
    page.keyboard.press("Enter")
    problem = page.get_by_role("alert").filter(has_text=re.compile("no regular expression|정규식이 아닙니다"))
    expect(problem).to_be_visible()
    expect(page.get_by_test_id("log-line").filter(has_text="filler 3000")).to_be_visible()
    pattern.fill("rare (thing|deed)")
    page.keyboard.press("Enter")
    expect(found).to_have_text(re.compile("^2 lines match$|^2줄을 찾았습니다$"))
    expect(problem).to_be_hidden()
    rows = page.get_by_test_id("log-line")
    expect(rows).to_have_count(2)
    expect(rows.first.locator("time")).to_be_visible()
    rows.first.get_by_role("button").click()
    expect(line(page, "far back: a rare thing")).to_be_in_viewport()
    expect(line(page, "filler 3")).to_be_in_viewport()
    pattern.fill("no such line")
    page.get_by_test_id("log-filter-submit").click()
    expect(found).to_have_text(re.compile("^No line matches$|^일치하는 줄이 없습니다$"))
    page.get_by_test_id("log-live").click()
    expect(page.get_by_test_id("log-state")).to_have_text(look.say("log.live"))
    adopted.say("live as before")
    expect(line(page, "live as before")).to_be_in_viewport()


def test_a_search_goes_by_stream_and_time(open_log, panel, adopted):
    """What the errors' stream brought, and nothing from before a time to come."""
    adopted.say("to the errors", stream="stderr")
    say_all(panel, adopted, "to the output")
    page = open_log(adopted.name)
    page.get_by_test_id("log-filter-open").click()
    page.get_by_test_id("log-stream").select_option("stderr")
    page.get_by_test_id("log-filter-submit").click()
    expect(page.get_by_test_id("log-line")).to_have_text([re.compile("to the errors$")])
    page.get_by_test_id("log-stream").select_option("")
    page.get_by_test_id("log-since").fill("2099-01-01T00:00")
    page.get_by_test_id("log-filter-submit").click()
    expect(page.get_by_test_id("log-found")).to_have_text("No line matches")
    page.get_by_test_id("log-pattern").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("log-filter")).to_be_hidden()
    expect(line(page, "to the output")).to_be_visible()


@IN_BOTH_LOOKS
def test_how_the_log_is_shown_is_chosen_once(open_log, panel, adopted, look):
    """Times, wrapping, and the panel's own polling, which is hidden at first; a browser remembers it."""
    assert panel.call("GET", f"/api/server/{adopted.name}/info").status_code == 200
    say_all(panel, adopted, "an ordinary line", "far " * 300)
    page = open_log(adopted.name)
    polled = page.get_by_test_id("log-line").filter(has_text="/v1/api/info").first
    ordinary = line(page, "an ordinary line")
    expect(ordinary).to_be_visible()
    expect(polled).to_have_count(0)
    expect(page.locator(".line time").first).to_be_hidden()
    turn(page, "times", "wrap", "hide")
    expect(polled).to_be_visible()
    for _ in range(2):
        expect(page.locator(".line time").first).to_be_visible()
        expect(page.locator(".line-pane")).to_have_class(re.compile("unwrapped"))
        expect(polled).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= look.width
        load(page, page.url)


@IN_BOTH_LOOKS
def test_who_hides_or_shows_the_polling_keeps_their_place(open_log, panel, adopted):
    """The line that was read stays where it is, live and in what was searched for."""
    for part in range(4):
        adopted.say(f"part {part}", repeat=120)
        say_all(panel, adopted, f"the end of part {part}")
        assert panel.call("GET", f"/api/server/{adopted.name}/info").status_code == 200
    page = open_log(adopted.name)
    polled = page.get_by_test_id("log-line").filter(has_text="/v1/api/info")
    expect(line(page, "the end of part 3")).to_be_visible()
    for pattern in ("", "part|info"):
        if pattern:
            page.get_by_test_id("log-filter-open").click()
            page.get_by_test_id("log-pattern").fill(pattern)
            page.get_by_test_id("log-filter-submit").click()
            expect(page.locator(".line time").first).to_be_visible()
        scroll(page, 0.5)
        watched = line(page, first_in_sight(page))
        before = place_of(watched)
        turn(page, "hide")
        expect(polled).not_to_have_count(0)
        assert abs(place_of(watched) - before) < 2
        turn(page, "hide")
        expect(polled).to_have_count(0)
        assert abs(place_of(watched) - before) < 2


def first_in_sight(page: Page) -> str:
    """What the first line says that begins below the upper edge."""
    text: str = page.get_by_test_id("log-lines").evaluate(
        """(lines) => [...lines.querySelectorAll("p.line")]
          .find((row) => row.offsetTop >= lines.scrollTop).querySelector(".text").textContent"""
    )
    return text


def turn(page: Page, *names: str) -> None:
    """Turn switches over; on a phone they are in a sheet."""
    sheet = page.get_by_test_id("log-options-open")
    if sheet.is_visible():
        sheet.click()
    for name in names:
        page.get_by_test_id(f"log-{name}").click()
    if sheet.is_visible():
        page.keyboard.press("Escape")


def test_a_pause_holds_all_lines_back(open_log, panel, adopted):
    """They are counted, and come when it is over."""
    say_all(panel, adopted, "said before it")
    page = open_log(adopted.name)
    expect(line(page, "said before it")).to_be_visible()
    pause = page.get_by_test_id("log-pause")
    pause.click()
    expect(pause).to_have_text("Go on")
    expect(page.get_by_test_id("log-state")).to_have_text("Paused")
    say_all(panel, adopted, "said in the pause")
    expect(page.get_by_test_id("log-more")).to_have_text("1 new line")
    expect(line(page, "said in the pause")).to_have_count(0)
    pause.click()
    expect(line(page, "said in the pause")).to_be_in_viewport()
    expect(page.get_by_test_id("log-state")).to_have_text("Live")


@IN_BOTH_LOOKS
def test_what_is_searched_for_is_downloaded(open_log, panel, adopted):
    """As text, with its times, and without passwords."""
    say_all(panel, adopted, f"the word is {ADMIN_PASSWORD}", "another word")
    page = open_log(adopted.name)
    page.get_by_test_id("log-filter-open").click()
    page.get_by_test_id("log-pattern").fill("the word")
    page.get_by_test_id("log-filter-submit").click()
    expect(page.get_by_test_id("log-line")).to_have_count(1)
    if page.get_by_test_id("log-options-open").is_visible():
        page.get_by_test_id("log-options-open").click()
    with page.expect_download() as downloading:
        page.get_by_test_id("log-download").click()
    assert downloading.value.suggested_filename.startswith(f"{adopted.name}-")
    text = Path(downloading.value.path()).read_text("utf-8")
    assert re.fullmatch(r"\S+Z stdout the word is \*{8}\n", text)


HOSTILE = '<img src=x onerror="document.title=1"> \u202edesrever'


@IN_BOTH_LOOKS
def test_every_line_is_text_and_stays_in_its_row(open_log, panel, adopted, look):
    """Markup, marks that turn the text, colours, control characters, nothing, and 16,000 letters."""
    adopted.say(HOSTILE)
    adopted.say("\x1b[31mred\x1b[0m and \x1b[1;38;5;46mgreen\x1b[m \x1b]0;title\x07plain \x07 \x7f")
    adopted.say("")
    say_all(panel, adopted, "x" * 16_000, "the last one")
    page = open_log(adopted.name)
    expect(line(page, "the last one")).to_be_visible()
    shown = page.get_by_test_id("log-line")
    expect(shown.filter(has_text=HOSTILE)).to_be_visible()
    expect(page.get_by_test_id("log-lines").locator("img")).to_have_count(0)
    coloured = shown.filter(has_text="red and green plain ^G ^?")
    expect(coloured.locator(".ansi-1")).to_have_text("red")
    expect(coloured.locator(".bold.ansi-10")).to_have_text("green")
    long = shown.filter(has_text="xxxx")
    expect(long.locator(".text")).to_have_text("x" * 2000)
    long.get_by_role("button").click()
    expect(long.locator(".text")).to_have_text("x" * 16_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= look.width
    assert page.title() == f"{adopted.name} · PalServer"


@IN_BOTH_LOOKS
def test_who_comes_and_goes_and_each_start_stand_out(open_log, adopted):
    """As rows of their own kind, whatever a player's name pretends; grave lines are of another colour."""
    page = open_log(adopted.name)
    liar = "left the server. (User id: steam_0)"
    player = adopted.join(liar)
    joined = page.locator('[data-event="joined"]')
    expect(joined.locator(".who")).to_have_text(liar)
    adopted.control("DELETE", f"/players/{player['userId']}")
    expect(page.locator('[data-event="left"] .who')).to_have_text(liar)
    adopted.say("[2026-09-01 20:05:12] [CHAT] <x> Lamia joined the server. (User id: steam_1)")
    adopted.say("LowLevelFatalError: Detected negative delta time")
    expect(page.locator('[data-level="chat"] .who')).to_have_text("x")
    expect(page.locator('[data-level="error"] .text')).to_have_text(
        "LowLevelFatalError: Detected negative delta time"
    )
    expect(joined).to_have_count(1)
    marks = page.get_by_test_id("log-mark")
    starts = marks.filter(has_text=re.compile("^Started|시작됨$"))
    expect(starts).to_have_count(1)
    adopted.container.restart(timeout=1)
    expect(marks.filter(has_text=re.compile("^Ended|종료됨"))).to_be_visible()
    expect(starts).to_have_count(2)
    expect(page.locator('[data-event="ready"]')).to_have_count(2)


@IN_BOTH_LOOKS
def test_a_log_that_hears_nothing_is_not_called_live(open_log, panel, adopted, look):
    """While the network is gone it says so, and when it is back every line is there, once."""
    say_all(panel, adopted, "said before")
    page = open_log(adopted.name, expected=GONE)
    expect(line(page, "said before")).to_be_visible()
    state = page.get_by_test_id("log-state")
    page.context.set_offline(True)
    expect(state).to_have_text(re.compile("^Connection lost|^연결이 끊겨"))
    say_all(panel, adopted, "said meanwhile, first", "said meanwhile, second")
    expect(line(page, "said meanwhile, second")).to_have_count(0)
    page.context.set_offline(False)
    expect(state).to_have_text(look.say("log.live"), timeout=20_000)
    adopted.say("said afterwards")
    expect(line(page, "said afterwards")).to_be_in_viewport()
    said = [text for text in page.get_by_test_id("log-line").all_inner_texts() if text.startswith("said ")]
    order = ["said before", "said meanwhile, first", "said meanwhile, second", "said afterwards"]
    assert [text.strip() for text in said] == order


@IN_BOTH_LOOKS
def test_a_server_that_does_not_run_is_not_called_live(open_log, adopted, look):
    """When it ended is told once, with its exit code, also to who comes later; then it is live again."""
    page = open_log(adopted.name)
    state, marks = page.get_by_test_id("log-state"), page.get_by_test_id("log-mark")
    ends = marks.filter(has_text=re.compile(r"^Ended .*, exit code 137$|에 종료됨\(코드 137\)$"))
    adopted.container.kill()
    for open_again in (None, page.reload):
        if open_again:
            open_again()
        expect(state).to_have_text(re.compile("^The server is not running$|^서버가 실행 중이 아닙니다$"))
        expect(ends).to_have_count(1)
        expect(ends).to_be_in_viewport()
        expect(ends.locator("span")).to_have_css("clip-path", "none")  # its words are seen
        expect(page.locator(".rows > :last-child")).to_have_attribute("data-testid", "log-mark")
    adopted.container.start()
    expect(state).to_have_text(look.say("log.live"))
    expect(marks.filter(has_text=re.compile("^Started|시작됨$"))).to_have_count(2)
    expect(ends).to_have_count(1)
    expect(marks).to_have_count(3)  # between the end and the start nothing says that it runs


@IN_BOTH_LOOKS
def test_the_newest_line_is_whole(open_log, panel, adopted):
    """The end is reached to the pixel, also when what stands above the lines comes late, and with marks."""
    adopted.say("old", repeat=700)
    say_all(panel, adopted, "the newest one")
    page = open_log(adopted.name)
    expect(line(page, "the newest one")).to_be_in_viewport()
    expect(page.locator(".edge")).not_to_have_attribute("hidden", "")
    assert measure_left(page) < 1
    adopted.container.kill()
    expect(page.get_by_test_id("log-mark").last).to_be_in_viewport()
    assert measure_left(page) < 1


def measure_left(page: Page) -> float:
    """How many pixels of the lines are below what is in sight, once all that is known is shown."""
    left: float = page.get_by_test_id("log-lines").evaluate(
        """async (lines) => {
          for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
          return Math.abs(lines.scrollHeight - lines.clientHeight - lines.scrollTop);
        }"""
    )
    return left


@IN_BOTH_LOOKS
def test_the_filter_goes_on_with_the_words_that_were_looked_for(open_log, panel, adopted):
    """As they are, and large or small; what is found in what is shown then is counted, or looked for anew."""
    say_all(panel, adopted, "Lamia (1) is here", "Lamia 1 says hello", "lamia (1) is away", "the end")
    page = open_log(adopted.name)
    expect(line(page, "the end")).to_be_visible()
    field, count = page.get_by_test_id("log-search"), page.get_by_test_id("log-search-count")
    pattern, rows = page.get_by_test_id("log-pattern"), page.get_by_test_id("log-line")
    field.fill("lamia (1)")
    expect(count).to_have_text(re.compile("^Match 2 of 2$|^찾은 2줄 중 2번째$"))
    page.get_by_test_id("log-filter-open").click()
    expect(pattern).to_have_value(r"lamia \(1\)")
    page.get_by_test_id("log-filter-submit").click()
    expect(rows).to_have_count(2)
    expect(field).to_have_value("lamia (1)")
    expect(count).to_have_text(re.compile("^2 matches$|^2줄$"))
    assert page.evaluate("[...CSS.highlights.get('log-found')].map(String)") == ["Lamia (1)", "lamia (1)"]
    pattern.fill("SAYS")
    page.get_by_test_id("log-filter-submit").click()
    expect(rows).to_have_count(1)
    expect(field).to_have_value("")
    expect(count).to_be_hidden()
    field.fill("HELLO")
    expect(count).to_have_text(re.compile("^Match 1 of 1$|^찾은 1줄 중 1번째$"))
    page.get_by_test_id("log-filter-open").click()
    page.get_by_test_id("log-filter-open").click()
    expect(pattern).to_have_value("SAYS")
    expect(field).to_have_value("HELLO")


@pytest.mark.parametrize("look", [Look("en", 2560, "light")], ids=str)
def test_long_lines_have_the_whole_width_of_the_window(open_log, adopted):
    """On a wide screen; what stands above them is where it is on every other tab."""
    page = open_log(adopted.name)
    lines, tabs = page.get_by_test_id("log-lines"), page.get_by_test_id("tab-logs")
    expect(lines).to_be_visible()
    box, place = lines.bounding_box(), tabs.bounding_box()
    assert box is not None
    assert box["width"] > 2500
    assert page.evaluate("document.documentElement.scrollWidth") <= 2560
    page.get_by_test_id("tab-players").click()
    expect(page.get_by_test_id("tab-players")).to_have_attribute("aria-current", "page")
    assert tabs.bounding_box() == place


@pytest.mark.parametrize("look", [PHONE], ids=str)
def test_on_a_phone_no_line_is_covered(open_log, panel, adopted):
    """The way to the newest lines stands below the lines, which make room for it and do not move."""
    adopted.say("before", repeat=300)
    say_all(panel, adopted, "the end")
    page = open_log(adopted.name)
    expect(line(page, "the end")).to_be_in_viewport()
    scroll(page, 0.5)
    more = page.get_by_test_id("log-more")
    expect(more).to_be_visible()
    lines, button = page.get_by_test_id("log-lines").bounding_box(), more.bounding_box()
    assert lines is not None
    assert button is not None
    assert lines["y"] + lines["height"] <= button["y"]
    expect(more).to_be_in_viewport(ratio=0.95)  # the rest is a fraction of a pixel
    more.click()
    expect(more).to_be_hidden()
    assert measure_left(page) < 1


FLOOD = """
import sys
text = "".join(f"a line of the flood, {number:06}\\n" for number in range(5000))
while True:
    sys.stdout.write(text)
"""


def test_a_flood_leaves_the_page_usable(open_log, panel, engine):
    """A program that prints as fast as it can: what is shown stays bounded, what is not shown is counted."""
    containers = Containers(engine)
    try:
        flood = make_flood(containers, panel)
        page = open_log(flood)
        page.evaluate(
            """() => {
              window.waits = [];
              let before = performance.now();
              setInterval(() => {
                window.waits.push(performance.now() - before - 50);
                before = performance.now();
              }, 50);
            }"""
        )
        skipped = page.get_by_test_id("log-skipped")
        expect(skipped).to_have_text(re.compile(r"\d{3},\d{3} skipped"), timeout=120_000)
        figures = measure(page)
        assert figures["nodes"] < MOST_NODES
        assert figures["heap_bytes"] < MOST_HEAP_BYTES
        assert sorted(page.evaluate("window.waits"))[-3] < ANSWERS_WITHIN_MS
        page.get_by_test_id("log-search").fill("flood, 004999")
        scroll(page, 0.3)
        more = page.get_by_test_id("log-more")
        expect(more).to_have_text(re.compile("new lines"))
        page.get_by_test_id("tab-jobs").click()
        expect(page.get_by_text("Nothing has been done")).to_be_visible()
    finally:
        containers.remove_all()


def test_lines_that_were_skipped_can_be_looked_at(open_log, panel, engine):
    """The last of them come to where they are missing."""
    containers = Containers(engine)
    try:
        flood = make_flood(containers, panel)
        page = open_log(flood)
        mark = page.get_by_test_id("log-skipped-here").first
        expect(mark).to_be_visible(timeout=60_000)
        engine.containers.get(containers.name("flood")).pause()  # or what is missing may soon be kept no more
        page.get_by_test_id("log-pause").click()
        mark = page.locator("[data-testid=log-skipped-here]:has(+ .line)").last
        behind = mark.evaluate_handle("(mark) => mark.nextElementSibling")
        mark.get_by_role("button").click()
        # Where as much is shown as can be, the line behind them has to go for them.
        page.wait_for_function(
            "(line) => !line.isConnected || line.previousElementSibling.matches('.line')", arg=behind
        )
    finally:
        containers.remove_all()


def make_flood(containers: Containers, panel: Panel) -> str:
    labels = {"palserver.saved-path": "/pal/Saved"}
    log_config = docker.types.LogConfig(type="json-file", config={"max-size": "20m", "max-file": "2"})
    container = containers.make(
        "python3", "-c", FLOOD, labels=labels, name=containers.name("flood"), log_config=log_config
    )
    container.start()
    name = str(container.name)[:32]
    panel.adopt(str(container.name), name=name)
    return name


def measure(page: Page) -> dict[str, float]:
    """After a collection of garbage: what the page holds."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return {"nodes": found["Nodes"], "heap_bytes": found["JSHeapUsedSize"]}
