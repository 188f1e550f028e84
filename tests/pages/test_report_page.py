from __future__ import annotations

import re

import pytest

from inspec_textfile import pages
from inspec_textfile.pages import frame, links
from inspec_textfile.pages.control import is_web_link
from inspec_textfile.pages.markup import defuse, escape
from inspec_textfile.pages.tags import flat
from inspec_textfile.pages.times import duration, moment
from inspec_textfile.report.model import STATUSES, Report, Waiver
from inspec_textfile.report.status import count_controls
from inspec_textfile.summary import Tally, summarize
from inspec_textfile.verdict import verdict
from inspec_textfile.words import SHORT_NAMES, date_text

from helpers.dom import assert_harmless, elements, parse, text_of
from helpers.entries import control, result
from helpers.paths import REPORTS
from helpers.reports import PLACES, every_file, load, profile_of, published, readable, report_of

_HEADROOM = 300
"""Bytes; so that a small addition fails a fast test, not the slow one."""
OWN_CASES = [
    "7.1.16/ssh-baseline",
    "7.1.16/edge-outcomes",
    "7.1.16/overlay",
    "7.1.16/waivers",
    "7.1.16/multi-three",
    "7.1.16/multi-with-broken",
    "7.1.16/docs-markdown",
    "7.1.16/wrapper-skipped-dep",
    "1.51.21/linux-files",
]


# --- what a page holds --------------------------------------------------------------------------------------------------------


def _words(text: str) -> str:
    return " ".join(defuse(text).split())


def test_a_converter_is_neither_a_platform_nor_an_inspec() -> None:
    report = report_of(profile_of(control("c", "failed")))._replace(
        platform="Heimdall Tools", platform_release="2.12.6", inspec_version="2.12.6", is_converted=True
    )
    said = text_of(pages.render_report(report))
    assert said.count("Made byHeimdall Tools 2.12.6") == 2, "in the head and below"
    assert "Platform" not in said
    assert "InSpec2.12.6" not in said
    assert not summarize(report).inspec_version, "nor on the index"


@pytest.mark.parametrize("case", OWN_CASES)
def test_everything_of_a_report_is_on_its_page(case: str) -> None:
    report = load(case)
    said = text_of(pages.render_report(report))
    unfolded = "".join(re.sub(r"[\d,]+ more characters", "", said).split())
    for fact in (report.target, report.inspec_version, report.platform, report.name):
        assert fact in said
    for profile in report.profiles:
        entry = profile.entry
        for fact in (entry.version, entry.maintainer, entry.license, entry.copyright, *entry.supports, profile.name):
            assert _words(fact) in said
        for given in entry.inputs:
            shown = f"{given.name}{'not shown: sensitive' if given.sensitive else given.value}"
            assert shown in said.replace(" ", "") or _words(shown) in said
        for one in profile.controls:
            for fact in (one.id, one.entry.title or "", one.entry.source):
                assert _words(fact) in said
            for test in one.entry.results:
                assert "".join(_words(test.code_desc).split()) in unfolded
                assert test.exception in said
                for line in (*test.message.split("\n"), *test.skip_message.split("\n")):
                    assert _words(line) in said or "".join(_words(line).split()) in unfolded
            for layer, layered in one.layers:
                assert _words(layered.code) in said
                assert layer in said
            for tag, value in one.entry.tags.items():
                for mark in (tag, *flat(value)):
                    assert _words(mark) in said
            for ref in one.entry.refs:
                assert _words(ref.text) in said
            if one.entry.waiver:
                assert date_text(one.entry.waiver.expires_text[:10]) in said
                assert "Waiver" in said


def test_backtraces_are_whole_once() -> None:
    report = load("7.1.16/edge-outcomes")
    last = {test.backtrace[-1] for one in report.profiles[0].controls for test in one.entry.results if test.backtrace}
    page = pages.render_report(report)
    assert len(last) == 1
    assert page.count(str(escape(last.pop()))) == 1
    assert "then the same" in page


