"""What a page says about earlier runs, what people decided, and what is not shouted."""

from __future__ import annotations

import re

import pytest

from inspec_textfile import pages
from inspec_textfile.history.model import Change, Changes, ControlKey, Difference, Finding, History, RunCounts
from inspec_textfile.pages import links
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
    finding = Finding(severity="high", since=NOW - 12 * DAY, runs=13, tests=1)
    runs = (RunCounts(NOW - DAY), RunCounts(NOW))
    said = shown(History(runs, {KEY: finding}))
    assert "Failing since 2 Nov 2023, 13 runs." in said
    assert "12 d" in said
    said = shown(History(runs, {KEY: finding._replace(first_seen=True)}))
    assert "Failing at least since 2 Nov 2023, 13 runs." in said
    assert "\N{GREATER-THAN OR EQUAL TO} 12 d" in said


@pytest.mark.parametrize(("days", "overdue"), [(30, False), (31, True)])
def test_what_is_open_for_longer_than_its_severity_allows_is_overdue(days: int, overdue: bool) -> None:
    finding = Finding(severity="medium", since=NOW - days * DAY, runs=3, tests=1)
    history = History((RunCounts(NOW - DAY), RunCounts(NOW)), {KEY: finding})
    page = pages.render_report(FAILING, history, {"medium": 30})
    assert_harmless(page)
    assert ("Overdue: the limit for medium is 30 days." in text_of(page)) is overdue
    assert ('<span class="ag i overdue">31 d</span>' in page) is overdue
    assert ('value="overdue"' in page) is overdue
    assert "overdue" not in text_of(pages.render_report(FAILING, history)).lower()


def test_a_first_run_calls_nothing_new() -> None:
    said = shown(History((RunCounts(NOW),), {KEY: Finding(since=NOW, first_seen=True, tests=1)}))
    assert "This is the first run that is remembered, so nothing can be called new." in said
    assert "Failing at least since 14 Nov 2023" in said
    assert "0 min" not in said


def test_without_a_memory_nothing_is_said_of_the_past() -> None:
    said = shown(History())
    for word in ("since", "remembered", "newly failing"):
        assert word not in said.lower()


def test_changes_are_listed_with_titles_worst_first_and_links() -> None:
    changes = Changes(
        NOW - DAY,
        (Change(KEY, "medium", "A title"),),
        (Change(ControlKey("made", "d"), "medium"),),
        (Change(KEY, "medium", "", 2),),
        (Change(ControlKey("gone", "g"), "high", "Gone"),),
        (Difference("profile_version", "made", "1.0", "1.1", added=3),),
    )
    history = History((RunCounts(NOW - DAY), RunCounts(NOW)), {KEY: Finding(since=NOW, tests=3)}, changes)
    said = shown(history)
    assert "1 new, 1 fixed since 13 Nov 2023." in said
    listed = "Since the run before 13 Nov 2023 22:13 UTC 1 new c A title 1 worse c 1 no longer tested g Gone 1 fixed d"
    assert "".join(listed.split()) in "".join(said.split())
    assert "Differences between the two runsprofile made 1.0 -> 1.1: 3 controls added" in said
    page = pages.render_report(FAILING, history)
    section = next(element for element in elements(page) if element.get("id") == "changes")
    assert [link.get("href") for link in section.iter("a")] == ["#c:made/c", "#c:made/c", "#c:gone/g", "#c:made/d"]


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (Difference("profile_controls", "made", gone=2), "profile made: 2 controls no longer listed"),
        (Difference("profile_version", "made", "1.0", "1.1", gone=2), "profile made 1.0 -> 1.1: 2 controls removed"),
    ],
    ids=["same version", "another version"],
)
def test_controls_are_called_removed_only_by_another_version(difference: Difference, words: str) -> None:
    """Those that the same version no longer lists were left out by a filter: they are open, as docs/history.md has it."""
    assert words in shown(History((RunCounts(NOW),), {}, Changes(NOW - DAY, differences=(difference,))))


def test_nothing_new_is_said_too() -> None:
    said = shown(History((RunCounts(NOW - DAY), RunCounts(NOW)), {}, Changes(NOW - DAY)))
    assert "Since the run before 13 Nov 2023 22:13 UTCNothing new, nothing fixed." in said


def test_results_older_than_others_are_told() -> None:
    said = shown(History((RunCounts(NOW),), {}, Changes(None, differences=(Difference("report_older"),))))
    assert "These results are older than others that were read before, and are not compared with any." in said


def test_a_finding_that_was_not_tested_stands_in_a_group_of_its_own() -> None:
    skipped = control("s", results=(result("skipped"),), title="Skipped")
    report = report_of(profile_of(control("c", "failed"), skipped))
    gone, here = ControlKey("old", "x/1"), ControlKey("made", "s")
    findings = {
        gone: Finding("Gone <b>", "high", "not_tested", NOW - 40 * DAY, runs=9, tests=2, total=3, version="1.2"),
        here: Finding("Skipped", "medium", "not_tested", NOW - 3 * DAY, runs=2, tests=1, total=1),
    }
    page = pages.render_report(report, History((RunCounts(NOW - DAY), RunCounts(NOW)), findings))
    assert_harmless(page)
    said = text_of(page)
    assert "No longer tested 2 Failed when last tested and were not tested now" in said
    assert "Failed since 5 Oct 2023, 9 runs when last tested, and was not tested by this run. 2 of 3 tests failed then." in said
    assert "The control is not in this report: profile old 1.2 was filtered, skipped or not run, or no longer has it." in said
    group = next(element for element in elements(page) if element.get("id") == "s-not_tested")
    assert {element.get("id") for element in group.iter("div")} >= {links.anchor(*gone), links.anchor(*here)}
    assert "1 not tested, 2 no longer tested" in said, "the verdict counts both"
    tests = ["".join(one.itertext()) for one in group.iter("span") if one.get("class") == "n"]
    assert tests == ["2 of 3", "1 of 1"], "as they were when last tested, skipped or not in the report"


