"""What a page says about earlier runs, what people decided, and what is not shouted."""

from __future__ import annotations

import re

import pytest

from inspec_textfile import pages
from inspec_textfile.history.model import Change, Changes, ControlKey, Difference, Finding, History, RunCounts
from inspec_textfile.report.inputs import without_inputs
from inspec_textfile.report.model import Attestation, Waiver
from inspec_textfile.summary import summarize

from helpers.dom import assert_harmless, elements, text_of
from helpers.entries import control, result
from helpers.pasts import past_of
from helpers.reports import load, profile_of, report_of

FAILING = report_of(profile_of(control("c", "failed"), control("d", "passed")))
KEY = ControlKey("made", "c")
DAY = 86_400
NOW = 1_700_000_000.0


def shown(history: History) -> str:
    page = pages.render_report(FAILING, history)
    assert_harmless(page)
    return text_of(page)


def test_since_when_a_control_fails() -> None:
    failure = Finding(since=NOW - 12 * DAY, runs=13, tests=1)
    assert "failing since 2 Nov 2023 (13 runs)" in shown(History((RunCounts(NOW),), {KEY: failure}))
    assert "first seen failing 2 Nov 2023 (13 runs)" in shown(
        History((RunCounts(NOW),), {KEY: failure._replace(first_seen=True)})
    )


def test_a_first_run_calls_nothing_new() -> None:
    said = shown(History((RunCounts(NOW),), {KEY: Finding(since=NOW, first_seen=True, tests=1)}))
    assert "This is the first run that is remembered, so nothing can be called new." in said
    assert "first seen failing 14 Nov 2023" in said
    assert "newly failing" not in said


def test_without_a_memory_nothing_is_said_of_the_past() -> None:
    said = shown(History())
    for word in ("since", "remembered", "newly failing"):
        assert word not in said.replace("Since the run before", "")


def test_changes_are_listed_with_links() -> None:
    changes = Changes(
        NOW - DAY,
        (Change(KEY, "medium"),),
        (Change(ControlKey("made", "d"), "medium"),),
        (Change(KEY, "medium", "", 2),),
        (),
        (Difference("profile_version", "made", "1.0", "1.1", added=3),),
    )
    history = History((RunCounts(NOW - DAY), RunCounts(NOW)), {KEY: Finding(since=NOW, tests=3)}, changes)
    said = shown(history)
    assert "1 newly failing, 1 fixed, 1 fails in more tests since the run of 2023-11-13 22:13 UTC." in said
    assert "Not directly comparable: profile made 1.0 -> 1.1: 3 controls added." in said
    assert "c: 2 more tests fail" in said
    page = pages.render_report(FAILING, history)
    section = next(element for element in elements(page) if element.get("id") == "changes")
    assert [link.get("href") for link in section.iter("a")] == ["#c:made/c", "#c:made/c", "#c:made/d"]


def test_nothing_new_is_said_too() -> None:
    said = shown(History((RunCounts(NOW - DAY), RunCounts(NOW)), {}, Changes(NOW - DAY)))
    assert "Nothing newly failing, nothing fixed since the run of 2023-11-13 22:13 UTC." in said


def test_the_last_runs_are_a_picture_that_can_be_heard() -> None:
    runs = tuple(RunCounts(NOW - (59 - number) * DAY, failed=number % 4, error=1, passed=40) for number in range(60))
    page = pages.render_report(FAILING, History(runs))
    picture = next(
        element for element in elements(page) if element.get("role") == "img" and "runs" in (element.get("aria-label") or "")
    )
    assert picture.get("aria-label") == (
        "The last 60 runs, 16 Sep 2023 to 14 Nov 2023. Failed or error: 1 in the first, 4 in the last, 4 at most. "
        "Passed: 40 in the first, 40 in the last."
    )
    failed, passed = (str(path.get("d")) for path in picture)
    assert failed.count("M") == passed.count("M") == 60
    assert all(int(height) < 0 for height in re.findall(r"v(-?\d+)h", failed))
    assert all(int(height) > 0 for height in re.findall(r"v(-?\d+)h", passed))
    assert len(page) - len(pages.render_report(FAILING)) < 4000


def test_the_same_report_and_past_give_the_same_bytes_another_past_others() -> None:
    report = load("7.1.16/edge-outcomes")
    page = pages.render_report(report, past_of(report))
    assert page == pages.render_report(load("7.1.16/edge-outcomes"), past_of(load("7.1.16/edge-outcomes")))
    assert page != pages.render_report(report, past_of(report, runs=19))


# --- decisions ----------------------------------------------------------------------------------------------------------------