@pytest.mark.parametrize("case", OWN_CASES)
def test_counts_are_those_of_the_metrics(case: str) -> None:
    report = load(case)
    counts = count_controls(one for profile in report.profiles for one in profile.controls)
    page = pages.render_report(report)
    table = next(element for element in elements(page) if element.get("class") == "m")
    statuses = [status for status in STATUSES if any(many for (_, one), many in counts.items() if one == status)]
    rows = {"".join(row[0].itertext()): ["".join(cell.itertext()) for cell in row[1:]] for row in table.iter("tr")}
    assert rows.pop("Severity") == [SHORT_NAMES[status] for status in statuses]
    assert rows.pop(f"All {sum(counts.values()):,}") == [
        f"{sum(n for (_, one), n in counts.items() if one == status):,}" for status in statuses
    ]
    assert rows == {
        level.capitalize(): [f"{counts[level, status]:,}" for status in statuses]
        for level in {level for (level, _), many in counts.items() if many}
    }
    found = [element for element in elements(page) if (element.get("class") or "").startswith("c ")]
    assert len(found) == sum(counts.values())


def test_what_needs_work_comes_first() -> None:
    page = pages.render_report(load("7.1.16/edge-outcomes"))
    order = re.findall(r'<details class="c (\w+)" data-v="(\w+)"', page)
    assert order == sorted(
        order, key=lambda pair: (STATUSES.index(pair[0]), ["critical", "high", "medium", "low", "none"].index(pair[1]))
    )
    assert re.findall(r'<section class="g (\w+)"', page) == [status for status in STATUSES if status != "waived"]
    assert re.search(r'<details class="fold"><summary><h2 id="h-passed"', page)
    assert re.search(r'<details class="fold" open><summary><h2 id="h-failed"', page)
    assert re.findall(r'<details class="c (\w+)"[^>]* open>', page) == ["failed"], "the first finding is open, no other"


def test_failing_results_come_first_and_passing_ones_are_folded() -> None:
    report = load("7.1.16/edge-outcomes")
    page = pages.render_report(report)
    mixed = page[page.index(f'id="{links.anchor(report.profiles[0].name, "mixed-pass-fail-skip")}"') :]
    mixed = mixed[: mixed.index("</details>\n<details")]
    assert re.findall(r'<li class="(\w+) i">', mixed) == ["failed", "skipped", "passed"]
    assert "<summary>1 passed test</summary>" in mixed


def test_a_control_of_thousands_of_results_shows_some_and_folds_the_rest() -> None:
    many = tuple(result("failed")._replace(code_desc=f"test {number}") for number in range(5950))
    page = pages.render_report(report_of(profile_of(control("big", results=many))))
    assert "<summary>5,947 more failed tests</summary>" in page
    assert '<span class="n">5,950 of 5,950</span>' in page
    assert page.count('<li class="failed i">') == 5950


def test_a_deep_link_leads_into_the_control() -> None:
    report = load("7.1.16/multi-three")
    ids = {element.get("id") for element in elements(pages.render_report(report))}
    for profile in report.profiles:
        for one in profile.controls:
            assert links.anchor(profile.name, one.id) in ids


def test_a_report_without_profiles_says_so() -> None:
    page = pages.render_report(load("7.1.16/multi-only-empty-filtered"))
    assert "Nothing was tested: the report holds no profiles." in page
    assert_harmless(page)


def test_a_profile_that_failed_to_load_is_told_first_and_its_long_message_folded() -> None:
    page = pages.render_report(load("7.1.16/multi-with-broken"))
    assert page.index("failed to load") < page.index("By severity")
    assert "1 profile did not load" in page
    assert "<summary>All 10,618 characters</summary>" in page


def test_a_dependency_that_was_skipped() -> None:
    said = text_of(pages.render_report(load("7.1.16/wrapper-skipped-dep")))
    assert "Profile acme-windows, a dependency of wrapper-skipped-dep: skipped" in said
    assert "Skipping profile: 'acme-windows' on unsupported platform" in said


