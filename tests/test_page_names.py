"""Names that somebody else chose, on each screen that shows one: a new screen is one more line of SCREENS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import docker
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import sign_in, visiting
from tests.game import IMAGE, LABELS, Game
from tests.looks import IN_BOTH_LOOKS
from tests.panel import FIRST_PASSWORD, PASSWORD, Panel

# Marks that turn the text around are written as such: they must not turn this file.
NAMES = {
    "markup": '<img src=x onerror="document.title=1"><b>bold</b>&amp;',
    "turned": "abc \u202egnp.exe\u202d \u2067\u05d0\u05d1",
    "never turned back": "\u202e\u2066\u2066\u2066sdrawkcab",
    "right to left": "\u0645\u0631\u062d\u0628\u0627 (1)",
    "long": "W" * 200,
    "long words": "seventeen letters " * 11,
    "empty": "",
    "nothing to see": "\u200b\u2060\u3164",
    "emoji": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿" * 20,
    "piled up": "".join(f"{letter}{chr(0x300 + 7)}" * 2 + "\u0335\u0489\u036b" * 12 for letter in "Zalgo"),
    "lines": "one\ntwo\r\n\tthree",
}
LONG_TAG = "v1.0.3-" + "x" * 121  # as long as a tag can be
LONG_USER = "W" * 64


class Screen(NamedTuple):
    """A place, and what is to be seen once it is there. `presses` opens a dialog for each that it fits."""

    name: str
    address: str
    shows: str
    presses: str = ""


SCREENS = (
    Screen("home", "#/", ".fleet .status[data-tone=ready]"),
    Screen("overview", "#/servers/{server}", ".facts dl"),
    Screen("log", "#/servers/{server}/logs", '[data-event="joined"]'),
    Screen("players", "#/servers/{server}/players", ".players tbody tr"),
    Screen("kick", "#/servers/{server}/players", ".players tbody tr", presses="[data-testid=kick]"),
    Screen("backups", "#/servers/{server}/backups", ".backups tbody tr"),
    Screen("restore", "#/servers/{server}/backups", ".backups tbody tr", presses=".opener"),
    Screen("settings", "#/servers/{server}/settings", "[data-testid^=settings-group]"),
    Screen("jobs", "#/servers/{server}/jobs", ".job"),
    Screen("manage", "#/servers/{server}/manage", "[data-testid=change-submit]"),
    Screen("adopt", "#/adopt", ".adoptable li"),
    Screen("people", "#/people", ".people tbody tr"),
    Screen("audit", "#/audit", ".audit tbody tr"),
)

# Each piece of text must stay in the box that it is written in, unless that box or one around it scrolls or
# cuts it off; what turns text must be isolated from what stands beside it.
LOOK = r"""
() => {
  const faults = [];
  const root = document.documentElement; // a phone's window grows with what sticks out, and the root does not
  const isOut = (element) => element.getBoundingClientRect().right > root.clientWidth + 1;
  const nameOf = (element) => element.className || element.tagName;
  const out = [...document.querySelectorAll("main *")].filter(isOut).map(nameOf);
  const width = root.scrollWidth;
  if (width > root.clientWidth) faults.push(`the page is ${width} wide: ${out.slice(0, 9)}`);
  const place = document.querySelector("dialog[open]") ?? document.body;
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  const isInline = (element) => ["inline", "contents"].includes(getComputedStyle(element).display);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility() || parent.closest(".unseen, option, .head")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    let box = parent;
    while (isInline(box)) box = box.parentElement;
    const room = box.getBoundingClientRect();
    const cuts = (side) => {
      for (let at = parent; at; at = at.parentElement)
        if (getComputedStyle(at)[`overflow${side}`] !== "visible") return true;
      return false;
    };
    const said = JSON.stringify(node.data.slice(0, 12));
    const isWide = text.left < room.left - 1 || text.right > room.right + 1;
    const who = `${nameOf(parent)} ${said}`;
    if (text.width > 2 && isWide && !cuts("X")) faults.push(`${who}: beside`);
    if (/\p{M}{9}/u.test(node.data) && !cuts("Y")) faults.push(`${who}: piled up`);
    if (/[\u202a-\u202e\u2066-\u2068]/.test(node.data)) {
      let around = parent;
      const isOpen = () => getComputedStyle(around).unicodeBidi === "normal" && isInline(around);
      while (isOpen()) around = around.parentElement;
      const isAlone = around.textContent.trim() === node.data.trim();
      // A line of the log is turned as a whole by what is in it, and never another one.
      const isOfLog = around.closest('[role="log"]') !== null;
      if (!isAlone && !isOfLog) faults.push(`${who}: turns ${around.textContent.slice(0, 60)}`);
    }
  }
  if (document.querySelector("main img, dialog img, main b")) faults.push("markup has run");
  return [...new Set(faults)];
}
"""


@pytest.fixture(scope="module")
def server(panel: Panel, engine: docker.DockerClient) -> Iterator[Game]:
    """A server whose image, players, name and backups are called what people call things."""
    repository = f"palserver-names-{'y' * 60}"
    image = f"{repository}:{LONG_TAG}"
    engine.images.get(IMAGE).tag(repository, LONG_TAG)
    environment = {"SERVER_NAME": NAMES["turned"] + "<b>bold</b>", "SERVER_DESCRIPTION": NAMES["long"]}
    stranger = engine.containers.create(
        image, ["python3", "-m", "demo"], name=f"names-{'z' * 180}", labels=LABELS
    )
    game = Game(engine, image=image, name="n" * 32, environment=environment)
    try:
        game.start()
        panel.adopt(game.name)
        for name in NAMES.values():
            game.join(name)
            game.say(f"[2026-09-01 20:05:12] [CHAT] <{name}> {name}")
            panel.call("POST", "/api/auth/login", {"username": name or " ", "password": "wrong"})
        for name in ("markup", "turned", "long", "emoji", "piled up"):
            panel.run_job(f"/api/instances/{game.name}/backup", {"note": NAMES[name]})
        user = {"username": LONG_USER, "password": FIRST_PASSWORD, "role": "operator"}
        assert panel.call("POST", "/api/users", user).status_code == 201
        yield game
    finally:
        game.remove()
        stranger.remove(force=True, v=True)
        engine.images.remove(image)


def visit(page: Page, panel: Panel, server: Game, screen: Screen) -> Iterator[None]:
    """The screen, and then each of its dialogs."""
    page.goto(f"{panel.url}/{screen.address.format(server=server.name)}")
    expect(page.locator(screen.shows).first).to_be_visible()
    yield
    for button in page.locator(screen.presses).all() if screen.presses else []:
        press(button)
        yield
        page.keyboard.press("Escape")


def press(button: Locator) -> None:
    button.scroll_into_view_if_needed()
    button.click()


@IN_BOTH_LOOKS
def test_no_name_runs_or_leaves_its_place_or_turns_what_stands_beside_it(chromium, panel, server, look):
    """Nothing scrolls sideways, no text lies over its neighbour, and markup is text, on each screen."""
    found: dict[str, list[str]] = {}
    with visiting(chromium, panel.url, reduced_motion="reduce", **look.options) as page:
        sign_in(page, "admin", PASSWORD)
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        for screen in SCREENS:
            for _ in visit(page, panel, server, screen):
                found.setdefault(screen.name, []).extend(page.evaluate(LOOK))
            assert "PalServer" in page.title(), screen.name
    faults = {name: sorted(set(each)) for name, each in found.items() if each}
    assert not faults, json.dumps(faults, indent=1)


@IN_BOTH_LOOKS
def test_one_s_own_name_stays_in_the_head(chromium, panel, server, look):
    """However long it is: nothing scrolls sideways for who is called so."""
    with visiting(chromium, panel.url, **look.options) as page:
        sign_in(page, LONG_USER, FIRST_PASSWORD)
        expect(page.get_by_test_id("account")).to_have_text(re.compile(LONG_USER))
        assert page.evaluate(LOOK) == []


@pytest.mark.parametrize("name", ["empty", "nothing to see"])
def test_a_player_whose_name_cannot_be_seen_is_still_somebody(chromium, panel, server, name):
    """The row says that there is no name, and can be told by the id."""
    players = panel.get(f"/api/server/{server.name}/players")["players"]
    (user_id,) = [player["user_id"] for player in players if player["name"] == (NAMES[name] or None)]
    with visiting(chromium, panel.url) as page:
        sign_in(page, "admin", PASSWORD)
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        page.goto(f"{panel.url}/#/servers/{server.name}/players")
        row = page.get_by_role("row").filter(has_text=user_id)
        expect(row.get_by_role("rowheader")).to_contain_text("(no name)")
