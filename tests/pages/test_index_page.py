"""index.html as text: where each report stands, and that all numbers agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from xml.etree.ElementTree import Element

import pytest

from inspec_textfile.pages import index
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.standing import standings
from inspec_textfile.report.model import Unreadable
from inspec_textfile.summary import summarize
from inspec_textfile.words import UNKNOWN

from helpers.dom import assert_harmless, elements, text_of
from helpers.fleets import DAY, LIMITS, NOW, finding, fleet, report_with
from helpers.pasts import index_of
from helpers.reports import load

CASES = ["7.1.16/ssh-baseline", "7.1.16/edge-outcomes", "7.1.16/all-pass", "7.1.16/multi-with-broken", "7.1.16/waivers"]
BROKEN = Unreadable("host1/cut", "/r/host1/cut.json", "is cut short (line 1, column 2): InSpec is still writing it, or died")


def page_of(*reports: FleetReport, limits: Mapping[str, int] = LIMITS) -> str:
    return index.render(Fleet(reports, limits))


def bodies(page: str, css_class: str = "r") -> list[Element]:
    found = [element for element in elements(page) if element.tag == "tbody"]
    return [element for element in found if css_class in (element.get("class") or "").split()]


def cells(body: Element) -> dict[str, str]:
    """Return what the first line of a row says, by the first class of the cell; zeros are left out."""
    line = next(element for element in body.iter("tr"))
    found = {}
    for cell in line:
        classes = [name for name in (cell.get("class") or cell.tag).split() if name != "n"]
        text = " ".join("".join(_said(cell)).split())
        if text and classes[0] != "zero":
            found[classes[0]] = text
    return found


def _said(element: Element) -> list[str]:
    parts = [element.text or ""]
    for child in element:
        parts += [] if child.tag == "details" or child.get("class") == "in" else [*_said(child)]
        parts.append(child.tail or "")
    return parts


def names(page: str) -> list[str]:
    return [cells(body)["th"].split()[0] for body in bodies(page)]


def verdict_of(page: str) -> str:
    say = next(element for element in elements(page) if "say" in (element.get("class") or "").split())
    return " ".join("".join(say.itertext()).split())


def chips_of(page: str) -> dict[str, int]:
    return {
        value: int(count)
        for value, count in re.findall(r'type="checkbox" name="\w+" value="(\w+)"> [^<]+<b>([\d,]+)</b>', page)
    }


def test_groups_stand_in_fixed_order_and_worst_reports_first_in_each() -> None:
    page = page_of(
        report_with("web/low", host="low", failing={"low": 9}),
        report_with("db/fine", host="fine"),
        report_with("db/high", host="high", failing={"high": 1}),
        report_with("web/lost", host="lost", unreadable=True),
        report_with("web/critical", host="critical", failing={"critical": 1}),
        report_with("alone", host="alone"),
    )

    assert names(page) == ["alone", "high", "fine", "critical", "lost", "low"]
    assert [cells(group)["th"] for group in bodies(page, "grp")] == ["db 2 reports, 1 failing", "web 3 reports, 2 failing"]
    assert_harmless(page)


def test_a_folder_whose_reports_are_of_one_host_stands_for_that_host() -> None:
    page = page_of(
        report_with("prod/web01/ssh", host="web01"),
        report_with("prod/web01/tls", host="web01"),
        report_with("prod/web02/ssh", host="web02"),
        report_with("db01/ssh", host="db01"),
        report_with("db01/tls", host="db01"),
    )

    assert [cells(group)["th"] for group in bodies(page, "grp")] == ["prod 3 reports of 2 hosts"]
    assert sorted(names(page)) == ["db01", "db01", "web01", "web01", "web02"]


def test_a_report_that_tells_no_host_is_of_the_host_that_its_folder_is_named_after() -> None:
    page = page_of(
        report_with("db01/ssh", host="db01.example.com"),
        report_with("db01/tls", host="db01.example.com"),
        report_with("db01/converted"),
        FleetReport("db01/lost", None, BROKEN),
        report_with("web/one", host="web09"),
        FleetReport("web/two", None, BROKEN),
    )

    assert [cells(group)["th"] for group in bodies(page, "grp")] == ["web 2 reports"]
    assert sorted(names(page)) == [*["db01.example.com"] * 4, "two", "web09"]
    assert "db01.example.com (db01/lost)" in [cells(body)["th"] for body in bodies(page)]
    assert "6 reports of 3 hosts" in page


def test_a_host_that_is_no_more_than_the_folder_is_not_said_again() -> None:
    page = page_of(report_with("web/one", host="web"), report_with("web/two", host="web"), report_with("web/x", host="web09"))

    assert [cells(group)["th"] for group in bodies(page, "grp")] == ["web 3 reports"]
    assert sorted(names(page)) == ["one", "two", "web09"]


def test_reports_that_look_alike_say_their_names() -> None:
    page = page_of(report_with("one", host="web01"), report_with("two", host="web01"), report_with("three", host="web02"))

    assert [cells(body)["th"] for body in bodies(page)] == [
        "web01 base 1.0 (one)",
        "web01 base 1.0 (two)",
        "web02 base 1.0",
    ]


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (report_with("a", failing={"low": 1}), "failing"),
        (report_with("a", failing={"low": 1}, not_loaded=("lib",)), "failing"),
        (report_with("a", failing={"low": 1}, unreadable=True), "unreadable"),
        (FleetReport("a", None, BROKEN), "unreadable"),
        (report_with("a", not_loaded=("lib",)), "not_loaded"),
        (report_with("a", not_loaded=("base",)), "partly"),
        (report_with("a", skipped=1), "partly"),
        (report_with("a", passed=0), "partly"),
        (report_with("a", findings=[finding(status="not_tested")]), "partly"),
        (report_with("a"), "passed"),
    ],
)
def test_every_report_has_one_state(report: FleetReport, state: str) -> None:
    page = page_of(report)

    assert [body.get("data-state") for body in bodies(page)] == [state]
    assert chips_of(page).get(state) == 1
    assert_harmless(page)


def test_what_a_row_says() -> None:
    findings = [
        finding("a", "critical", days=40, tests=(22, 22)),
        finding("b", "critical", days=3),
        finding("c", "low", days=100, first_seen=True),
        finding("d", "high", status="not_tested", days=9),
    ]
    report = report_with("prod/a", host="web01", findings=findings, passed=2, error=1, runs=(4, 0, 2))
    (row,) = bodies(page_of(report))

    assert cells(row) == {
        "td": "Failing",
        "th": "web01 base 1.0",
        "critical": "2",
        "low": "1",
        "unknown": "1",
        "error": "1",
        "not_tested": "1",
        "new": "1",
        "age": "≥ 100 d 1 overdue",
        "runs": "Failing controls: 2 runs ago 4, now 2",
        "run": "29 Nov 2026 03:10",
        "part": "2 of 6",
    }
    assert set(str(row.get("data-with")).split()) == {"new", "overdue", "not_tested"}
    assert str(row.get("data-severity")).split() == ["critical", "low", "unknown"]


@pytest.mark.parametrize("skipped", [0, 2])
def test_where_nothing_was_tested_nothing_is_counted(skipped: int) -> None:
    (row,) = bodies(page_of(report_with("a", passed=0, skipped=skipped)))
    assert cells(row)["part"] == UNKNOWN


@pytest.mark.parametrize(
    ("days", "first_seen", "shown"),
    [
        (0.0, False, "this run"),
        (0.0, True, "first run"),
        (0.06, False, "86 min"),
        (0.5, False, "12 h"),
        (1.99, False, "1 d"),
        (41.2, True, "≥ 41 d"),
    ],
)
def test_ages(days: float, first_seen: bool, shown: str) -> None:
    (row,) = bodies(page_of(report_with("a", findings=[finding(days=days, first_seen=first_seen)]), limits={}))
    assert cells(row)["age"] == shown


def test_nothing_is_overdue_without_a_limit_and_at_its_last_moment() -> None:
    report = report_with("a", findings=[finding(severity="high", days=30), finding("b", severity="none", days=900)])
    assert "overdue" not in text_of(page_of(report))
    assert "overdue" not in text_of(page_of(report, limits={}))
    assert "2 overdue" in text_of(page_of(report, limits={"high": 29, "none": 1}))


def test_what_failed_in_the_first_run_of_all_is_not_new() -> None:
    (row,) = bodies(page_of(report_with("a", findings=[finding(days=1, first_seen=True)])))
    assert "new" not in cells(row)


def test_the_headline_and_the_chips_have_the_same_numbers() -> None:
    page = index.render(fleet(150))
    chips, verdict = chips_of(page), verdict_of(page)
    states = Counter(str(body.get("data-state")) for body in bodies(page))

    assert sum(states.values()) == 150
    assert {state: chips[state] for state in states} == states
    expected = (
        f"{chips['failing']} of 150 reports have failing controls, {chips['critical']} a critical one. "
        f"{chips['new']} have new failures in 7 days, {chips['overdue']} overdue ones, "
        f"{chips['not_tested']} no longer test some. {chips['unreadable']} could not be read, "
        f"{chips['not_loaded']} did not load, {chips['partly']} were not fully tested."
    )
    assert verdict == expected
    marked = Counter(
        mark for body in bodies(page) for name in ("severity", "with") for mark in str(body.get(f"data-{name}")).split()
    )
    assert {mark: chips[mark] for mark in marked} == marked


def test_the_totals_are_the_sums_of_the_rows() -> None:
    page = index.render(fleet(60))
    every, of_groups, (of_all,) = ([cells(body) for body in bodies(page, *kind)] for kind in ((), ("grp",), ("all",)))
    for column in ("critical", "high", "medium", "low", "error", "not_tested", "new"):
        rows, groups = (sum(int(one.get(column, 0)) for one in some) for some in (every, of_groups))
        assert rows == groups == int(of_all[column])


def test_many_reports_that_passed_stand_below_a_line_of_their_own() -> None:
    page = page_of(
        *(report_with(f"web/{number}", host=f"web{number}") for number in range(3)), report_with("web/x", failing={"low": 1})
    )
    assert [cells(body)["th"] for body in bodies(page, "ok")] == ["3 reports: all passed"]
    assert bodies(page_of(report_with("one"), report_with("two")), "ok") == []


def test_an_unreadable_report_has_its_reason_since_when_and_its_last_good_page() -> None:
    broken = BROKEN._replace(since=1_795_000_000.0)
    without, kept = (page_of(FleetReport("host1/cut", None, broken, has_page=has_page)) for has_page in (False, True))
    reason = f"Unreadable since 18 Nov 2026 11:06 UTC: the results file {BROKEN.reason}."

    assert reason in text_of(without)
    assert "/r/host1/cut.json" in text_of(without)
    assert "inspec-host1" not in without
    assert 'href="inspec-host1/cut.json.html"' in kept
    assert verdict_of(kept) == "No report has failing controls. 1 could not be read."
    assert_harmless(kept)


def test_an_unreadable_report_keeps_its_last_figures() -> None:
    page = page_of(report_with("cut", failing={"high": 2}, unreadable=True))
    (row,) = bodies(page)

    assert cells(row)["high"] == "2"
    assert "Figures: the last run that could be read." in text_of(page)
    assert row.get("data-severity") == ""
    assert "failing controls, " not in verdict_of(page)


def test_a_report_for_which_inspec_itself_fails_says_so_since_when() -> None:
    page = page_of(report_with("web01")._replace(inspec_failed=NOW + DAY))

    words = "InSpec itself fails: no results since 29 Nov 2026 03:10 UTC. It was last started 30 Nov 2026 03:10 UTC."
    assert words in text_of(page)
    assert verdict_of(page) == "No report has failing controls. InSpec itself fails for 1."
    assert chips_of(page)["inspec_fails"] == 1


def test_details_have_the_worst_findings_with_their_places_and_the_facts() -> None:
    findings = [
        finding(f"c{number}", severity) for number, severity in enumerate(("low", "high", "low", "critical", "low", "low"))
    ]
    page = page_of(report_with("web01", findings=findings))
    (more,) = [element for element in elements(page) if element.get("class") == "under"]
    links = [str(element.get("href")) for element in more.iter("a")]

    assert links[:3] == [f"inspec-web01.json.html#c:base/{control}" for control in ("c3", "c1", "c0")]
    assert len(links) == 6
    assert links[-1] == "inspec-web01.json.html?status=failed,error"
    assert "Worst 5 of 6 open findings" in "".join(more.itertext())


@pytest.mark.parametrize(
    ("failing", "runs"),
    [((3,), 0), ((0, 0), 2), (tuple(range(60)), 12)],
)
def test_last_runs_are_a_picture_from_two_on_and_at_most_twelve(failing: tuple[int, ...], runs: int) -> None:
    page = page_of(report_with("a", runs=failing))
    pictures = [element for element in elements(page) if element.get("class") == "runs" and element.tag.endswith("svg")]
    drawn = sum(str(path.get("d")).count("M") for picture in pictures for path in picture.iter() if path.tag.endswith("path"))
    assert drawn == runs


def test_the_order_in_which_reports_come_does_not_matter() -> None:
    some = fleet(50)
    assert index.render(some) == index.render(some._replace(reports=some.reports[::-1]))


def test_no_reports() -> None:
    page = page_of()
    assert "There are no reports" in page
    assert_harmless(page)


@pytest.mark.parametrize(
    ("reports", "status", "sentence"),
    [
        ([report_with("a")], "passed", "The report passed."),
        ([report_with("a"), report_with("b")], "passed", "All 2 reports passed."),
        ([report_with("a", failing={"low": 1})], "failed", "The report has failing controls."),
        (
            [report_with("a", failing={"critical": 1})],
            "failed",
            "The report has failing controls, a critical one among them.",
        ),
        (
            [report_with("a", failing={"low": 1}), report_with("b", failing={"critical": 1})],
            "failed",
            "All 2 reports have failing controls, 1 a critical one.",
        ),
        (
            [report_with("a"), report_with("b", failing={"low": 1}), report_with("c", unreadable=True)],
            "failed",
            "1 of 3 reports has failing controls. 1 could not be read.",
        ),
        (
            [report_with("a"), report_with("c", unreadable=True)],
            "error",
            "No report has failing controls. 1 could not be read.",
        ),
        (
            [report_with("a"), report_with("c", skipped=1)],
            "not_reviewed",
            "No report has failing controls. 1 was not fully tested.",
        ),
        (
            [report_with("a", findings=[finding(status="not_tested")])],
            "not_tested",
            "No report has failing controls. 1 no longer tests some that failed. 1 was not fully tested.",
        ),
        ([report_with("a", error=1)], "failed", "The report has failing controls."),
    ],
)
def test_the_headline_is_green_only_if_all_is_well(reports: list[FleetReport], status: str, sentence: str) -> None:
    page = page_of(*reports)
    assert f'<p class="say st {status}">' in page
    assert verdict_of(page) == sentence


def test_real_reports_stand_as_their_pages_say() -> None:
    page = index_of([summarize(load(case)) for case in CASES])
    states = {
        one.name: one.state for one in standings(Fleet(tuple(FleetReport(case, summarize(load(case))) for case in CASES)))
    }

    assert Counter(states.values()) == {"failing": 3, "not_loaded": 1, "passed": 1}
    assert len(bodies(page)) == 5
    assert_harmless(page)