def test_layers_are_named_with_their_code() -> None:
    said = text_of(pages.render_report(load("7.1.16/overlay")))
    assert "Builds onacme-linux-files, acme-ssh-baseline" in said
    assert "Code in acme-prod-overlay" in said
    assert "Code in acme-linux-files" in said


def test_waivers() -> None:
    page = pages.render_report(load("7.1.16/waivers"))
    assert "Known deviation, keep watching" in page
    assert '<time datetime="2099-12-31" class="exp">31 Dec 2099</time>' in page
    assert "Waiver expired: judged as if there were none" in page
    assert "never: no date is set" in page
    assert "Vendor appliance, cannot be changed &lt;b>ever&lt;/b>" in page


def test_a_waiver_whose_date_nobody_can_read() -> None:
    waiver = Waiver("", None, "soon", False, None, "", ())
    page = pages.render_report(report_of(profile_of(control("c", "failed", waiver=waiver))))
    assert "soon (this date cannot be read)" in text_of(page)
    assert "No justification was given." in page


def test_long_messages_are_folded_after_their_start() -> None:
    long = "\n".join(f"line {number}" for number in range(20_000))
    page = pages.render_report(report_of(profile_of(control("c", results=(result("failed")._replace(message=long),)))))
    assert "more characters</summary>" in page
    assert page.count("line 19999") == 1


def test_in_diffs_what_the_host_has_is_what_is_wrong() -> None:
    message = "\nexpected: 2\n     got: 1\n\nDiff:\n@@ -1 +1 @@\n-2 <b>\n+1\n"
    page = pages.render_report(report_of(profile_of(control("c", results=(result("failed")._replace(message=message),)))))
    shown = "<pre>expected: 2\n     got: 1\n\nDiff: - expected, + got\n@@ -1 +1 @@\n<ins>-2 &lt;b></ins>\n<del>+1</del></pre>"
    assert shown in page


def test_diffs_of_several_messages_are_folded_so_that_the_fix_is_near() -> None:
    failed = result("failed")._replace(message="expected 2\nDiff:\n@@ -1 +1 @@\n-2\n+1\n")
    page = pages.render_report(report_of(profile_of(control("c", results=(failed, failed)))))
    assert page.count("<pre>expected 2</pre>") == 2
    assert page.count("<pre>\nDiff: - expected, + got\n@@ -1 +1 @@\n<ins>-2</ins>\n<del>+1</del>") == 2


# --- verdict ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "status", "sentence", "compliance"),
    [
        (["failed"], "failed", "1 of 1 control failed: 1 medium.", "0 %"),
        (["failed", "failed", "passed"], "failed", "2 of 3 controls failed: 2 medium.", "33.3 %"),
        (["passed"], "passed", "The one control passed.", "100 %"),
        (["passed", "passed"], "passed", "All 2 controls passed.", "100 %"),
        (["passed", "skipped"], "not_reviewed", "No control failed; 1 of 2 was not tested.", "100 %"),
        (["skipped", "skipped"], "not_reviewed", "Nothing was tested: 2 of 2 controls were skipped.", "\N{EN DASH}"),
        (["error", "passed"], "error", "1 of 2 controls could not be tested (error): 1 medium.", "50 %"),
        ([], "not_reviewed", "Nothing was tested: the report holds no controls.", "\N{EN DASH}"),
    ],
)
def test_verdict(statuses: list[str], status: str, sentence: str, compliance: str) -> None:
    report = report_of(profile_of(*(control(f"c{number}", one) for number, one in enumerate(statuses))))
    summary = summarize(report)
    assert verdict(summary) == (status, sentence)
    assert summary.tally.compliance == compliance


def test_verdict_names_the_worst_severities() -> None:
    impacts = {"a": 0.9, "b": 0.7, "c": 0.7, "d": 0.1}
    report = report_of(profile_of(*(control(id_, "failed", impact=impact) for id_, impact in impacts.items())))
    assert verdict(summarize(report))[1] == "4 of 4 controls failed: 1 critical, 2 high, 1 low."


