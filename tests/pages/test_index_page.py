from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest

from inspec_textfile.history.model import Change, Changes, ControlKey, Finding, History, RunCounts
from inspec_textfile.report.model import Unreadable
from inspec_textfile.summary import Summary, summarize

from helpers.dom import assert_harmless, elements, text_of
from helpers.entries import control
from helpers.pasts import index_of
from helpers.reports import load, profile_of, report_of

CASES = ["7.1.16/ssh-baseline", "7.1.16/edge-outcomes", "7.1.16/all-pass", "7.1.16/multi-with-broken", "7.1.16/waivers"]
BROKEN = Unreadable("host1/cut", "/r/host1/cut.json", "is cut short (line 1, column 2): InSpec is still writing it, or died")


def summaries(*cases: str) -> list[Summary]:
    return [summarize(load(case)) for case in cases]


def summary_of(*statuses: str, name: str = "one", history: History | None = None) -> Summary:
    controls = (control(f"c{number}", status) for number, status in enumerate(statuses))
    return summarize(report_of(profile_of(*controls), name=name), history or History())


def rows(page: str) -> list[Element]:
    return [element for element in elements(page) if element.tag == "tr" and (element.get("class") or "").startswith("r ")]


def names(page: str) -> list[str]:
    return [_shown(row[0]).split()[0] for row in rows(page)]


def _shown(element: Element) -> str:
    """Return what the line shows of an element: neither folded details, nor the folder, which stands above the report."""
    parts = [element.text or ""]
    for child in element:
        parts += [] if child.tag == "details" or child.get("class") == "fo" else [_shown(child)]
        parts.append(child.tail or "")
    return "".join(parts)


def cells(row: Element) -> dict[str, str]:
    """Return what a row says, by column."""
    return {str(cell.get("data-l")): " ".join("".join(cell.itertext()).split()) for cell in row if cell.get("data-l")}


def test_reports_stand_worst_first_and_unreadable_ones_before_them() -> None:
    flat = [one._replace(name=one.name.replace("7.1.16/", "")) for one in summaries(*CASES)]
    page = index_of(flat, [BROKEN], {})
    assert names(page) == ["host1/cut", "multi-with-broken", "edge-outcomes", "ssh-baseline", "waivers", "all-pass"]
    assert_harmless(page)


def test_reports_of_a_folder_stand_together_below_its_totals() -> None:
    some = [
        summary_of("failed", "failed", name="web/two"),
        summary_of("passed", name="alone/one"),
        summary_of("failed", "failed", "failed", name="db"),
        summary_of("failed", "passed", name="web/one"),
    ]
    page = index_of(some, [Unreadable("web/lost", "/r/web/lost.json", "is empty")], {})
    assert names(page) == ["lost", "two", "one", "db", "alone/one"]
    group = next(element for element in elements(page) if element.get("class") == "grp")
    assert " ".join("".join(group[0].itertext()).split()) == "web 3 reports, 1 unreadable"
    assert cells(group) == {"Failed": "3", "Passed": "1"}
    assert_harmless(page)


def test_an_unreadable_report_has_its_reason_since_when_and_its_last_good_page() -> None:
    broken = BROKEN._replace(since=1_795_000_000.0)
    without, kept = (index_of([], [broken], last_good) for last_good in ({}, {"host1/cut": None}))
    reason = (
        "Unreadable since 2026-11-18 11:06 UTC /r/host1/cut.json is cut short (line 1, column 2): InSpec is still writing it"
    )
    assert reason in text_of(without)
    assert "inspec-host1" not in without
    assert kept.count('href="inspec-host1/cut.json.html"') == 2
    assert "See its last good page" in kept
    assert_harmless(kept)


def test_an_unreadable_report_keeps_its_last_figures_marked_as_old() -> None:
    page = index_of([], [BROKEN], {"host1/cut": summary_of("failed", "passed", name="host1/cut")})
    (row,) = rows(page)
    assert row.get("class") == "r error old"
    assert cells(row)["Failed"] == "1"
    assert "The figures are those of the last report that could be read." in text_of(page)
    assert str(row.get("data-is")).split() == ["unreadable", "failing"]
    assert "Of 1 report, 1 could not be read." in text_of(page)