def test_attestations_stand_at_their_control_and_in_the_register() -> None:
    attestation = Attestation("passed", "Looked at the racks", "2026-01-02", "Ada Example", "annually", 1_798_848_000.0)
    one = control("c", "passed")._replace(attestation=attestation)
    page = pages.render_report(report_of(profile_of(one)))
    said = text_of(page)
    assert "Attested by a person: passed" in said
    register = next(element for element in elements(page) if element.get("class") == "reg")
    row = [" ".join("".join(cell.itertext()).split()) for cell in list(register.iter("tr"))[1]]
    assert row[1:] == [
        "Attestation: passed",
        "Passed",
        "Looked at the racks",
        "by: Ada Example; attested on: 2026-01-02; valid for: annually",
        "2 Jan 2027",
        "judged by a person",
    ]


def test_an_attestation_that_ran_out() -> None:
    one = control("c")._replace(attestation=Attestation("passed", "", "2020", "", "soon", None, expired=True))
    said = text_of(pages.render_report(report_of(profile_of(one))))
    assert "Attestation expired: it no longer counts" in said
    assert "No explanation was given." in said
    assert "2020, soon (this date cannot be read)" in said


def test_the_register_has_every_waiver() -> None:
    report = load("7.1.16/waivers")
    page = pages.render_report(report)
    register = next(element for element in elements(page) if element.get("class") == "reg")
    ids = {"".join(row[0].itertext()) for row in list(register.iter("tr"))[1:]}
    assert ids == {one.id for one in report.profiles[0].controls if one.entry.waiver}


def test_a_waiver_says_who_and_until_when() -> None:
    waiver = Waiver("Known", None, "someday", False, False, "", (("approver", "Ada"),))
    said = text_of(pages.render_report(report_of(profile_of(control("c", "failed", waiver=waiver)))))
    assert "approver: Ada" in said
    assert said.count("someday (this date cannot be read)") == 2


# --- what is told, and how loud -----------------------------------------------------------------------------------------------


def test_results_that_were_left_out_are_told() -> None:
    one = control("c", "failed")._replace(removed={"failed": 947, "passed": 50})
    said = text_of(pages.render_report(report_of(profile_of(one))))
    assert "948 of 998 tests failed" in said
    assert "The sender left 997 more results out of this report: 947 failed, 50 passed." in said


@pytest.mark.parametrize(("backtrace", "css"), [((), "nt"), (("/x.rb:1",), "ex")])
def test_an_exception_is_loud_only_where_the_test_broke(backtrace: tuple[str, ...], css: str) -> None:
    test = result("failed", "RSpec::Core::MultipleExceptionError", backtrace)
    page = pages.render_report(report_of(profile_of(control("c", results=(test,)))))
    assert f'<p class="{css}">RSpec::Core::MultipleExceptionError</p>' in page


def test_a_test_that_broke_did_not_fail() -> None:
    broke = result("failed", "NoMethodError", ("/x.rb:1",))
    page = pages.render_report(report_of(profile_of(control("c", results=(broke, result("failed"), result("passed"))))))
    assert "1 of 3 tests broke, 1 failed" in text_of(page)


def test_marks_that_say_nothing_have_no_frame_and_paths_of_the_cache_are_short() -> None:
    source = f"/root/.inspec/cache/{'a' * 40}/controls/x.rb:12"
    one = control("c", "failed")._replace(tags={"documentable": False, "cci": ["CCI-1"]}, code="code", source=source)
    page = pages.render_report(report_of(profile_of(one)))
    assert "<dt>documentable</dt><dd>false</dd>" in page
    assert "<dt>cci</dt><dd><b>CCI-1</b></dd>" in page
    assert "<summary>Code <span>controls/x.rb:12</span></summary>" in page
    assert source in page


def test_a_tag_that_contradicts_the_impact_is_explained() -> None:
    one = control("c", "failed", impact=0.5)
    told, quiet = (
        text_of(pages.render_report(report_of(profile_of(one._replace(tags={"severity": tag}))))) for tag in ("high", "medium")
    )
    assert "Severity medium: its impact is 0.5. The tag “severity” says high; InSpec goes by the impact" in told
    assert "InSpec goes by the impact" not in quiet


def test_a_machines_id_is_no_host() -> None:
    report = FAILING._replace(target="", target_id="f7767a46-386a-56c4-94df-13f192200402", name="db01/ssh")
    page = pages.render_report(report)
    assert "<title>made on db01 · InSpec</title>" in page
    assert "Host idf7767a46-386a-56c4-94df-13f192200402" in text_of(page)
    assert summarize(report).target == "db01"


def test_inputs_can_be_left_out() -> None:
    report = load("7.1.16/ssh-baseline")
    name = report.profiles[0].entry.inputs[0].name
    assert f'<th scope="row">{name}</th>' in pages.render_report(report)
    assert f'<th scope="row">{name}</th>' not in pages.render_report(without_inputs(report))


def test_a_control_that_fails_in_more_tests_says_so_in_its_line() -> None:
    history = History(
        (RunCounts(NOW),),
        {KEY: Finding(since=NOW - DAY, runs=2, tests=3)},
        Changes(NOW - DAY, worse=(Change(KEY, "medium", "", 2),)),
    )
    page = pages.render_report(FAILING, history)
    assert '<b class="ch worse">2 more tests fail</b> <span class="sn">failing since' in page
