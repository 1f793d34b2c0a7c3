"""Every screen of the page, in each theme, language and width: a new screen is one more line of SCREENS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import docker
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import find_faults
from tests.browser import reload, sign_in, visiting
from tests.game import Game, remove_container
from tests.panel import FIRST_PASSWORD, PASSWORD, Panel
from tests.waiting import wait_until

NEWCOMER = "newcomer"
# What a press opens: a dialog, or a part.
PRESSED = "dialog[open], details[open] tbody tr, .log-filter:not([hidden])"
# What chromium says of every request while there is no network.
GONE = "ERR_INTERNET_DISCONNECTED"


class Screen(NamedTuple):
    """A place: who is there, where it is, and what is to be seen once it is there.

    In an address `{running}`, `{stopped}` and `{missing}` are servers, `{job}` and `{backup}` of the first.
    `presses` is what opens a dialog there, or a part. `greys` is what is greyed while nothing is heard.
    """

    name: str
    who: str
    address: str
    shows: str
    presses: str = ""
    greys: tuple[str, ...] = ()


SOFT = """
() => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "var(--ink-soft)";
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
"""

NOBODY, MUST_CHANGE, FIRST_ADMIN, ADMIN = "nobody", "must change", "first admin", "admin"

SCREENS = (
    Screen("sign-in", NOBODY, "#/", "[data-testid=login-username]"),
    Screen("forced password", MUST_CHANGE, "#/", "[data-testid=new-password]"),
    Screen("empty home", FIRST_ADMIN, "#/", "[data-testid=adopt]"),
    Screen("adopt", FIRST_ADMIN, "#/adopt", ".adoptable li"),
    Screen("home", ADMIN, "#/", ".fleet .status[data-tone=ready]", greys=(".fleet", ".host dl")),
    Screen("stop", ADMIN, "#/servers/{running}", ".facts dl", presses="action-stop"),
    Screen(
        "overview",
        ADMIN,
        "#/servers/{running}",
        ".charts:not([aria-busy])",
        greys=(".identity", ".vitals .status", ".charts", ".facts", ".care"),
    ),
    Screen("overview, stopped", ADMIN, "#/servers/{stopped}", ".facts dl"),
    Screen("overview, missing", ADMIN, "#/servers/{missing}", ".status[data-tone=bad]"),
    Screen("log", ADMIN, "#/servers/{running}/logs", "[data-testid=log-line]", greys=(".vitals .status",)),
    Screen("log, stopped", ADMIN, "#/servers/{stopped}/logs", "[data-testid=log-line]"),
    Screen("log, missing", ADMIN, "#/servers/{missing}/logs", "[data-testid=log-state]"),
    Screen(
        "log filter", ADMIN, "#/servers/{running}/logs", "[data-testid=log-line]", presses="log-filter-open"
    ),
    Screen(
        "players",
        ADMIN,
        "#/servers/{running}/players",
        ".players tbody tr",
        greys=("table.players",),
    ),
    Screen("kick", ADMIN, "#/servers/{running}/players", ".players tbody tr", presses="kick"),
    Screen("players, stopped", ADMIN, "#/servers/{stopped}/players", ".players-tab fieldset:disabled"),
    Screen("players, missing", ADMIN, "#/servers/{missing}/players", ".players-tab fieldset:disabled"),
    Screen("bans", ADMIN, "#/servers/{running}/players", ".players tbody tr", presses="bans"),
    Screen("jobs", ADMIN, "#/servers/{running}/jobs", "[data-testid=job]", greys=(".jobs",)),
    Screen("jobs, none", ADMIN, "#/servers/{stopped}/jobs", "main [role=status]:not(:empty)"),
    Screen("job", ADMIN, "#/servers/{running}/jobs/{job}", ".job-output .line", greys=(".jobs",)),
    Screen(
        "backups",
        ADMIN,
        "#/servers/{running}/backups",
        "[data-testid=backup]",
        greys=(".backups", ".versions"),
    ),
    Screen("backup", ADMIN, "#/servers/{running}/backups/{backup}", ".backup-facts", greys=(".backups",)),
    Screen("backups, none", ADMIN, "#/servers/{stopped}/backups", "main .empty:not([hidden])"),
    Screen("backups, missing", ADMIN, "#/servers/{missing}/backups", "[data-testid=action-backup]"),
    Screen(
        "settings",
        ADMIN,
        "#/servers/{running}/settings",
        "[data-testid^=settings-group]",
        greys=(".settings",),
    ),
    Screen("settings, stopped", ADMIN, "#/servers/{stopped}/settings", "[data-testid^=settings-group]"),
    Screen("settings, missing", ADMIN, "#/servers/{missing}/settings", ".settings > p:only-child"),
    Screen("manage", ADMIN, "#/servers/{running}/manage", "[data-testid=change-submit]"),
    Screen(
        "delete", ADMIN, "#/servers/{running}/manage", "[data-testid=delete-submit]", presses="delete-submit"
    ),
    Screen("manage, stopped", ADMIN, "#/servers/{stopped}/manage", "[data-testid=change-submit]"),
    Screen("manage, missing", ADMIN, "#/servers/{missing}/manage", "[data-testid=delete-submit]"),
    Screen("create", ADMIN, "#/create", "[data-testid=create-submit]"),
    Screen("account", ADMIN, "#/account", ".sessions li", greys=(".sessions",)),
    Screen("people", ADMIN, "#/people", ".people tbody tr", greys=("table.people",)),
    Screen("add", ADMIN, "#/people", ".people tbody tr", presses="add-user"),
    Screen("role", ADMIN, "#/people", ".people tbody tr", presses=f"change_role-{NEWCOMER}"),
    Screen("new password", ADMIN, "#/people", ".people tbody tr", presses=f"set_password-{NEWCOMER}"),
    Screen("remove", ADMIN, "#/people", ".people tbody tr", presses=f"remove-{NEWCOMER}"),
    Screen("audit", ADMIN, "#/audit", ".audit tbody tr", greys=("table.audit",)),
    Screen("nowhere", ADMIN, "#/there/is/nothing", "main h1"),
    Screen("API", ADMIN, "api/docs", "main h2"),
)

# What these show is not all sent to them: they ask for it when they are opened.
READING = (
    "overview",
    "players",
    "jobs",
    "backups",
    "settings",
    "manage",
    "create",
    "account",
    "people",
    "audit",
)
# By then the page has asked twice, which is as often as it does.
GIVEN_UP_MS = 1500

# Of three things with two sides each, every two meet in each of their four ways.
LOOKS = [("en", 375, "light"), ("en", 1280, "dark"), ("ko", 375, "dark"), ("ko", 1280, "light")]
LOCALES = {"en": "en-US", "ko": "ko-KR"}


class House(NamedTuple):
    """A panel with a running server, on which somebody plays, a stopped one and one without a container; and
    a panel with nothing.

    `job` and `backup` are ids: of a backup of the running server, and of what came of it.
    """

    full: Panel
    bare: Panel
    running: Game
    stopped: Game
    missing: Game
    job: str
    backup: str


@pytest.fixture(scope="module")
def house(
    panel: Panel, tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient
) -> Iterator[House]:
    bare = Panel(Path(tmp_path_factory.mktemp("bare")))
    games = [Game(engine), Game(engine), Game(engine)]
    try:
        bare.start()
        running, stopped, missing = (game.start() for game in games)
        stopped.container.stop()
        running.join("Mia")
        for game in games:
            panel.adopt(game.name)
        remove_container(missing.client, missing.name)
        job = panel.run_job(f"/api/instances/{running.name}/backup")
        (backup,) = panel.get(f"/api/instances/{running.name}/backups")["backups"]
        ban = {"user_id": "steam_76561190000000009", "message": "enough"}
        assert panel.call("POST", f"/api/server/{running.name}/ban", ban).status_code == 200
        user = {"username": NEWCOMER, "password": FIRST_PASSWORD, "role": "operator"}
        assert panel.call("POST", "/api/users", user).status_code == 201
        yield House(panel, bare, running, stopped, missing, job["id"], backup["id"])
    finally:
        for game in games:
            game.remove()
        bare.close()


def walk(browser: Browser, house: House, **options: Any) -> Iterator[tuple[Page, Screen]]:
    """Each screen in turn, open in a page; the page of one visitor is the same all along."""
    for who in dict.fromkeys(screen.who for screen in SCREENS):
        panel = house.bare if who == FIRST_ADMIN else house.full
        with visiting(browser, panel.url, reduced_motion="reduce", **options) as page:
            let_in(page, who)
            for screen in (screen for screen in SCREENS if screen.who == who):
                go_to(page, panel, house, screen)
                yield page, screen
                page.keyboard.press("Escape")


def let_in(page: Page, who: str) -> None:
    if who == NOBODY:
        return
    sign_in(page, *((NEWCOMER, FIRST_PASSWORD) if who == MUST_CHANGE else ("admin", PASSWORD)))
    expect(page.get_by_test_id("sign-out")).to_be_visible()


def go_to(page: Page, panel: Panel, house: House, screen: Screen) -> None:
    page.goto(f"{panel.url}/{find_address(house, screen)}")
    expect(page.locator(screen.shows).first).to_be_visible()
    if screen.presses:
        page.get_by_test_id(screen.presses).first.click()
        expect(page.locator(PRESSED).first).to_be_visible()


def find_address(house: House, screen: Screen) -> str:
    names = {kind: getattr(house, kind).name for kind in ("running", "stopped", "missing")}
    return screen.address.format(**names, job=house.job, backup=house.backup)


def test_axe_sees_what_is_wrong(chromium, panel):
    """A picture without words is found: the package brings all of axe, and no policy silences it."""
    with visiting(chromium, panel.url) as page:
        expect(page.get_by_test_id("login-username")).to_be_visible()
        page.evaluate("document.querySelector('.mark img').removeAttribute('alt')")
        assert [fault.split(":")[0] for fault in find_faults(page)] == ["image-alt"]


@pytest.mark.parametrize(("language", "width", "theme"), LOOKS)
def test_axe_finds_nothing_on_any_screen(chromium, house, language, width, theme):
    """No name is missing, no colour too faint, no heading, label or role out of its place."""
    faults = {}
    for page, screen in walk(
        chromium,
        house,
        locale=LOCALES[language],
        color_scheme=theme,
        viewport={"width": width, "height": 800},
    ):
        found = find_faults(page)
        if found:
            faults[screen.name] = found
    assert faults == {}


@pytest.mark.parametrize(("language", "width", "theme"), LOOKS)
def test_what_is_stale_is_greyed_on_every_screen_and_can_be_read(chromium, house, language, width, theme):
    """While nothing is heard no figure looks like a new one; axe finds nothing then either."""
    faults: dict[str, Any] = {}
    options = {
        "locale": LOCALES[language],
        "color_scheme": theme,
        "viewport": {"width": width, "height": 800},
    }
    with visiting(chromium, house.full.url, expected=GONE, reduced_motion="reduce", **options) as page:
        let_in(page, ADMIN)
        for screen in (screen for screen in SCREENS if screen.greys):
            go_to(page, house.full, house, screen)
            assert [part for part in screen.greys if is_grey(page, part)] == []
            page.context.set_offline(True)
            expect(page.locator("html[data-stale] .stale")).to_be_visible()
            coloured = [part for part in screen.greys if not is_grey(page, part)]
            found = find_faults(page)
            if coloured or found:
                faults[screen.name] = (coloured, found)
            page.context.set_offline(False)
            expect(page.locator("html")).not_to_have_attribute("data-stale", "")
    assert faults == {}


def test_what_is_opened_while_nothing_is_reached_comes_by_itself(chromium, house):
    """Each screen, gone to without a network, says so, and is as it should be once there is one again."""
    empty = []
    with visiting(chromium, house.full.url, expected=GONE, reduced_motion="reduce") as page:
        let_in(page, ADMIN)
        for screen in (screen for screen in SCREENS if screen.name in READING):
            go_to(page, house.full, house, screen)  # now its code is there
            page.goto(f"{house.full.url}/#/")
            page.context.set_offline(True)
            expect(page.locator("html[data-stale] .stale")).to_be_visible()
            page.goto(f"{house.full.url}/{find_address(house, screen)}")
            page.wait_for_timeout(GIVEN_UP_MS)
            page.context.set_offline(False)
            try:
                expect(page.locator(screen.shows).first).to_be_visible()
            except AssertionError:
                empty.append(screen.name)
    assert empty == []


def is_grey(page: Page, part: str) -> bool:
    """Whether it, which is there, has neither colours nor the strong letters of what is true now."""
    look: list[str] = page.locator(part).first.evaluate(
        "part => [getComputedStyle(part).filter, getComputedStyle(part).color]"
    )
    return look == ["grayscale(1)", page.evaluate(SOFT)]


# What moved since the page was loaded without somebody's doing: each time the share of the window that moved,
# times how far it went (layout shift; https://web.dev/articles/cls calls 0.1 in all good), and what it was.
SEEN_JUMP = 0.01
JUMPS = """
() => {
  const found = [];
  const what = (node) => node?.outerHTML?.slice(0, 120) ?? node?.textContent;
  const note = (list) => list.getEntries().forEach(({value, sources}) => {
    found.push([value, sources.map(({node}) => what(node)).join(" | ")]);
  });
  new PerformanceObserver(note).observe({type: "layout-shift", buffered: true});
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(found), 100)));
}
"""


@pytest.mark.parametrize(("language", "width", "theme"), LOOKS[1:3])
def test_nothing_jumps_when_data_arrives(chromium, house, language, width, theme):
    """Each screen is loaded anew, and what stands there stays where it is."""
    jumps = {}
    options = {
        "locale": LOCALES[language],
        "color_scheme": theme,
        "viewport": {"width": width, "height": 800},
    }
    with visiting(chromium, house.full.url, **options) as page:
        let_in(page, ADMIN)
        for screen in (screen for screen in SCREENS if screen.who == ADMIN and not screen.presses):
            go_to(page, house.full, house, screen)
            reload(page)
            expect(page.locator(screen.shows).first).to_be_visible()
            page.wait_for_load_state("networkidle")
            found = page.evaluate(JUMPS)
            if sum(share for share, _ in found) > SEEN_JUMP:
                jumps[screen.name] = found
    assert jumps == {}


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_where_the_system_asks_for_none(chromium, house, motion, moves):
    """The lamp of what is busy, and the bar of work whose share nobody knows: of a stop that counts down."""
    panel, path = house.full, f"/api/instances/{house.running.name}"
    with visiting(chromium, panel.url, reduced_motion=motion) as page:
        let_in(page, ADMIN)
        page.goto(f"{panel.url}/#/servers/{house.running.name}/jobs")
        job = panel.call("POST", f"{path}/stop", {"wait_seconds": 600}).json()["job"]
        try:
            row = page.locator(".job[data-tone=busy]")
            for part in (row.locator(".lamp"), row.locator("progress:indeterminate")):
                expect(part).to_be_visible()
                assert bool(part.evaluate("part => part.getAnimations().length")) is moves
        finally:
            cancel = f"/api/jobs/{job['id']}/cancel"
            wait_until(lambda: panel.call("POST", cancel).status_code == 202, "it is cancelled")
            wait_until(lambda: panel.get(path)["job"] is None, "the countdown has ended")


@pytest.mark.parametrize(("language", "width"), [("en", 375), ("ko", 375), ("en", 2560)])
def test_nothing_scrolls_sideways(chromium, house, language, width):
    """Everything fits the width, from a phone to a wide screen."""
    options: dict[str, Any] = {"viewport": {"width": width, "height": 700}, "locale": LOCALES[language]}
    if width < 400:
        options |= {"has_touch": True, "is_mobile": True}
    too_wide = [
        screen.name
        for page, screen in walk(chromium, house, **options)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    ]
    assert too_wide == []


@pytest.mark.parametrize("language", LOCALES)
def test_no_request_fails_on_an_ordinary_tour(chromium, house, language):
    """By its links through all of the page, and out again: each answer is good, and the console is still."""
    answers: list[tuple[int, str]] = []
    with visiting(chromium, house.full.url, locale=LOCALES[language]) as page:
        page.on("response", lambda answer: answers.append((answer.status, answer.url)))
        reload(page)
        let_in(page, ADMIN)
        for server in (house.running.name, house.stopped.name, house.missing.name):
            page.get_by_role("link", name=server).click()
            expect(page.get_by_test_id("tab-overview")).to_be_visible()
            for tab in page.locator("nav.tabs a").all():
                tab.click()
                expect(page.locator("main .later > [role=status]")).to_have_count(0)  # it has come
                page.wait_for_load_state("networkidle")
                if (tab.get_attribute("href") or "").endswith("/players"):
                    page.get_by_test_id("bans").click()
                    expect(page.locator(".ban-list [role=status]")).not_to_be_empty()
                    page.wait_for_load_state("networkidle")
            page.locator("a.back").click()
        for place in ("adopt", "people", "to-audit", "to-account", "sign-out"):
            page.get_by_test_id(place).click()
            page.wait_for_load_state("networkidle")
            if place == "adopt":
                page.locator("a.back").click()
        expect(page.get_by_test_id("login-username")).to_be_visible()
        with page.expect_response("**/api/auth/refresh") as refresh:
            page.reload()
        assert refresh.value.status == 204
    assert [answer for answer in answers if answer[0] >= 400] == []
    assert len(answers) > 50
