"""The overviews in a real browser: a fleet on a screen, sorted, filtered and folded, from a phone to a wide screen."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from inspec_textfile import pages
from inspec_textfile.pages import controls, index
from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.pages.links import INDEX_FILE, page_file

from helpers.browser import Opened, axe, chromium, tab, until
from helpers.fleets import LIMITS, NOW, fleet, report_with
from helpers.marks import long
from helpers.pasts import index_of
from helpers.reports import load

__all__ = ["chromium", "tab"]  # fixtures

BOTH = pytest.mark.parametrize("render", [index.render, controls.render], ids=["by report", "by control"])
BOTH_BY_WIDTH = pytest.mark.parametrize(
    ("render", "width"),
    [(index.render, 390), (controls.render, 1440), long(index.render, 1440), long(controls.render, 390)],
    ids=["by report-390", "by control-1440", "by report-1440", "by control-390"],
)
ROWS = """[...document.querySelectorAll('.r')].filter(row => row.checkVisibility())
    .map(row => row.querySelector('summary').ariaLabel)"""


def opened(tab: Opened, markup: str, after: str = "", *, width: int = 1440, name: str = INDEX_FILE, **context: Any) -> Page:
    """Open an overview ten minutes after the newest run."""
    page = tab.open("<title>Later</title>", name="later.html", width=width, **context)
    page.clock.set_fixed_time(NOW)
    page.goto(tab.write(markup, name).as_uri() + after)
    return page


def flat(count: int) -> Fleet:
    return fleet(count, groups=False)


def shown(page: Page) -> int:
    return len(page.evaluate(ROWS))


def test_every_column_sorts_one_way_the_other_and_not(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(23)))
    as_it_came = page.evaluate(ROWS)
    heads = page.locator("thead button")
    for at in range(heads.count()):
        heads.nth(at).click()
        assert page.locator("thead [aria-sort]").count() == 1
        assert shown(page) == 23, "what is folded is sorted, too"
        heads.nth(at).click()
        heads.nth(at).click()
        assert page.evaluate(ROWS) == as_it_came
    page.click("thead button >> text=Failing since")
    ages = [float(age) for age in page.eval_on_selector_all(".r .age", "cells => cells.map(cell => cell.dataset.k)") if age]
    assert ages == sorted(ages, reverse=True)
    assert page.locator(".grp:visible").count() == 0


@BOTH_BY_WIDTH
def test_chips_filter_to_as_many_as_they_say(tab: Opened, render: Callable[[Fleet], str], width: int) -> None:
    page = opened(tab, render(fleet(60)), width=width)
    total = page.evaluate("document.querySelectorAll('.r').length")
    if width < 760:
        page.click("#more")
    chips = page.locator(".chip:visible input")
    assert chips.count() >= 7
    for at in range(chips.count()):
        said = page.locator(".chip:visible b").nth(at).inner_text()
        chips.nth(at).check()
        assert page.locator("#count").inner_text().startswith(f"{said} of {total} ")
        assert shown(page) == int(said)
        chips.nth(at).uncheck()
    page.fill("#q", "no such host")
    assert page.locator("#none").is_visible()


def test_a_phone_sorts_by_a_list(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(60)), width=390)
    page.click("#more")
    page.select_option("#sort", label="high")
    counts = page.eval_on_selector_all(".r", "rows => rows.map(row => +row.rows[0].cells[3].textContent)")
    assert counts == sorted(counts, reverse=True)
    assert "sort=-4" in page.evaluate("location.search")


def test_chips_follow_each_other_and_totals_follow_the_filter(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(303)))
    page.check("[name=severity][value=critical]")
    critical = shown(page)
    page.check("[name=with][value=overdue]")
    said = page.locator(".chip:has([value=failing]) b").inner_text()
    assert 0 < int(said) == shown(page) < critical
    assert page.locator(".all th").inner_text() == f"303 reports {said} shown"
    assert page.locator(".chip:has([value=passed])").get_attribute("class") == "chip st passed off"
    for column in ("critical", "high"):
        rows = page.eval_on_selector_all(f".r:not([hidden]) .n.{column}", "cells => cells.map(cell => +cell.textContent)")
        assert page.locator(".all .n").nth(["critical", "high"].index(column)).inner_text() == str(sum(rows))
    assert page.locator(".grp:visible small").first.inner_text().endswith(" reports")


def test_the_filter_is_in_the_address_and_survives_a_report(tab: Opened) -> None:
    tab.write(pages.render_report(load("7.1.16/waivers")._replace(name="a")), page_file("a"))
    page = opened(tab, index.render(Fleet((report_with("a", host="web01", failing={"high": 1}), report_with("b")), LIMITS)))
    page.check("[name=severity][value=high]")
    page.click(".r th a >> text=web01")
    page.wait_for_load_state()
    page.click("nav a")
    page.wait_for_load_state()
    assert page.is_checked("[name=severity][value=high]")
    assert shown(page) == 1


def test_what_passed_is_folded_until_it_is_opened_or_looked_for(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(303)))
    before = shown(page)
    assert before < 200
    page.click(".ok >> nth=0")
    assert shown(page) > before
    page.click(".ok >> nth=0")
    page.check("[name=state][value=passed]")
    assert shown(page) > 150
    page.uncheck("[name=state][value=passed]")
    assert shown(page) == before
    page.click(".grp >> nth=0")
    assert shown(page) < before


def test_stale_runs_are_marked_counted_and_filtered(tab: Opened) -> None:
    old = report_with("old", host="old")
    assert old.summary
    at = NOW - 3 * 86_400
    old = old._replace(summary=old.summary._replace(started=at, at=at))
    page = opened(tab, index.render(Fleet((old, report_with("new")))))
    assert page.locator(".r .stale").all_inner_texts() == ["3 d stale"]
    assert "1 stale" in page.locator("header").inner_text()
    page.check("[value=stale]")
    assert shown(page) == 1


def test_what_a_filter_shows_can_be_downloaded_and_its_hosts_copied(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(60)), permissions=["clipboard-read", "clipboard-write"])
    assert not page.locator("#csv").is_visible()
    page.check("[value=critical]")
    with page.expect_download() as waiting:
        page.click("#csv")
    rows = [*csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig")))]
    assert len(rows) == shown(page) > 2
    assert {row["State"] for row in rows} == {"Failing"}
    assert all(int(row["Critical"]) for row in rows)
    assert rows[0]["Name"].split("/")[1] == rows[0]["Report"]
    page.click("#copy")
    until(page, "document.querySelector('#copy').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert sorted(copied) == sorted({row["Report"] for row in rows})


def test_the_hosts_of_one_control_can_be_downloaded_and_copied(tab: Opened) -> None:
    page = opened(tab, controls.render(fleet(303)), permissions=["clipboard-read", "clipboard-write"])
    page.fill("#q", "ssh-02")
    with page.expect_download() as waiting:
        page.click("#csv")
    rows = [*csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig")))]
    row = page.locator(".r:not([hidden])")
    hosts = [host.strip() for host in row.locator(".places a").all_text_contents()]
    assert [one["Host"] for one in rows] == hosts
    assert len(hosts) > 1
    assert all(one["Control"] == "ssh-02" and one["Page"].endswith("#c:ssh-baseline/ssh-02") for one in rows)
    row.locator("summary").click()
    row.locator(".under button").click()
    until(page, "document.querySelector('.under button').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()").split("\n") == [*dict.fromkeys(hosts)]


@BOTH
def test_a_row_opens_below_itself_and_moves_nothing_beside_it(tab: Opened, render: Callable[[Fleet], str]) -> None:
    page = opened(tab, render(fleet(30)))
    name = page.locator(".r th").first
    before = name.evaluate("name => [name.getBoundingClientRect().x, name.getBoundingClientRect().y, name.offsetWidth]")
    page.locator(".r summary").first.click()
    page.locator(".r .under").first.wait_for(state="visible")
    assert name.evaluate("name => [name.getBoundingClientRect().x, name.getBoundingClientRect().y, name.offsetWidth]") == before
    page.locator(".r > tr").first.click(position={"x": 500, "y": 5})
    page.locator(".r .under").first.wait_for(state="hidden")


def test_keys_and_help(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(30)))
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.r') !== null")
    page.keyboard.press("?")
    assert "next report" in page.locator("#keys").inner_text()


_ALL = "document.querySelectorAll"
_OVER = """
[...document.querySelectorAll('#ix tr')].slice(0, 60).filter(row => row.checkVisibility()).flatMap(row => {
  const boxes = [...row.cells].flatMap(cell => {
    const range = document.createRange(), texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = []
    while (texts.nextNode()) {
      range.selectNodeContents(texts.currentNode)
      if (texts.currentNode.parentNode.closest('.heard, title')) continue
      found.push(...[...range.getClientRects()].map(box => [cell, box]))
    }
    return found.filter(([, box]) => box.width > 1)
  })
  return boxes.filter(([cell, one]) => boxes.some(([other, two]) => cell !== other && one.left < two.right - 1
    && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1)).map(([cell]) => cell.textContent)
})
"""
"""Texts of cells that lie over the text of another cell of their row."""


@pytest.mark.parametrize("count", [23, *map(long, (1, 303))])
@BOTH
def test_nothing_is_scrolled_sideways_cut_or_laid_over_another(tab: Opened, render: Callable[[Fleet], str], count: int) -> None:
    page = opened(tab, render(fleet(count)))
    for width in (320, 360, 390, 700, 759, 760, 900, 1024, 1199, 1200, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(_OVER) == [], width
        assert page.evaluate(
            "[...document.querySelectorAll('#ix *')].every(one => getComputedStyle(one).textOverflow === 'clip')"
        )


_OUTSIDE = "[...document.querySelectorAll('.r :is(.age, .run)')].filter(cell => cell.scrollWidth > cell.clientWidth).length"


def test_hosts_have_room_and_large_figures_stay_in_their_column(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(23)).replace("1 overdue</b>", "108 overdue</b>").replace("≥ 44 d", "≥ 200 d"))
    assert page.locator(".r .overdue >> text=108 overdue").count()
    for width in (720, 768, 880, 1199, 1200, 1359, 1360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_OUTSIDE) == 0, width
        assert page.evaluate("document.querySelector('.r th').clientWidth") >= 180, width
        assert page.evaluate("document.querySelector('.views').clientHeight") < 40, f"its words stand on one line at {width}"
    page.set_viewport_size({"width": 720, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate(_OUTSIDE) == 0


@pytest.mark.parametrize(("width", "rows"), [(1440, 18), (1024, 10), (390, 6)])
def test_enough_reports_stand_on_a_screen(tab: Opened, width: int, rows: int) -> None:
    page = opened(tab, index.render(fleet(303)), width=width)
    seen = page.evaluate(
        "[...document.querySelectorAll('.r')].filter(row => { const box = row.getBoundingClientRect()\n"
        " return row.checkVisibility() && box.bottom <= 900 && box.top >= 0 }).length"
    )
    assert seen >= rows
    page.evaluate("scrollTo(0, 2000)")
    if width >= 760:
        head, bar = page.locator("thead th").first.bounding_box(), page.locator(".tools").bounding_box()
        assert head
        assert bar
        assert (bar["y"], head["y"]) == (0, bar["height"])


@BOTH
def test_without_scripts_everything_can_be_read(tab: Opened, render: Callable[[Fleet], str]) -> None:
    page = tab.open(render(fleet(60)), java_script_enabled=False, width=1024)
    assert page.locator(".r:visible").count() == page.locator(".r").count()
    page.locator(".r summary").first.click()
    assert page.locator(".r .under").first.is_visible()
    assert not page.locator("#q, #help, #facets").locator("visible=true").count()
    assert page.locator("text=Download CSV").is_visible()


@pytest.mark.parametrize("scheme", ["dark", long("light")])
@BOTH_BY_WIDTH
def test_axe_core_finds_nothing(tab: Opened, render: Callable[[Fleet], str], width: int, scheme: Any) -> None:
    page = opened(tab, render(fleet(23)), width=width, color_scheme=scheme)
    assert axe(page) == []
    if width < 760:
        page.click("#more")
    page.check("[name=severity] >> nth=0", force=True)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert axe(page) == []


def test_paper_has_heads_on_every_sheet_and_every_report(tab: Opened) -> None:
    page = opened(tab, index.render(fleet(303)))
    page.emulate_media(media="print")
    assert shown(page) == 303
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    assert page.evaluate("getComputedStyle(document.querySelector('thead button')).display") == "contents"
    assert page.evaluate("document.querySelector('.r time').innerText") == "29 Nov 2026 02:55" or re.match(
        r"\d+ Nov 2026 \d\d:\d\d$", page.evaluate("document.querySelector('.r time').innerText")
    )


def test_a_wide_fleet_of_long_names_is_never_cut(tab: Opened) -> None:
    long = "a-host-with-a-name-of-a-length-that-only-a-cloud-makes-up.eu-central-1.compute.internal.example.com"
    page = opened(tab, index_of([report_with("x" * 200, host=long).summary]), width=900)  # type: ignore[list-item]
    link = page.locator(".r th a").first
    assert link.inner_text() == long
    assert link.evaluate("link => link.scrollWidth <= link.clientWidth || getComputedStyle(link).display === 'inline'")
