"""Pages on paper: the short edition, and everything where that is chosen. Pages are counted by poppler's pdfinfo."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile import pages
from inspec_textfile.pages import index

from helpers.browser import Opened, chromium, tab
from helpers.fleets import fleet
from helpers.marks import long
from helpers.needs import require
from helpers.pasts import past_of
from helpers.reports import load, published

__all__ = ["chromium", "tab"]  # fixtures

_MARGIN = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")


def printed(page: Any, folder: Path, paper: str = "A4") -> tuple[int, str]:
    """Return how many sheets a page takes, and their text."""
    file = folder / "page.pdf"
    page.pdf(path=str(file), format=paper, margin=_MARGIN, print_background=True, prefer_css_page_size=True)
    info = subprocess.run([require("pdfinfo", "poppler-utils"), str(file)], check=True, capture_output=True, text=True).stdout
    text = subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True, text=True).stdout
    return int(re.findall(r"Pages:\s+(\d+)", info)[0]), " ".join(text.split())


@pytest.mark.parametrize("paper", ["A4", long("Letter")])
@pytest.mark.parametrize(
    ("case", "summary", "findings"),
    [published("rhel7-ece-results", 11, 40), published("vSphere8_report", 8, 20), ("7.1.16/waivers", 2, 3)],
)
def test_a_report_on_paper(tab: Opened, tmp_path: Path, case: str, summary: int, findings: int, paper: str) -> None:
    """Every control is a line, findings have their messages and fixes, and every sheet says whose it is."""
    report = load(case)
    page = tab.open(pages.render_report(report, past_of(report)), color_scheme="dark")
    sheets, text = printed(page, tmp_path, paper)
    assert sheets <= (findings if paper == "A4" else findings * 1.1)
    for profile in report.profiles:
        for one in profile.controls:
            assert one.id.split("-")[0] in text
    assert f"Page {sheets} of {sheets}" in text
    assert text.count("run of ") >= sheets, "host and run stand on every sheet"
    assert report.digest[:20] in text
    page.check("#short")
    assert printed(page, tmp_path, paper)[0] <= summary


@pytest.mark.parametrize(("many", "most"), [long(1, 1), (23, 2), long(303, 12)])
def test_an_index_is_short(tab: Opened, tmp_path: Path, many: int, most: int) -> None:
    page = tab.open(index.render(fleet(many)), name="index.html")
    sheets, text = printed(page, tmp_path)
    assert sheets <= most
    assert f"Page {sheets} of {sheets}" in text
    assert text.count("InSpec reports, newest run ") == sheets, "what it is and its day stand on every sheet"
    assert text.count("Failing since") == sheets, "so do the heads of the columns"


@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), long(False, id="no scripts")])
def test_findings_are_whole_on_paper_and_all_other_controls_a_line(tab: Opened, tmp_path: Path, scripts: bool) -> None:
    report = load("7.1.16/edge-outcomes")
    page = tab.open(pages.render_report(report, past_of(report)), java_script_enabled=scripts)
    _, text = printed(page, tmp_path)
    page.emulate_media(media="print")
    for gone in ("#tools", "#facets", "nav", "dialog", ".to", ".paper"):
        assert not page.locator(gone).first.is_visible()
    flat = "".join(text.split())
    assert page.locator("h4:text-is('Fix'):visible").count() == 0, "the word begins the text, so it never stands alone"
    for one in report.profiles[0].controls:
        assert "".join(one.id.split())[:12] in flat
        if one.status == "failed":
            for test in one.entry.results:
                if test.status == "failed":  # in two columns, so lines may be parted
                    last = test.message.strip().split("\n")[-1]
                    assert "".join(last.split())[-20:] in flat, "whole, although folded on the screen"
    assert not page.locator(".c.not_reviewed .b").first.is_visible()
    assert page.locator(".c.not_reviewed .why").first.is_visible()
    assert page.locator("#s-passed .c > summary").first.is_visible()
    assert not page.locator("#s-passed .b").first.is_visible()


def test_the_words_of_a_status_stay_in_their_column_on_paper(tab: Opened) -> None:
    report = load("7.1.16/edge-outcomes")
    page = tab.open(pages.render_report(report, past_of(report)), width=760)
    page.emulate_media(media="print")
    page.evaluate("for (const word of document.querySelectorAll('.c .st')) word.textContent = 'No longer tested'")
    rows = page.locator(".c.failed > summary")
    assert rows.count()
    for at in range(rows.count()):
        word = rows.nth(at).locator(".st")
        assert word.evaluate("word => word.scrollWidth <= word.clientWidth && word.scrollHeight <= word.clientHeight")
        box, severity = word.bounding_box(), rows.nth(at).locator(".sv").bounding_box()
        assert box
        assert severity
        assert box["x"] + box["width"] <= severity["x"]


def test_everything_is_printed_where_that_is_chosen_even_without_scripts(tab: Opened, tmp_path: Path) -> None:
    report = load("7.1.16/edge-outcomes")
    page = tab.open(pages.render_report(report), java_script_enabled=False)
    short, _ = printed(page, tmp_path)
    page.check("#all")
    whole, text = printed(page, tmp_path)
    assert whole > short
    for one in report.profiles[0].controls:
        for test in one.entry.results:
            assert " ".join(test.code_desc.split())[:40].split(" ")[0] in text
        assert one.entry.code.split("\n")[0][:20].split(" ")[0] in text


def test_the_filter_is_named(tab: Opened, tmp_path: Path) -> None:
    page = tab.open(pages.render_report(load("7.1.16/edge-outcomes")), "?status=failed&severity=critical&q=test")
    _, text = printed(page, tmp_path)
    assert re.search(r"Only: Failed, Critical, test\. \d of 57 controls\.", text)
    assert "fail-one" not in text
