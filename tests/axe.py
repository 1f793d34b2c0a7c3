"""What axe finds on a page that is open: https://github.com/dequelabs/axe-core."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


def find_faults(page: Page) -> list[str]:
    """A line for each element that some of those who read the page cannot read or use."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # Axe would fetch style sheets and media beforehand, for rules that the page has nothing for. A sheet that
    # comes or goes in that very moment makes it complain in the page's console.
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{fault['id']}: {node['html']} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
