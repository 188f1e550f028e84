"""One look with Firefox: pages open, the policy lets the style and the script through, filters work."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspec_textfile import pages
from inspec_textfile.pages import controls, index

from helpers.firefox import firefox
from helpers.fleets import fleet
from helpers.pasts import past_of
from helpers.reports import load

HITS = "return document.querySelectorAll('.c:not([hidden])').length"


@pytest.mark.slow
def test_firefox_opens_and_filters(tmp_path: Path) -> None:
    report = load("7.1.16/edge-outcomes")
    (tmp_path / "page.html").write_text(pages.render_report(report, past_of(report)), encoding="utf-8")
    (tmp_path / "index.html").write_text(index.render(fleet(60)), encoding="utf-8")
    (tmp_path / "controls.html").write_text(controls.render(fleet(60)), encoding="utf-8")
    with firefox(tmp_path) as browser:
        browser.ask("WebDriver:Navigate", url=f"file://{tmp_path}/page.html#c:edge-outcomes/pass-one")
        assert browser.run("return getComputedStyle(document.querySelector('.c')).display") == "block"
        assert browser.run("return document.activeElement.closest('.c').querySelector('code').textContent") == "pass-one"
        assert browser.run(HITS) == 57
        browser.run("document.querySelector('[name=status][value=failed]').click()")
        assert browser.run(HITS) == 12
        assert browser.run("return document.querySelector('#count').textContent") == "12 of 57 controls"
        assert browser.run("return location.search") == "?status=failed"
        said = browser.run("return document.querySelector('.m td.error a').textContent")
        browser.run("document.querySelector('.m td.error a').click()")
        assert str(browser.run(HITS)) == said
        browser.ask("WebDriver:Navigate", url=f"file://{tmp_path}/index.html")
        browser.run("document.querySelectorAll('thead button')[1].click()")
        assert browser.run("return document.querySelector('thead [aria-sort]').textContent") == "Critical"
        assert browser.run("return document.querySelector('.r .n').textContent") == "1"
        browser.run("document.querySelector('[name=state][value=unreadable]').click()")
        said = browser.run("return document.querySelector('.chip:has(:checked) b').textContent")
        assert str(browser.run("return document.querySelectorAll('.r:not([hidden])').length")) == said
        browser.ask("WebDriver:Navigate", url=f"file://{tmp_path}/controls.html")
        browser.run("document.querySelector('.r summary').click()")
        assert browser.run("return getComputedStyle(document.querySelector('.r .under')).display") == "table-row"
