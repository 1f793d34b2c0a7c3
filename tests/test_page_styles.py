"""Style sheets that come with what they are for: each screen has all of its own, and nothing of another's."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from palserver.web.page import list_assets
from tests.browser import reload
from tests.test_page_axe import PRESSED, House, house, walk  # noqa: F401 - fixtures are used by their names

SHEETS = [name for name in list_assets() if name.startswith("css/") and not name.startswith("css/docs/")]
SHARED = ["css/tables.css", "css/log.css", "css/jobs.css"]  # named before the sheet of a tab's own

# Puts other sheets behind those that are there, and tells what looks different then. All at one go, so that
# nothing else changes meanwhile.
COMPARE = """
(texts) => {
  const elements = [...document.querySelectorAll("body, body *")];
  // These follow from what other elements look like.
  const follows = /^(block|inline)-size$|^(width|height|.*-origin|grid-template-.*)$/;
  const look = (element) => {
    const style = getComputedStyle(element);
    const names = [...style].filter((name) => !follows.test(name));
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)]));
  };
  const before = elements.map(look);
  const added = texts.map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text.replaceAll('url("', 'url("assets/css/')); // else from the page on
    return sheet;
  });
  document.adoptedStyleSheets = added;
  const found = [];
  elements.forEach((element, at) => {
    const now = look(element);
    const names = Object.keys(now).filter((name) => now[name] !== before[at][name]);
    if (names.length) found.push(`${element.tagName}.${element.className}: ${names}`);
  });
  document.adoptedStyleSheets = [];
  return found;
}
"""


def order_of(at_once: list[str], *, backwards: bool) -> list[str]:
    """Those that are there at once stay in front. Of the rest any may have come first."""
    rest = [name for name in SHEETS if name not in at_once + SHARED]
    return at_once + SHARED + (rest[::-1] if backwards else rest)


@pytest.mark.parametrize(("width", "backwards"), [(375, True), (1280, False)], ids=["phone", "desk"])
def test_no_screen_looks_different_for_where_one_has_been(chromium, house, width, backwards):  # noqa: F811 - a fixture
    """Whatever sheets other screens have brought, and in whatever order, nothing on this one changes."""
    assets = list_assets()
    index = assets["index.html"].plain.decode()
    at_once = [name for name in SHEETS if f"assets/{name}" in index]
    at_once.sort(key=lambda name: index.index(f"assets/{name}"))
    texts = [assets[name].plain.decode() for name in order_of(at_once, backwards=backwards)]
    changed: set[str] = set()
    for page, screen in walk(chromium, house, viewport={"width": width, "height": 800}):
        if screen.name == "API":
            continue
        reload(page)
        expect(page.locator(screen.shows).first).to_be_visible()
        if screen.presses:
            page.get_by_test_id(screen.presses).first.click()
            expect(page.locator(PRESSED).first).to_be_visible()
        changed |= {f"{screen.name}: {each}" for each in page.evaluate(COMPARE, texts)}
    assert not changed, "\n".join(sorted(changed))
