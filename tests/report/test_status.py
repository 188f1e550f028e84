"""A table for each rule of the contract's section 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspec_textfile.report.model import FAILING, STATUSES, Attestation, ControlEntry, Result, Waiver, is_failing
from inspec_textfile.report.overlay import resolve
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport
from inspec_textfile.report.status import (
    control_status,
    count_controls,
    count_results,
    exporter_status,
    is_error,
    profile_status,
    severities,
    severity,
    status_without_waiver,
    worst_first,
)

from helpers.entries import control, profile, result, waiver
from helpers.paths import REPORTS

TRACE = ("x.rb:1",)
MULTIPLE = "RSpec::Core::MultipleExceptionError"


@pytest.mark.parametrize(
    ("results", "impact", "own_status", "expected"),
    [
        # no results: nothing was tested, unless the report says what came of it
        ((), 0.5, None, "not_reviewed"),
        ((), None, None, "not_reviewed"),
        ((), 0.0, None, "not_applicable"),
        ((), 0.5, "passed", "not_reviewed"),
        ((), 0.0, "passed", "not_applicable"),
        ((), 0.5, "failed", "failed"),
        ((), 0.0, "failed", "failed"),
        ((), 0.5, "error", "error"),
        ((), 0.5, "not_applicable", "not_applicable"),
        # the report's own verdict, where the results contradict it
        ((result("passed"),), 0.5, "failed", "failed"),
        ((result("passed"),), 0.5, "error", "error"),
        ((result("skipped"),), 0.5, "failed", "failed"),
        ((result("passed"),), 0.5, "not_reviewed", "passed"),
        ((result("passed"),), 0.0, "failed", "not_applicable"),
        ((result("failed"),), 0.5, "passed", "failed"),
        ((result("failed"),), 0.5, "not_applicable", "failed"),
        ((result("failed"),), 0.5, "not_reviewed", "failed"),
        ((result("skipped"), result("passed")), 0.5, "not_reviewed", "passed"),
        ((result("failed", "IOError", TRACE),), 0.5, "failed", "error"),
        # and where they leave it open: an exception without a backtrace may be either
        ((result("failed", "IOError"),), 0.5, "failed", "failed"),
        ((result("failed", MULTIPLE),), 0.5, "error", "error"),
        # errors come before impact 0
        ((result("failed", "IOError", TRACE),), 0.5, None, "error"),
        ((result("failed", "IOError", TRACE),), 0.0, None, "error"),
        ((result("passed"), result("failed", "IOError", TRACE)), 0.5, None, "error"),
        ((result("failed", "IOError", TRACE, "noop"),), 0.5, None, "failed"),
        ((result("failed", "IOError", (), "noop"),), 0.5, None, "failed"),
        ((result("failed", "IOError"),), 0.5, None, "error"),
        ((result("failed", MULTIPLE),), 0.5, None, "failed"),
        ((result("failed", MULTIPLE, TRACE),), 0.5, None, "error"),
        ((result("error"),), 0.5, None, "error"),
        # impact 0
        ((result("failed"),), 0.0, None, "not_applicable"),
        ((result("skipped"),), 0, None, "not_applicable"),
        ((result("passed"),), 0.0, None, "not_applicable"),
        ((result("failed"),), -1.0, None, "failed"),
        # skipped, failed, passed
        ((result("skipped"), result("skipped")), 0.5, None, "not_reviewed"),
        ((result("skipped"), result("passed")), 0.5, None, "passed"),
        ((result("skipped"), result("failed")), 0.5, None, "failed"),
        ((result("passed"), result("failed")), None, None, "failed"),
        ((result("passed"),), 0.01, None, "passed"),
    ],
)
def test_status(results: tuple[Result, ...], impact: float | None, own_status: str | None, expected: str) -> None:
    entry = control(results=results, impact=impact, own_status=own_status)

    assert status_without_waiver(entry) == expected
    assert control_status(entry) == expected


@pytest.mark.parametrize(
    ("statuses", "impact", "given", "expected"),
    [
        (("failed",), 0.5, waiver(), "waived"),
        (("skipped",), 0.5, waiver(), "waived"),
        (("error",), 0.5, waiver(), "waived"),
        ((), 0.5, waiver(), "waived"),
        (("passed",), 0.5, waiver(), "passed"),
        (("failed",), 0.0, waiver(), "not_applicable"),
        (("failed",), 0.5, waiver(expired=True), "failed"),
        (("skipped",), 0.5, waiver(expired=True), "not_reviewed"),
        (("failed",), 0.5, None, "failed"),
    ],
)
def test_waiver(statuses: tuple[str, ...], impact: float, given: Waiver | None, expected: str) -> None:
    assert control_status(control("c", *statuses, impact=impact, waiver=given)) == expected


@pytest.mark.parametrize(
    ("impact", "expected"),
    [
        (1.0, "critical"),
        (7.5, "critical"),
        (0.9, "critical"),
        (0.89, "high"),
        (0.7, "high"),
        (0.69, "medium"),
        (0.4, "medium"),
        (0.39, "low"),
        (0.1, "low"),
        (0.09, "none"),
        (0.0, "none"),
        (-1.0, "none"),
        (None, "unknown"),
    ],
)
def test_severity(impact: float | None, expected: str) -> None:
    assert severity(impact) == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), None),
        (("passed",), "passed"),
        (("passed", "skipped"), "skipped"),
        (("skipped", "failed", "passed"), "failed"),
        (("error",), "passed"),  # as it stands in the original
    ],
)
def test_what_the_original_exporter_counts(statuses: tuple[str, ...], expected: str | None) -> None:
    assert exporter_status(control("c", *statuses)) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "loaded"),
        (("loaded",), "loaded"),
        (("loaded", "skipped"), "skipped"),
        (("skipped", "failed", "loaded"), "failed"),
    ],
)
def test_profile_status(states: tuple[str, ...], expected: str) -> None:
    assert profile_status([profile("p", status=state) for state in states]) == expected


def test_counts() -> None:
    (made,) = resolve(
        [profile("p", control("a", "failed", "passed", impact=1.0), control("b", "error"), control("c", impact=None))]
    )

    assert count_controls(made.controls) == {("critical", "failed"): 1, ("medium", "error"): 1, ("unknown", "not_reviewed"): 1}
    assert count_results(made.controls) == {"failed": 2, "skipped": 0, "passed": 1}
    assert severities(made.controls) == ("critical", "medium", "unknown")
    assert severities(made.controls[:1]) == ("critical",)
    assert severities(()) == ("none",)


def test_results_that_were_left_out_count() -> None:
    entry = control("c", "skipped", "skipped")._replace(removed={"passed": 50, "failed": 2})

    (made,) = resolve([profile("p", entry)])

    assert made.controls[0].status == "failed"
    assert count_results(made.controls) == {"skipped": 2, "passed": 50, "failed": 2}


def test_results_that_copies_left_out_are_added() -> None:
    copies = [profile("p", control("c", "failed")._replace(removed={"failed": many})) for many in (1, 2)]

    (made,) = resolve(copies)

    assert count_results(made.controls) == {"failed": 5, "skipped": 0, "passed": 0}


ATTESTED = "Manually verified status provided through attestation"


def attested(*statuses: str, said: str = "passed", expired: bool = False, added: bool = True) -> ControlEntry:
    """A control with results, and the result that its attestation added as the last one."""
    extra = (result(said)._replace(code_desc=ATTESTED if added else "somebody said so"),)
    return control(results=(*map(result, statuses), *extra))._replace(attestation=Attestation(status=said, expired=expired))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (attested("skipped"), "passed"),
        (attested("skipped", said="failed"), "failed"),
        (attested("skipped", expired=True), "not_reviewed"),
        (attested("skipped", said="failed", expired=True), "not_reviewed"),
        (attested("skipped", expired=True, added=False), "not_reviewed"),
        (attested(expired=True), "not_reviewed"),
        (attested("failed", expired=True), "failed"),
        (attested("skipped", expired=True)._replace(impact=0.0), "not_applicable"),
        (attested("skipped", expired=True)._replace(own_status="passed"), "not_reviewed"),
    ],
)
def test_attestations(entry: ControlEntry, expected: str) -> None:
    assert control_status(entry) == expected


def test_a_copy_whose_attestation_ran_out_counts() -> None:
    (made,) = resolve([profile("p", attested("skipped")), profile("p", attested("skipped", expired=True))])

    assert made.controls[0].status == "not_reviewed"


# --- against InSpec's own verdicts ---------------------------------------------------------------------------------------


def own_verdicts(path: Path) -> list[tuple[str, str, str, ControlEntry]]:
    """Return (profile, control, InSpec's verdict, entry without that verdict) of a report made with --enhanced-outcomes."""
    data = path.read_bytes()
    report = parse_report(data, "x", 0)
    raw = {
        (profile["name"], control["id"], number): control["status"]
        for profile in json.loads(data)["profiles"]
        for number, control in enumerate(profile["controls"])
        if control["status"] is not None
    }
    return [
        (entry.name, control.id, raw[entry.name, control.id, number], control._replace(own_status=None))
        for entry in report.entries
        for number, control in enumerate(entry.controls)
        if (entry.name, control.id, number) in raw
    ]


def check_against_inspec(path: Path) -> int:
    verdicts = own_verdicts(path)
    for profile_name, control_id, verdict, entry in verdicts:
        computed = status_without_waiver(entry)
        if entry.results:
            assert computed == verdict, (path, profile_name, control_id)
        else:
            # The report lacks the evidence: InSpec calls a control that tested nothing passed, the wrapper's copy of a
            # control included; that is the contract's first rule, and the one difference.
            expected = "not_applicable" if entry.impact == 0 else "not_reviewed"
            assert (computed, verdict) == (expected, "passed"), (path, profile_name, control_id)
    return len(verdicts)


def test_statuses_equal_those_of_inspec_itself() -> None:
    assert check_against_inspec(REPORTS / "7.1.16" / "enhanced-edge-outcomes.json") == 57


def test_statuses_equal_those_of_inspec_itself_in_all_reports(shared: Path) -> None:
    paths = [path for path in shared.glob("inspec-reports/*/enhanced-*.json") if not path.name.endswith(".min.json")]

    assert sum(map(check_against_inspec, paths)) > 400


def test_a_report_without_backtraces_gives_the_same_statuses(shared: Path) -> None:
    def statuses(case: str) -> dict[str, str]:
        report = parse_report((shared / "inspec-reports" / "7.1.16" / f"{case}.json").read_bytes(), "x", 0)
        return {one.id: one.status for one in report.profiles[0].controls}

    assert statuses("no-backtrace") == statuses("edge-outcomes")


# --- against the original exporter ---------------------------------------------------------------------------------------


def test_counts_equal_those_of_the_original_exporter(shared: Path) -> None:
    from inspec_textfile.history.model import History
    from inspec_textfile.metrics.figures import figures

    expected = json.loads((shared / "counts-seed.json").read_text())
    compared = 0
    for name, profiles in expected.items():
        if "__error" in profiles:
            continue
        profiles |= profiles.pop("__duplicate_names", {}).get("summed", {})
        report = parse_report((shared / "corpus" / name).read_bytes(), name, 0)
        ours = figures(report, History(), "none").checks
        assert ours == {
            profile: (counts["failed"], counts["skipped"], counts["passed"]) for profile, counts in profiles.items()
        }, name
        compared += 1
    assert compared == 12


@pytest.mark.slow
def test_all_kinds_of_reports_are_read(shared: Path) -> None:
    """Every report of InSpec 1.51 to 7.1 and of the corpus, in json, json-min and json-automate."""
    unreadable = set()
    paths = [*shared.glob("inspec-reports/*/*.json"), *shared.glob("corpus/*.json")]
    for path in paths:
        try:
            report = parse_report(path.read_bytes(), path.stem, 0)
        except NotAReport:
            unreadable.add(path.stat().st_size)
            continue
        assert len(report.warnings) == str(path).endswith("4.56.61/waivers-baddate.json"), path  # expires soonish
        for one in report.profiles:
            assert sum(count_controls(one.controls).values()) == len(one.controls)
    assert unreadable == {0}
    assert len(paths) == 379


def test_json_min_agrees_with_its_twin(shared: Path) -> None:
    full, minimal = (
        {
            # anonymous controls have another id in each of the two runs: (generated from FILE:LINE HASH)
            (one.name, control.id.rpartition(" ")[0] or control.id): control.status
            for one in parse_report((shared / "corpus" / name).read_bytes(), name, 0).profiles
            for control in one.controls
        }
        for name in ("f22-full.json", "f22-min.json")
    )

    assert minimal == full


def test_is_error_knows_its_kind() -> None:
    assert is_error(replace_status("error"))
    assert not is_error(replace_status("failed"))


def replace_status(status: str) -> Result:
    return result()._replace(status=status)


def test_a_profile_with_a_failed_layer_is_failed() -> None:
    broken = profile("base", parent="top", status="failed")._replace(message="it broke")

    (made,) = resolve([profile("top", control("a")), broken])

    assert (made.status, made.message) == ("failed", "it broke")


def test_worst_first_by_status_then_severity_then_id() -> None:
    (made,) = resolve(
        [
            profile(
                "p",
                control("d", "passed", impact=0.9),
                control("c", "failed", impact=0.1),
                control("b", "failed", impact=0.9),
                control("a", "failed", impact=0.1),
                control("e", "failed", impact=None),
            )
        ]
    )

    assert [one.id for one in sorted(made.controls, key=worst_first)] == ["b", "a", "c", "e", "d"]


@pytest.mark.parametrize(("own", "expected"), [("Failed", "failed"), (" ERROR ", "error"), ("odd", "passed"), (5, "passed")])
def test_a_verdict_in_another_spelling(own: object, expected: str) -> None:
    control = {"id": "c", "status": own, "impact": 0.5, "results": [{"status": "passed"}]}
    report = parse_report(json.dumps({"profiles": [{"name": "p", "controls": [control]}]}).encode(), "x", 0)

    assert report.profiles[0].controls[0].status == expected


def test_what_is_failing() -> None:
    assert [status for status in STATUSES if is_failing(status)] == ["failed", "error"] == list(FAILING)
