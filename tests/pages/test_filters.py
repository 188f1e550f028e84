"""Everything that is counted can be clicked, and the list that is left can be copied, downloaded and linked to."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from inspec_textfile import pages
from inspec_textfile.pages import findings, links
from inspec_textfile.report.model import ControlEntry, Report

from helpers.browser import Opened, chromium, tab, until
from helpers.entries import control, result
from helpers.pasts import keys, past_of
from helpers.reports import load, profile_of, published, report_of
from helpers.servers import eventually

__all__ = ["chromium", "tab"]  # fixtures

EDGE = load("7.1.16/edge-outcomes")
STIG = load("7.1.16/stig-style")


def page_of(report: Report) -> str:
    return pages.render_report(report, past_of(report))


def tagged(id_: str, status: str, **tags: Any) -> ControlEntry:
    return control(id_, status)._replace(tags=tags)


def hits(page: Any) -> list[str]:
    return list(
        page.evaluate("[...document.querySelectorAll('.c:not([hidden]) > summary code')].map(code => code.textContent)")
    )


def download(tab: Opened, markup: str, after: str = "") -> tuple[str, list[dict[str, str]]]:
    """Return the name of the CSV file that a page makes, and its rows."""
    page = tab.open(markup, after)
    with page.expect_download() as waiting:
        page.evaluate("document.querySelector('#csv').click()")
    path = waiting.value.path()
    text = path.read_bytes().decode("utf-8-sig")
    return waiting.value.suggested_filename, list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


# --- clicks -------------------------------------------------------------------------------------------------------------------


def test_every_number_of_the_table_filters_to_as_many(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    cells = page.locator(".m td a")
    assert cells.count() > 10
    for index in range(cells.count()):
        page.evaluate("scrollTo(0, 0)")
        cells.nth(index).click()
        assert len(hits(page)) == int(cells.nth(index).inner_text())


def test_filtering_scrolls_to_the_results_below_the_bar(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    page.click(".m .all td.passed a")

    def is_below() -> bool:
        bar = page.locator("#tools").bounding_box()
        first = page.locator(".c:visible").first.bounding_box()
        return bar is not None and first is not None and bar["y"] + bar["height"] <= first["y"] < 400

    eventually(is_below, 10, "the first result is just below the bar")
    assert "22 of 57 controls" in page.locator("#count").inner_text()


def test_headings_say_how_many_of_how_many(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    heading = page.locator("#h-failed .hits")
    assert heading.inner_text() == "12"
    page.check("[name=severity][value=critical]")
    assert heading.inner_text() == "2 of 12"


def test_no_hits_are_said(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    assert not page.locator("#none").is_visible()
    page.fill("#q", "no such thing")
    assert " ".join(page.locator("#none").inner_text().split()) == "No control matches no such thing. Clear filters"
    page.click("#none button")
    assert len(hits(page)) == 57


def test_a_tag_filters_by_mouse_and_keyboard(tab: Opened) -> None:
    page = tab.open(page_of(STIG))
    page.click(".menu > summary")
    page.click("#fold")
    for use in ("click", "Enter"):
        page.fill("#q", "")
        mark = page.locator(".tags dd b:visible").first
        name = mark.inner_text()
        mark.click() if use == "click" else mark.press(use)
        assert name in page.input_value("#q")
        assert 1 <= len(hits(page)) <= len(STIG.profiles[0].controls)


def test_a_tag_is_found_whole_and_a_family_by_its_letters(tab: Opened) -> None:
    controls = [
        tagged(name, "failed", nist=[nist]) for name, nist in (("one", "AC-2"), ("two", "AC-20 (1)"), ("three", "AU-2"))
    ]
    page = tab.open(page_of(report_of(profile_of(*controls))))
    for words, found in (
        ("tag:ac-2", ["one"]),
        ('tag:"AC-20 (1)"', ["two"]),
        ("nist:AC", ["one", "two"]),
        ("nist:AU", ["three"]),
        ('"20 (1)"', ["two"]),
    ):
        page.fill("#q", words)
        assert hits(page) == found, words


def test_the_table_of_nist_families_counts_and_filters(tab: Opened) -> None:
    controls = [
        tagged("a", "failed", nist=["AC-2", "AC-3", "AU-2", "Rev_4"]),
        tagged("b", "passed", nist="AC-6 (9)"),
        tagged("c", "failed", nist=["ZZ-1", "unmapped"]),
    ]
    page = tab.open(page_of(report_of(profile_of(*controls))))
    rows = [" ".join(row.split()) for row in page.locator("#families tbody tr").all_inner_texts()]
    assert rows == ["AC Access Control 1 1", "AU Audit and Accountability 1 0"]
    page.click("#families td.failed a >> nth=0")
    assert hits(page) == ["a"]
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.click("#families th a >> nth=0")
    assert hits(page) == ["a", "b"]


def test_what_changed_is_linked_filtered_and_sorted(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    assert "1 new, 1 fixed since 23 Nov 2026." in page.locator(".say").inner_text()
    for name in ("new", "fixed"):
        page.evaluate("scrollTo(0, 0)")
        page.click(f".say [data-f='change={name}']")
        assert len(hits(page)) == 1
    page.click("#reset")
    page.check("[name=change][value=worse]")
    assert len(hits(page)) == 1
    page.click("#reset")
    page.click(".menu > summary")
    page.select_option("#sort", "since")
    since = page.evaluate("[...document.querySelectorAll('#s-failed .c')].map(c => +c.dataset.s)")
    assert since == sorted(since)
    assert len(set(since)) > 5


@pytest.mark.parametrize(
    ("query", "hit"), [("nist:AC-6", True), ("nist:ac", True), ('nist:"AC-6 (9)"', True), ("nist:AC-60", False)]
)
def test_nist_ids_and_families_filter(tab: Opened, query: str, hit: bool) -> None:
    tagged = control("tagged", "failed")._replace(tags={"nist": ["AC-6 (9)", "Rev_4"]})
    page = tab.open(page_of(report_of(profile_of(tagged, control("other", "failed")))))
    page.fill("#q", query)
    assert hits(page) == (["tagged"] if hit else [])


def test_a_profile_filters_to_its_controls(tab: Opened) -> None:
    report = load("7.1.16/multi-three")
    page = tab.open(page_of(report))
    for index, profile in enumerate(report.profiles):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.locator("#profiles a").nth(index).click()
        assert set(hits(page)) == {one.id for one in profile.controls}


# --- links --------------------------------------------------------------------------------------------------------------------


def test_a_link_to_a_control_that_is_gone_says_so(tab: Opened) -> None:
    page = tab.open(page_of(EDGE), f"#{links.anchor('edge-outcomes', 'V-1 <b>')}")
    assert (
        page.locator("#lost").inner_text()
        == "V-1 <b> of profile edge-outcomes is not in this report: not run, removed or renamed."
    )
    page.evaluate("location.hash = '#c:edge-outcomes/pass-one'")
    eventually(lambda: not page.locator("#lost").is_visible(), 10, "the message is gone")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_jump_lands_below_the_bar(tab: Opened, width: int) -> None:
    anchor = next(links.anchor(*key) for key in keys(EDGE, "not_reviewed"))
    page = tab.open(page_of(EDGE), f"#{anchor}", width=width)

    def is_below() -> bool:
        bar = page.locator("#tools").bounding_box()
        summary = page.locator(f'.c:has([id="{anchor}"]) > summary').bounding_box()
        if bar is None or summary is None:
            return False
        end_of_bar = bar["y"] + bar["height"]
        return 0 <= summary["y"] <= 900 and (summary["y"] >= end_of_bar - 1 or end_of_bar <= 0)

    eventually(is_below, 10, "the control is just below the bar")


# --- CSV and copies -----------------------------------------------------------------------------------------------------------


def test_the_csv_holds_what_is_filtered_and_what_a_plan_of_action_needs(tab: Opened) -> None:
    name, rows = download(tab, page_of(STIG), "?status=failed")
    failed = {one.id: one for one in STIG.profiles[0].controls if one.status == "failed"}
    assert name == "7.1.16-stig-style-filtered.csv"
    assert {row["control"] for row in rows} == set(failed)
    assert tuple(rows[0])[: len(findings.COLUMNS)] == findings.COLUMNS
    profile = STIG.profiles[0]
    for row in rows:
        one = failed[row["control"]]
        assert row["title"] == one.entry.title
        assert (row["status"], row["severity"], row["profile"]) == ("failed", one.severity, profile.name)
        assert row["version"] == profile.entry.version
        assert row["tests"] == str(len(one.entry.results))
        assert int(row["tests_failed"]) >= 1
        assert row["since"].endswith("Z")
        assert row["report"] == STIG.name
        assert float(row["impact"]) == one.entry.impact
        texts = dict(one.entry.descriptions)
        for column, text in (("fix", texts.get("fix", "")), ("check", texts.get("check", "")), ("description", one.entry.desc)):
            assert row[column] == " ".join((text or "").split())
        for test in one.entry.results:
            if test.status == "failed":
                assert " ".join(test.code_desc.split()) in row["message"]
        assert row["cci"] == ", ".join(one.entry.tags.get("cci", []))
        assert row["page"].endswith(f"#{links.anchor(profile.name, one.id)}")
        assert not any("\n" in value for value in row.values())


def test_formulas_are_defused_in_the_csv(tab: Opened) -> None:
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =cmd|' /C calc'!A0", "\uff1d1", '="x","y"', 'a "quoted", text']
    controls = [control(f"={n}", "failed", title=text, results=(result("failed"),)) for n, text in enumerate(formulas)]
    _, rows = download(tab, page_of(report_of(profile_of(*controls, name="=p"))))
    assert len(rows) == len(formulas)
    for row in rows:
        for value in row.values():
            assert not value.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), value
    titles = {row["title"].strip("'") for row in rows}
    assert 'a "quoted", text' in titles
    assert '="x","y"' in titles


def test_commands_fixes_and_the_list_can_be_copied(tab: Opened) -> None:
    fix = "Do this:\n\n    chmod 0600 /etc/x\n    chown root /etc/x\n\nThen look again."
    one = control("c", "failed", title="A title")._replace(descriptions=(("fix", fix),))
    page = tab.open(
        page_of(report_of(profile_of(one, control("d", "passed")))), permissions=["clipboard-read", "clipboard-write"]
    )
    copied = "navigator.clipboard.readText()"
    page.click(".cp > button")
    until(page, "document.querySelector('.cp > button').textContent === 'Copied'")
    assert " ".join(page.evaluate(copied).split()) == " ".join(fix.split())
    assert "chmod 0600 /etc/x\nchown root /etc/x" in page.evaluate(copied)
    page.check("[name=status][value=failed]")
    page.click(".menu > summary")
    page.click("#copy")
    until(page, "document.querySelector('#copy').textContent === 'Copied'")
    head, said, line = page.evaluate(copied).splitlines()
    assert head.startswith("host: made")
    assert said == "Only: Failed. 1 of 2 controls."
    assert line.startswith("failed | medium | c | A title")


def test_there_are_no_copy_buttons_without_scripts(tab: Opened) -> None:
    page = tab.open(page_of(STIG), java_script_enabled=False)
    assert page.locator(".cp").count() == 0


# --- what stands where --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", ["7.1.16/waivers", published("rhel7-ece-results"), published("vSphere8_report"), "7.1.16/edge-outcomes"]
)
@pytest.mark.parametrize(("width", "height", "most"), [(1440, 900, 450), (390, 844, 350)])
def test_the_first_failing_control_is_soon_seen(tab: Opened, case: str, width: int, height: int, most: int) -> None:
    page = tab.open(page_of(load(case)), width=width, timezone_id="Europe/Berlin")
    page.set_viewport_size({"width": width, "height": height})
    box = page.locator("#s-failed .c > summary").first.bounding_box()
    assert box
    assert box["y"] <= most


def test_fix_is_within_a_screen_of_its_control_however_many_tests_failed(tab: Opened) -> None:
    failed = tuple(result("failed")._replace(code_desc=f"test {n} " * 60, message="line\n" * 60) for n in range(22))
    one = control("c", results=failed)._replace(descriptions=(("fix", "Do this."),))
    markup = page_of(report_of(profile_of(one)))
    for width, height in ((1440, 900), (390, 844)):
        page = tab.open(markup, width=width, name=f"{width}.html")
        head = page.locator(".c > summary").bounding_box()
        fix = page.locator(".b > .fix").bounding_box()
        assert head
        assert fix
        assert 0 < fix["y"] - head["y"] < height


def test_filters_are_steps_of_the_history_and_typing_is_none(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    page.check("[name=status][value=failed]")
    page.fill("#q", "te")
    page.fill("#q", "test")
    page.check("[name=severity][value=critical]")
    assert page.evaluate("location.search") == "?q=test&status=failed&severity=critical"
    page.go_back()
    assert page.evaluate("location.search") == "?q=test&status=failed"
    assert len(hits(page)) == 5
    page.go_back()
    assert page.evaluate("location.search") == ""
    assert len(hits(page)) == 57


def test_chips_count_what_they_would_show(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    page.check("[name=severity][value=critical]")
    counts = {
        (box.get_attribute("name"), box.get_attribute("value")): int(box.locator("+ b").inner_text())
        for box in page.locator(".chip input").all()
    }
    for (name, value), many in counts.items():
        if name == "status":
            page.check(f"[name=status][value={value}]")
            assert len(hits(page)) == many, value
            page.uncheck(f"[name=status][value={value}]")
    page.click("#reset")
    assert len(hits(page)) == 57


def test_an_alert_lands_on_what_it_is_about_with_the_host_in_sight(tab: Opened) -> None:
    page = tab.open(page_of(EDGE), "?status=failed&severity=critical", width=390)
    page.wait_for_load_state()
    box = page.locator(".c:visible > summary").first.bounding_box()
    assert box
    assert 0 <= box["y"] < 600
    assert len(hits(page)) == 2
    anchor = links.anchor(*keys(EDGE, "failed")[-1])
    page = tab.open(page_of(EDGE), f"#{anchor}", width=390, name="linked.html")
    eventually(lambda: page.locator(".host").is_visible(), 10, "the bar names the host")
    assert page.locator(".host b").inner_text() == page.locator("h1").inner_text()
    assert re.fullmatch(rf"\d+ of {len(keys(EDGE, 'failed', 'error'))} findings", page.locator("#at").inner_text())


def test_next_failing_goes_through_the_list(tab: Opened) -> None:
    page = tab.open(page_of(EDGE))
    seen = []
    for _ in range(3):
        page.click("#next")
        seen.append(page.evaluate("document.activeElement.closest('.c').querySelector('code').textContent"))
    assert seen == hits(page)[:3]
    page.click("#back")
    assert page.evaluate("document.querySelector('.at code').textContent") == seen[1]


def test_rows_take_one_or_two_lines(tab: Opened) -> None:
    page = tab.open(page_of(STIG), width=1440)
    tallest = page.evaluate("Math.max(...[...document.querySelectorAll('.c > summary')].map(s => s.offsetHeight))")
    assert tallest <= 56


def test_filters_are_behind_a_button_on_a_phone(tab: Opened) -> None:
    page = tab.open(page_of(EDGE), width=390)
    assert not page.locator("#facets").is_visible()
    page.click("#more")
    assert page.locator("#facets").is_visible()
    page.check("[name=status][value=failed]")
    assert len(hits(page)) == 12


def test_local_time_stands_beside_utc(tab: Opened) -> None:
    page = tab.open(page_of(EDGE), timezone_id="America/New_York")
    said = page.locator("header .facts").inner_text()
    assert "24 Nov 2026 00:12:38 UTC" in said
    assert "23 Nov 2026, 19:12 GMT-5" in said or "23 Nov 2026, 19:12 EST" in said
