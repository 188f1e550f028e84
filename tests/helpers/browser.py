"""A real Chromium, driven from Python. Playwright is only the driver: the browser is Debian's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from helpers.needs import missing, require
from helpers.servers import eventually

try:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, ViewportSize, sync_playwright

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


class Window:
    """A page in a browser context of its own, for one test after the other: to make one takes longer than most tests."""

    def __init__(self, browser: Browser, width: int, context: Mapping[str, Any]) -> None:
        self.used_by: Opened | None = None
        self.has_scripts = context.get("java_script_enabled", True)
        self.context = browser.new_context(viewport=_size(width), **context)
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self._note("requests", request.url))
        self.page.on("pageerror", lambda error: self._note("complaints", str(error)))
        self.page.on("console", self._note_message)
        self.page.on("dialog", self._note_dialog)
        if self.has_scripts:  # without, evaluate() would wait for ever
            self.page.add_init_script(_WATCH)

    def _note(self, kind: str, text: str) -> None:
        if self.used_by:
            getattr(self.used_by, kind).append(text)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note("complaints", message.text)

    def _note_dialog(self, dialog: Dialog) -> None:
        self._note("dialogs", dialog.message)
        dialog.dismiss()

    def open_for(self, user: Opened, width: int) -> Page:
        """Return the page, as it was when it was new."""
        self.used_by = user
        self.page.set_viewport_size(_size(width))
        return self.page

    def leave(self) -> list[str]:
        """End what a test did with the page, and return how the page broke its own policy."""
        if not self.has_scripts:  # there is no asking whether it is as it was: it is not used again
            self.context.close()
            return []
        violations: list[str] = self.page.evaluate("window.violations || []")
        self.page.evaluate("localStorage.clear()")
        self.page.emulate_media(media="null")
        self.page.goto("about:blank")
        self.used_by = None
        return violations


def _size(width: int) -> ViewportSize:
    return {"width": width, "height": 900}


class Chromium:
    """A browser, and its windows by how they were opened."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._windows: dict[str, list[Window]] = {}

    def window(self, width: int, context: Mapping[str, Any]) -> Window:
        """Return a window that no test uses."""
        windows = self._windows.setdefault(json.dumps(context, sort_keys=True), [])
        for window in windows:
            if not window.used_by:
                return window
        windows.append(Window(self._browser, width, context))
        return windows[-1]


@dataclass
class Opened:
    """Pages opened in one test, and what they did that no page of ours may do."""

    chromium: Chromium
    folder: Path
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _windows: list[Window] = field(default_factory=list)

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
        window = self.chromium.window(width, context)
        self._windows.append(window)
        page = window.open_for(self, width)
        page.goto(f"file://{quote(str(path))}{after}")
        return page

    def close(self) -> None:
        """Close everything. No page may have asked for anything but itself, shown a dialog or broken its own policy."""
        violations = [violation for window in self._windows for violation in window.leave()]
        asked = {url.partition("#")[0].partition("?")[0] for url in self.requests} - {"about:blank"}
        assert all(url.startswith(f"file://{quote(str(self.folder))}/") for url in asked), asked
        assert not self.dialogs
        assert not violations
        assert not self.complaints


# Not for the session: while it is there, its event loop runs, and no other test could have one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Return Debian's Chromium."""
    if not _DRIVER:
        missing("playwright", "pip install playwright (its browsers are not needed)")
    program = require("chromium", "chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield Chromium(browser)
        browser.close()


@pytest.fixture
def tab(chromium: Chromium, tmp_path: Path) -> Iterator[Opened]:
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