def test_the_last_runs_are_a_picture_on_one_scale_that_can_be_heard() -> None:
    runs = tuple(
        RunCounts(NOW - (59 - number) * DAY, failed=number % 4, error=1, not_reviewed=5, passed=54 - number % 4)
        for number in range(60)
    )
    page = pages.render_report(FAILING, History(runs))
    assert_harmless(page)
    section = next(element for element in elements(page) if element.get("aria-labelledby") == "h-runs")
    assert "60 runs of 60 controls that apply" in " ".join("".join(section.itertext()).split())
    picture = next(element for element in section.iter() if element.get("role") == "img")
    assert picture.get("aria-label") == (
        "16 Sep 2023: 1 failing, 5 not tested, 54 passed. 14 Nov 2023: 4 failing, 5 not tested, 51 passed."
    )
    shapes = {str(path.get("class")): str(path.get("d")) for path in picture if path.get("class")}
    for before, after in (("failed", "not_reviewed"), ("not_reviewed", "passed")):
        tops, bottoms = (re.findall(pattern, shapes[name]) for pattern, name in ((r"V(\d+)h", before), (r"M\d+ (\d+)", after)))
        assert tops == bottoms, "each part stands on the one below"
    assert len(set(re.findall(r"V(\d+)h", shapes["passed"]))) == 1, "as many controls, as high"
    titles = ["".join(title.itertext()) for title in picture.iter() if str(title.tag).endswith("title")]
    assert len(titles) == 60
    assert titles[-1] == "14 Nov 2023: 4 failing, 5 not tested, 51 passed"
    assert len(page) - len(pages.render_report(FAILING)) < 10_000


def test_runs_in_which_nothing_was_tested_make_no_picture() -> None:
    runs = tuple(RunCounts(NOW - number * DAY, not_reviewed=5) for number in range(9))
    assert "h-runs" not in pages.render_report(FAILING, History(runs))


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
    assert "948 of 998" in said
    assert "The sender left 997 more results out of this report: 947 failed, 50 passed." in said


@pytest.mark.parametrize(("backtrace", "css"), [((), "nt"), (("/x.rb:1",), "ex")])
def test_an_exception_is_loud_only_where_the_test_broke(backtrace: tuple[str, ...], css: str) -> None:
    test = result("failed", "RSpec::Core::MultipleExceptionError", backtrace)
    page = pages.render_report(report_of(profile_of(control("c", results=(test,)))))
    assert f'<p class="{css}">RSpec::Core::MultipleExceptionError</p>' in page


def test_a_test_that_broke_did_not_fail() -> None:
    broke = result("failed", "NoMethodError", ("/x.rb:1",))
    page = pages.render_report(report_of(profile_of(control("c", results=(broke, result("failed"), result("passed"))))))
    assert re.findall(r'<li class="(\w+) i">', page) == ["error", "failed", "passed"]
    assert "2 of 3" in text_of(page)


def test_marks_that_say_nothing_have_no_frame_and_paths_of_the_cache_are_short() -> None:
    source = f"/root/.inspec/cache/{'a' * 40}/controls/x.rb:12"
    one = control("c", "failed")._replace(tags={"documentable": False, "cci": ["CCI-1"]}, code="code", source=source)
    page = pages.render_report(report_of(profile_of(one)))
    assert "<dt>documentable</dt><dd>false</dd>" in page
    assert "<dt>cci</dt><dd><b>CCI-1</b></dd>" in page
    assert "<h4>Code <small>controls/x.rb:12</small></h4>" in page
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
    assert "<title>db01: made · InSpec</title>" in page
    assert "Host idf7767a46-386a-56c4-94df-13f192200402" in text_of(page)
    assert summarize(report).target == "db01"


def test_inputs_can_be_left_out() -> None:
    report = load("7.1.16/ssh-baseline")
    name = report.profiles[0].entry.inputs[0].name
    assert f'<th scope="row">{name}</th>' in pages.render_report(report)
    assert f'<th scope="row">{name}</th>' not in pages.render_report(without_inputs(report))


def test_a_control_that_fails_in_more_tests_says_so() -> None:
    history = History(
        (RunCounts(NOW - 2 * DAY), RunCounts(NOW)),
        {KEY: Finding(since=NOW - DAY, runs=2, tests=3)},
        Changes(NOW - DAY, worse=(Change(KEY, "medium", "", 2),)),
    )
    page = pages.render_report(FAILING, history)
    assert '<span class="n i worse">1 of 1</span><span class="ag">1 d</span>' in page
    assert "2 more tests fail than in the run before." in text_of(page)


def test_a_date_without_a_time_stays_that_date() -> None:
    waiver = Waiver("Known", 233_967_600.0, "1977-06-01", True, expires_day="1977-06-01")
    said = text_of(pages.render_report(report_of(profile_of(control("c", "failed", waiver=waiver)))))
    assert said.count("1 Jun 1977") == 2, "at the control and in the register"
    assert "31 May" not in said


def test_facts_that_people_route_by_stand_in_about() -> None:
    report = FAILING._replace(facts=(("Policy group", "prod"), ("Roles", "<web>")))
    said = text_of(pages.render_report(report))
    assert "Policy groupprod" in said
    assert "Roles<web>" in said
