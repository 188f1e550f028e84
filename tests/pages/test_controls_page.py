"""controls.html as text: every control with open findings once, with the reports that it fails in, and never too large."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest

from inspec_textfile.pages import controls
from inspec_textfile.pages.fleet import Fleet, FleetReport

from helpers.dom import assert_harmless, elements, text_of
from helpers.fleets import LIMITS, finding, fleet, report_with


def page_of(*reports: FleetReport) -> str:
    return controls.render(Fleet(reports, LIMITS))


def rows(page: str) -> list[Element]:
    return [element for element in elements(page) if element.tag == "tbody"]


def line(row: Element) -> str:
    """Return what the first line of a row says."""
    return " ".join(" ".join("".join(cell.itertext()) for cell in row[0]).split())


def links(row: Element) -> list[str]:
    return [str(link.get("href")) for link in row.iter("a")]


def test_a_control_stands_once_with_all_its_reports_longest_open_first() -> None:
    page = page_of(
        report_with("web/one", host="one", findings=[finding("ssh-01", "critical", days=3)]),
        report_with("web/two", host="two", findings=[finding("ssh-01", "critical", days=41)]),
        report_with("web/three", host="three", findings=[finding("ssh-01", "critical", status="not_tested", days=9)]),
        report_with("web/four", host="four", findings=[finding("b", "high", days=20)]),
    )
    first, second = rows(page)

    assert line(first) == "Critical ssh-01 Title of ssh-01 base 2 of 4 1 no longer tested 1 41 d overdue"
    assert line(second) == "High b Title of b base 1 of 4 0 20 d"
    assert links(first) == [f"inspec-web/{name}.json.html#c:base/ssh-01" for name in ("two", "three", "one")]
    assert set(str(first.get("data-with")).split()) == {"new", "overdue", "not_tested"}
    assert str(second.get("data-with")).split() == ["one"]
    assert_harmless(page)


def test_bars_have_one_scale() -> None:
    page = page_of(
        *(report_with(f"web{number}", findings=[finding("often")] if number < 6 else []) for number in range(11)),
        report_with("one", findings=[finding("once", profile="rare")]),
    )
    bars = re.findall(r'<path class="a" d="M0 0h(\d+)v6H0z"/><path class="f" d="M0 0h(\d+)v6H0z"/>', page)
    assert bars == [("72", "36"), ("6", "6")]


def test_the_same_id_in_two_profiles_is_two_controls() -> None:
    page = page_of(report_with("a", findings=[finding("x", profile="one"), finding("x", profile="two")]))
    assert len(rows(page)) == 2


def test_the_worst_severity_of_a_control_counts() -> None:
    page = page_of(report_with("a", failing={"low": 1}), report_with("b", findings=[finding("low-0", "high")]))
    assert [row.get("data-severity") for row in rows(page)] == ["high"]


def test_a_report_without_a_page_is_named_and_leads_nowhere() -> None:
    page = page_of(report_with("a", host="web01", failing={"low": 1}, unreadable=True)._replace(has_page=False))
    assert "web01" in text_of(page)
    assert "inspec-a" not in page


@pytest.mark.parametrize("reports", [(), (report_with("a"),)])
def test_nothing_failed(reports: tuple[FleetReport, ...]) -> None:
    page = page_of(*reports)
    assert "No control failed." in text_of(page)
    assert_harmless(page)


def test_a_thousand_reports_of_three_hundred_failing_controls_make_five_megabytes_and_say_what_is_missing() -> None:
    findings = tuple(finding(f"V-{number}", "medium", title="A title of a usual length, say so long") for number in range(300))
    one = report_with("one", findings=findings)
    summary = one.summary
    assert summary
    page = controls.render(
        Fleet(tuple(FleetReport(f"web{number:04}.example.com/base", summary) for number in range(1000)), LIMITS)
    )

    assert 4_000_000 < len(page.encode()) < 5_000_000
    assert page.count('<tbody class="r"') == 300
    assert page.count("more, which are in") == 300
    assert page.count("<b>1,000</b> of 1,000") == 300


def test_too_many_controls_leave_the_least_out_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "MAX_ROWS", 3)
    page = page_of(report_with("a", failing={"low": 2, "critical": 2, "high": 1}))

    assert [row.get("data-severity") for row in rows(page)] == ["critical", "critical", "high"]
    assert "The worst 3 of 5 controls are listed here; findings.csv has all." in text_of(page)


def test_rows_that_are_too_long_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "MAX_BYTES", 3000)
    page = page_of(report_with("a", findings=[finding(f"{number}", title="t" * 900) for number in range(9)]))

    assert 0 < len(rows(page)) < 9
    assert f"The worst {len(rows(page))} of 9 controls are listed here" in text_of(page)


def test_the_order_in_which_reports_come_does_not_matter() -> None:
    some = fleet(50)
    assert controls.render(some) == controls.render(some._replace(reports=some.reports[::-1]))