def test_compliance_is_rounded_down_so_that_100_means_all() -> None:
    assert Tally.of({("low", "passed"): 99_999, ("low", "failed"): 1}).compliance == "99.9 %"


# --- the same bytes, and no more of them than needed --------------------------------------------------------------------------


def test_the_same_report_gives_the_same_bytes() -> None:
    assert pages.render_report(load("7.1.16/overlay")) == pages.render_report(load("7.1.16/overlay"))


@pytest.mark.parametrize("kind", frame.FILES)
def test_style_and_script_are_small(kind: str) -> None:
    own = frame.own(kind)
    assert len(own.style) + len(own.script) < 36_000 - _HEADROOM


def test_the_page_that_is_largest_for_its_json_leaves_headroom_below_what_is_promised() -> None:
    source = (REPORTS / "7.1.16/edge-outcomes.json").stat().st_size
    assert len(pages.render_report(load("7.1.16/edge-outcomes")).encode()) <= 1.3 * source - _HEADROOM


def test_a_page_is_not_much_larger_than_its_report() -> None:
    """Without style and script: 1.06 of the report at most today, so that there is room for new text."""
    compared = 0
    for file, report in readable(every_file()):
        source = file.stat().st_size
        if source > 60_000:
            size = len(re.sub(r"(?s)<(style|script)>.*?</\1>", "", pages.render_report(report)).encode())
            assert size <= 1.4 * source, f"{file}: {size} bytes from {source}"
            compared += 1
    assert compared >= 3


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_every_page_of_every_report_is_valid_and_fetches_nothing(place: str) -> None:
    seen: set[str] = set()
    for _, report in readable(every_file(place)):
        page = pages.render_report(report)
        if report.digest not in seen and len(page) < 400_000:  # html5lib reads about 1 MB in 3 s
            assert_harmless(page)
        seen.add(report.digest)
    assert len(seen) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("case", [published("rhel7-ece-results"), published("m365_results")])
def test_large_pages_are_harmless_too(case: str) -> None:
    assert_harmless(pages.render_report(load(case)))


# --- small parts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "\N{EN DASH}"),
        (-1.0, "\N{EN DASH}"),
        (0.0, "&lt; 1 ms"),
        (0.0051, "5 ms"),
        (0.9994, "999 ms"),
        (0.9999, "1.0 s"),
        (59.94, "59.9 s"),
        (59.97, "1 min 0 s"),
        (1451.29, "24 min 11 s"),
        (7261.0, "2 h 1 min"),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize("seconds", [0.0, -62_135_596_800.0, 253_402_300_799.0])
def test_times(seconds: float) -> None:
    assert re.fullmatch(
        r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">\d{1,2} [A-Z][a-z]{2} \d{1,4} \d\d:\d\d:\d\d UTC</time>',
        moment(seconds),
    )


@pytest.mark.parametrize("seconds", [None, 1e300, -1e300])
def test_times_that_are_none(seconds: float | None) -> None:
    assert moment(seconds) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "marks"),
    [
        (None, []),
        ("", []),
        ("x", ["x"]),
        (3, ["3"]),
        (True, ["true"]),
        (["a", ["b", None]], ["a", "b"]),
        ([{}], []),
        ([{"8": ["5.1", "5.2"]}, {"k": None}], ["8: 5.1, 5.2", "k"]),
    ],
)
def test_tags_of_any_json_type(value: object, marks: list[str]) -> None:
    assert flat(value) == marks


@pytest.mark.parametrize("url", ["https://a.test/x", "http://a.test", "mailto:a@b.test", " HTTPS://A.test "])
def test_web_links(url: str) -> None:
    assert is_web_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:x",
        "java\nscript:x",
        "data:text/html,x",
        "//a.test",
        "/x",
        "http://a b",
        "http://",
        "http://[",
        "http:\\\\a",
        "",
    ],
)
def test_no_web_links(url: str) -> None:
    assert not is_web_link(url)


def test_a_report_of_another_report_type_is_a_page_too() -> None:
    made: Report = load("7.1.16/multi-three.automate")
    assert parse(pages.render_report(made)) is not None