def test_each_report_has_its_counts_and_its_run() -> None:
    page = index_of(summaries("7.1.16/edge-outcomes"), (), {})
    assert cells(rows(page)[0]) == {
        "Host": "7.1.16 debian 12.11",
        "Run": "2026-11-24 00:12 UTC",
        "Failed": "12",
        "Error": "8",
        "Not reviewed": "8",
        "Not applicable": "7",
        "Passed": "22",
        "Passed of tested": "22 of 42",
    }
    assert '<time datetime="2026-11-24T00:12:38Z">2026-11-24 00:12:38 UTC</time>' in page


def test_a_percentage_stands_only_where_all_that_apply_were_tested() -> None:
    whole, part = (
        cells(rows(index_of([summary_of(*statuses)], (), {}))[0])["Passed of tested"]
        for statuses in (["passed", "passed", "failed"], ["passed", "skipped"])
    )
    assert whole == "2 of 3 66.6 %"
    assert part == "1 of 1"


def test_what_is_new_and_since_when_the_oldest_has_been_failing() -> None:
    key = ControlKey("made", "c0")
    history = History(
        (RunCounts(1_699_900_000.0), RunCounts(1_700_000_000.0, failed=1)),
        {key: Finding(since=1_695_000_000.0, runs=2, first_seen=True, tests=1)},
        Changes(1_699_900_000.0, (Change(key, "medium"),)),
    )
    page = index_of([summary_of("failed", history=history), summary_of("passed", name="two")], (), {})
    first, second = rows(page)
    assert cells(first)["New"] == "1"
    assert cells(first)["Failing since"] == "≤ 18 Sep 2023"
    assert cells(second)["New"] == "0"
    assert cells(second)["Failing since"] == ""
    assert str(first.get("data-is")).split() == ["failing", "new"]


def test_the_order_in_which_reports_come_does_not_matter() -> None:
    some = summaries(*CASES)
    assert index_of(some, (), {}) == index_of(some[::-1], (), {})


def test_no_reports() -> None:
    page = index_of((), (), {})
    assert "There are no reports" in page
    assert_harmless(page)


@pytest.mark.parametrize(
    ("reports", "broken", "status", "sentence"),
    [
        ([["passed"]], 0, "passed", "1 report: every control that applies was tested and passed."),
        ([["passed"], ["failed"]], 1, "failed", "Of 3 reports, 1 could not be read and 1 has failing controls."),
        ([["passed"]], 1, "error", "Of 2 reports, 1 could not be read."),
        ([["passed"], ["passed", "skipped"]], 0, "not_reviewed", "Of 2 reports, 1 is not fully reviewed."),
        ([["passed"], []], 0, "not_reviewed", "Of 2 reports, 1 is not fully reviewed."),
        ([["error"], ["failed"], ["failed"]], 0, "failed", "Of 3 reports, 3 have failing controls."),
    ],
)
def test_the_headline_is_green_only_if_all_is_well(reports: list[list[str]], broken: int, status: str, sentence: str) -> None:
    some = [summary_of(*statuses, name=f"r{number}") for number, statuses in enumerate(reports)]
    page = index_of(some, [BROKEN] * broken, {})
    assert f'<section class="verdict {status}" aria-label="Verdict"><p class="say">{sentence}</p>' in page


def test_a_profile_that_did_not_run_is_in_the_headline() -> None:
    page = index_of(summaries("7.1.16/wrapper-skipped-dep"), (), {})
    assert "1 has profiles that did not run" in page
    assert '<section class="verdict passed"' not in page


def test_filters_have_counts_and_only_those_that_find_something() -> None:
    some = [summary_of("failed", name="a"), summary_of("passed", name="b"), summary_of("skipped", "passed", name="c")]
    page = index_of(some, [BROKEN], {})
    assert re.findall(r'name="is" value="(\w+)"> [^<]+ <b>(\d+)</b>', page) == [
        ("unreadable", "1"),
        ("failing", "1"),
        ("not_reviewed", "1"),
        ("passed", "1"),
    ]
