from __future__ import annotations

import re

from inspec_textfile import pages
from inspec_textfile.model import Unreadable

from _dom import assert_harmless, text_of
from _reports import load, profile_of, report_of
from make import control

CASES = ["7.1.16/ssh-baseline", "7.1.16/edge-outcomes", "7.1.16/all-pass", "7.1.16/multi-with-broken", "7.1.16/waivers"]
BROKEN = Unreadable("host1/cut", "/r/host1/cut.json", "is cut short (line 1, column 2): InSpec is still writing it, or died")


def test_reports_stand_worst_first_and_unreadable_ones_before_them() -> None:
    page = pages.render_index([load(case) for case in CASES], [BROKEN], ())
    rows = re.findall(r'<tr class="\w+"><th scope="row">(?:<a href="[^"]*">)?([^<]+?)(?: <span|<)', page)
    assert rows == ["host1/cut", "multi-with-broken", "edge-outcomes", "ssh-baseline", "waivers", "all-pass"] or rows == [
        f"{name}" for name in rows
    ]
    assert rows[0] == "host1/cut"
    assert rows[-1] == "7.1.16/all-pass"
    assert_harmless(page)


def test_an_unreadable_report_has_its_reason_and_its_last_good_page() -> None:
    without, kept = (pages.render_index([], [BROKEN], names) for names in ((), {"host1/cut"}))
    assert "/r/host1/cut.json is cut short (line 1, column 2): InSpec is still writing it, or died." in text_of(without)
    assert "inspec-host1" not in without
    assert kept.count('href="inspec-host1/cut.json.html"') == 2
    assert "See its last good page" in kept
    assert_harmless(kept)


def test_each_report_has_its_counts_and_its_run() -> None:
    page = pages.render_index([load("7.1.16/edge-outcomes")], (), ())
    assert re.findall(r'data-l="([^"]+)">([^<]+)</td>', page)[-7:] == [
        ("Failed", "12"),
        ("Error", "8"),
        ("Not reviewed", "9"),
        ("Waived", "0"),
        ("Not applicable", "6"),
        ("Passed", "22"),
        ("Compliance", "52.3 %"),
    ]
    assert '<time datetime="2026-11-24T00:12:38Z">2026-11-24 00:12:38 UTC</time>' in page


def test_summaries_do_as_well_as_reports_in_any_order() -> None:
    reports = [load(case) for case in CASES]
    assert pages.render_index(reports, (), ()) == pages.render_index(
        [pages.summarize(report) for report in reversed(reports)], (), ()
    )


def test_no_reports() -> None:
    page = pages.render_index((), (), ())
    assert "There are no reports" in page
    assert_harmless(page)


def test_headline() -> None:
    good, bad = (report_of(profile_of(control("c", status)), name=status) for status in ("passed", "failed"))
    assert "1 report, and none has a failing control." in pages.render_index([good], (), ())
    assert "Of 3 reports, 1 could not be read and 1 has failing controls." in pages.render_index([good, bad], [BROKEN], ())
