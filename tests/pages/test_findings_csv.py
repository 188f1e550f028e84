"""findings.csv, read as others read it: by Python's csv, and as a spreadsheet parts it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspec_textfile.pages import findings
from inspec_textfile.pages.fleet import Fleet, FleetReport

from helpers.fleets import LIMITS, finding, fleet, report_with


def lines_of(*reports: FleetReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(findings.render(Fleet(reports, LIMITS)), newline="")))


def test_a_finding_has_a_line_with_everything() -> None:
    one = finding("ssh-01", "critical", days=40.5, tests=(21, 22), title="Direct root login\nmust be refused")
    other = finding("b c", "none", status="not_tested", days=1, first_seen=True, profile="other")

    assert lines_of(report_with("web/one", host="web01.example.com", findings=[other, one])) == [
        {
            "report": "web/one",
            "host": "web01.example.com",
            "profile": "base",
            "version": "1.0",
            "control": "ssh-01",
            "title": "Direct root login must be refused",
            "severity": "critical",
            "status": "failed",
            "since": "2026-10-19T15:10:00Z",
            "first_seen": "no",
            "runs": "3",
            "tests_failed": "21",
            "tests": "22",
            "days_open": "40",
            "overdue": "yes",
            "page": "inspec-web/one.json.html#c:base/ssh-01",
        },
        {
            "report": "web/one",
            "host": "web01.example.com",
            "profile": "other",
            "version": "1.0",
            "control": "b c",
            "title": "Title of b c",
            "severity": "none",
            "status": "not_tested",
            "since": "2026-11-28T03:10:00Z",
            "first_seen": "yes",
            "runs": "3",
            "tests_failed": "1",
            "tests": "2",
            "days_open": "1",
            "overdue": "",
            "page": "inspec-web/one.json.html#c:other/b+c",
        },
    ]


def test_every_finding_of_a_fleet_has_one_line_whatever_the_order_of_reports() -> None:
    some = fleet(303)
    text = findings.render(some)

    assert len(text.splitlines()) == 1 + sum(len(report.summary.findings) for report in some.reports if report.summary)
    assert text == findings.render(some._replace(reports=some.reports[::-1]))


def test_a_host_that_nobody_knows_is_empty() -> None:
    assert [line["host"] for line in lines_of(report_with("web/ssh", host="web/ssh", failing={"low": 1}))] == [""]


def test_unreadable_reports_have_their_last_findings_and_no_link_without_a_page() -> None:
    report = report_with("a", failing={"low": 1}, unreadable=True)._replace(has_page=False)
    (line,) = lines_of(report, FleetReport("never", None))
    assert (line["report"], line["page"]) == ("a", "")


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        " \n=1",
        '"=1',
        "\uff1d1",
        "x;=1",
        "x;  \"=cmd|' /C calc'!A0",
        "x\t=1",
        "\u202e=1",
    ],
)
def test_no_cell_is_a_formula_however_it_is_parted(text: str) -> None:
    written = findings.render(Fleet((report_with(text, host=text, findings=[finding(text, title=text, profile=text)]),)))
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
            assert not [cell for cell in row if re.match(r"""["\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]""", cell)], row


@given(st.text())
def test_a_cell_is_one_line_and_says_what_the_text_says(text: str) -> None:
    shown = findings.cell(text)
    assert len(shown.splitlines()) <= 1
    assert not re.search(r"""(^|;)[\s"]*[=+\-@]""", shown)
