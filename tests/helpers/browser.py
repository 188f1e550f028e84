"""A real Chromium, driven from Python. Playwright is only the driver: the browser is Debian's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from helpers.needs import missing, require
from helpers.servers import eventually

try:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

    _DRIVER = True
except ImportError:
    _DRIVER = False

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
# What a page may not do is noted from its first moment on.
_WATCH = """
window.violations = []
document.addEventListener('securitypolicyviolation', event => violations.push(`${event.violatedDirective} ${event.blockedURI}`))
"""


@dataclass
class Opened:
    """Pages opened in one test, and what they did that no page of ours may do."""

    browser: Browser
    folder: Path
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)
    _pages: list[Page] = field(default_factory=list)

    def write(self, markup: str, name: str = "page.html") -> Path:
        """Write a page; where, as a browser finds it."""
        path = self.folder / name
        path.write_text(markup, encoding="utf-8")
        return path

    def open(self, markup: str, after: str = "", *, name: str = "page.html", width: int = 1280, **context: Any) -> Page:
        """Open a page; `after`: query and fragment. `context`: options of the browser's, such as `java_script_enabled`."""
        return self.visit(self.write(markup, name), after, width=width, **context)

    def visit(self, path: Path, after: str = "", *, width: int = 1280, **context: Any) -> Page:
        """Open a page that was written already, somewhere below the folder."""
        made = self.browser.new_context(viewport={"width": width, "height": 900}, **context)
        made.set_default_timeout(60_000)
        self._contexts.append(made)
        page = made.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._note_dialog)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        if context.get("java_script_enabled", True):  # without, evaluate() would wait for ever
            page.add_init_script(_WATCH)
            self._pages.append(page)
        page.goto(f"file://{quote(str(path))}{after}")
        return page

    def _note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        """Close everything. No page may have asked for anything but itself, shown a dialog or broken its own policy."""
        violations = [v for page in self._pages for v in page.evaluate("window.violations || []")]
        for context in self._contexts:
            context.close()
        asked = {url.partition("#")[0].partition("?")[0] for url in self.requests}
        assert all(url.startswith(f"file://{quote(str(self.folder))}/") for url in asked), asked
        assert not self.dialogs
        assert not violations
        assert not self.complaints


# Not for the session: while it is there, its event loop runs, and no other test could have one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Debian's Chromium."""
    if not _DRIVER:
        missing("playwright", "pip install playwright (its browsers are not needed)")
    program = require("chromium", "chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Return where a test opens its pages."""
    opened = Opened(chromium, tmp_path)
    yield opened
    opened.close()


def until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression is true.

    Playwright's wait_for_function calls eval() if the expression is not true at once, and the policy of our pages forbids that.
    """
    eventually(lambda: bool(page.evaluate(condition)), 20, condition, every=0.02)


def axe(page: Page) -> list[str]:
    """Return what axe-core objects to on a page, by the rules of WCAG 2.2 AA and its best practices."""
    try:
        source = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        missing("axe-core", "pip install axe-playwright-python")
    page.evaluate(source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"][:3]]
