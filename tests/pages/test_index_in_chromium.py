"""The index in a real browser: a fleet on a screen, sorted and filtered."""

from __future__ import annotations

from typing import Any

import pytest

from inspec_textfile import pages
from inspec_textfile.pages.files import page_file
from inspec_textfile.summary import summarize

from helpers.browser import Opened, axe, chromium, tab
from helpers.pasts import BROKEN, CASES, fleet, index_of
from helpers.reports import load

__all__ = ["chromium", "tab"]  # fixtures

ROWS = """[...document.querySelectorAll('#ix .r')].filter(row => !row.hidden)
    .map(row => row.querySelector('.i > summary').ariaLabel.replace('Details of ', ''))"""


def small() -> str:
    found = [summarize(load(f"7.1.16/{case}")._replace(name=case)) for case in CASES]
    return index_of(found, BROKEN, {"cut": None})


def test_the_index_is_sorted_by_every_column_one_way_the_other_and_not(tab: Opened) -> None:
    page = tab.open(small(), name="index.html")
    as_it_came = page.evaluate(ROWS)
    assert as_it_came[0] == "cut"
    page.click("thead button >> text=/^Passed$/")
    assert page.locator("thead [aria-sort]").get_attribute("aria-sort") == "descending"
    assert page.evaluate(ROWS)[0] == "edge-outcomes"
    page.click("thead button >> text=Report")
    assert page.evaluate(ROWS) == sorted(as_it_came)
    page.click("thead button >> text=Report")
    assert page.evaluate(ROWS) == sorted(as_it_came, reverse=True)
    page.click("thead button >> text=Report")
    assert page.evaluate(ROWS) == as_it_came
    for index in range(page.locator("thead button").count()):
        page.locator("thead button").nth(index).click()
        assert sorted(page.evaluate(ROWS)) == sorted(as_it_came)


def test_folders_come_apart_for_a_sort_and_together_again(tab: Opened) -> None:
    page = tab.open(fleet(20, folders=True), name="index.html")
    groups = page.locator(".grp:visible").count()
    before = page.evaluate(ROWS)
    assert groups == 6
    page.click("thead button >> text=Failed")
    assert page.locator(".grp:visible").count() == 0
    page.click("thead button >> text=Failed")
    page.click("thead button >> text=Failed")
    assert page.locator(".grp:visible").count() == groups
    assert page.evaluate(ROWS) == before


def test_a_sorted_list_says_which_folder_a_report_is_in_and_finds_it(tab: Opened) -> None:
    page = tab.open(fleet(20, folders=True), name="index.html")
    first = page.locator(".grp + .r th a").first
    folder = str(first.get_attribute("title")).rpartition("/")[0]
    assert folder not in first.inner_text()
    page.fill("#q", folder)
    assert page.locator(".r:visible").count() > 1
    page.click("thead button >> text=Failed")
    assert all(f"{folder}/" in name for name in page.locator(".r:visible th a").all_inner_texts())


def test_chips_filter_to_as_many_as_they_say(tab: Opened) -> None:
    page = tab.open(fleet(23), name="index.html")
    chips = page.locator("[name=is]")
    assert chips.count() >= 5
    for index in range(chips.count()):
        chips.nth(index).check()
        said = page.locator("fieldset label").nth(index).locator("b").inner_text()
        assert page.locator("#count").inner_text() == f"{said} of 23 reports"
        assert len(page.evaluate(ROWS)) == int(said)
        chips.nth(index).uncheck()
    page.fill("#q", "no such host")
    assert page.locator("#none").is_visible()


def test_the_filter_survives_a_report_and_all_reports(tab: Opened) -> None:
    index = small()
    tab.write(pages.render_report(load("7.1.16/waivers")._replace(name="waivers")), page_file("waivers"))
    page = tab.open(index, name="index.html")
    page.check("[name=is][value=waived]")
    page.fill("#q", "waivers")
    page.click("#ix .r:visible th a")
    page.wait_for_load_state()
    page.fill("#q", "something else")
    page.click("nav a")
    page.wait_for_load_state()
    assert page.input_value("#q") == "waivers"
    assert page.is_checked("[name=is][value=waived]")
    assert page.evaluate(ROWS) == ["waivers"]


def test_keys_and_help_are_those_of_the_index(tab: Opened) -> None:
    page = tab.open(small(), name="index.html")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('tr.r') !== null")
    page.keyboard.press("?")
    assert "next report" in page.locator("#keys").inner_text()
    assert "control" not in page.locator("#keys").inner_text()


def test_a_row_has_its_age_the_exact_time_on_hover_and_in_its_details(tab: Opened) -> None:
    page = tab.open(small(), name="index.html", timezone_id="Europe/Berlin")
    time = page.locator("#ix .r time.age").first
    assert "ago" in time.inner_text()
    assert "2026-11-24 00:1" in str(time.get_attribute("title"))
    assert "UTC, 24 Nov 2026, 01:1" in str(time.get_attribute("title"))
    page.locator(".passed .i > summary").first.click()
    assert "2026-11-24 00:1" in page.locator(".i[open]").inner_text()


@pytest.mark.parametrize("width", [1024, 1440])
def test_twenty_reports_and_more_stand_on_a_screen(tab: Opened, width: int) -> None:
    page = tab.open(fleet(303), name="index.html", width=width)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen = page.evaluate(
        "[...document.querySelectorAll('.r')].filter(r => r.getBoundingClientRect().bottom <= innerHeight).length"
    )
    assert seen >= 20
    heights = page.evaluate("[...document.querySelectorAll('.r')].map(row => row.offsetHeight).sort((a, b) => a - b)")
    assert heights[len(heights) // 2] <= 36
    page.evaluate("scrollTo(0, 4000)")
    head = page.locator("thead th").first.bounding_box()
    assert head
    assert head["y"] == 0


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280, 1440, 1920])
def test_times_are_never_broken_and_nothing_is_scrolled_sideways(tab: Opened, width: int) -> None:
    page = tab.open(fleet(23, folders=True), name="index.html", width=width, java_script_enabled=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    lines = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.r > td time')].map(time => time.getClientRects().length))"
    )
    assert lines == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing(tab: Opened, scheme: Any) -> None:
    page = tab.open(fleet(23, folders=True), name="index.html", color_scheme=scheme)
    assert axe(page) == []
    page.check("[name=is] >> nth=0")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert axe(page) == []
