"""Inputs from the field with their expected results. Each represents a kind of report that once came out wrong."""

from __future__ import annotations

import pytest

from inspec_textfile.report.model import Report
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport, ScanFailed
from inspec_textfile.report.status import count_controls, count_results

from helpers.paths import CASES

Counts = dict[tuple[str, str], int]


def load(case: str) -> Report:
    return parse_report((CASES / case).read_bytes(), case, 0)


def counts(case: str) -> dict[str, Counts]:
    return {profile.name: dict(count_controls(profile.controls)) for profile in load(case).profiles}


def test_chef_infra_client_could_not_run_inspec() -> None:
    """The client writes a valid report then, without profiles (chef-boneyard/audit#291)."""
    assert counts("01-client-failed-report/before/compliance.json") == {"acme-ssh": {("critical", "failed"): 1}}
    with pytest.raises(ScanFailed, match=r"says that the scan failed: Cannot fetch all profiles: \[acme-ssh\]\. Please"):
        load("01-client-failed-report/after/compliance.json")


def test_attestations_applied_to_a_report_with_enhanced_outcomes() -> None:
    """`saf attest apply` adds a result and leaves InSpec's verdict as it was (mitre/saf#1001)."""
    assert counts("03-attested-after-enhanced-outcomes/attested.json") == {
        "acme-base": {("high", "failed"): 2, ("high", "passed"): 2}
    }


def test_dates_of_waivers_as_people_write_them() -> None:
    report = load("04-waiver-dates/dates.json")
    expires = {control.id: control.entry.waiver.expires for control in report.profiles[0].controls if control.entry.waiver}

    assert expires == {
        **dict.fromkeys(("text", "text-us", "dots", "dashes-day-first", "iso"), 4102358400),
        "zone-name": 4102398000,
        "nobody-can-read": None,
    }
    assert len(report.warnings) == 1
    assert "'when the vendor ships' cannot be read" in report.warnings[0].text


def test_inputs_that_nobody_should_read() -> None:
    report = load("05-sensitive-input/db.json")
    password, user, node = report.profiles[0].entry.inputs

    assert (password.name, password.value, password.sensitive) == ("db_password", None, True)
    assert (user.name, user.value) == ("db_user", "audit")
    assert (node.name, node.value, node.size) == ("chef_node", None, 78)
    assert "S3cr3t" not in repr(report)


@pytest.mark.parametrize(("case", "profile"), [("controls-are-an-object", "acme-old"), ("results-are-an-object", "acme-d")])
def test_objects_for_lists(case: str, profile: str) -> None:
    """InSpec before 1.0 wrote controls as an object by id (inspec/inspec#811)."""
    assert counts(f"08-objects-for-lists/{case}.json") == {profile: {("critical", "failed"): 1}}


@pytest.mark.parametrize("case", ["profile-is-null", "results-are-texts"])
def test_lists_of_which_findings_may_be_lost(case: str) -> None:
    with pytest.raises(NotAReport, match="findings may be lost"):
        load(f"08-objects-for-lists/{case}.json")


@pytest.mark.parametrize("case", ["colour", "compose", "jenkins", "kitchen", "same-line"])
def test_a_report_after_something_else_on_its_line(case: str) -> None:
    """What `kitchen verify`, docker compose and CI logs make of it (inspec/kitchen-inspec#164)."""
    assert counts(f"09-prefix-before-the-report/{case}.json") == {"acme-ssh": {("critical", "failed"): 1}}


@pytest.mark.parametrize(("case", "started"), [("zero", None), ("mixed", 1795500000)])
def test_start_times_that_mean_unknown(case: str, started: float | None) -> None:
    assert load(f"10-times-that-are-none/{case}.json").started == started


def test_a_report_that_was_cut_before_it_was_sent() -> None:
    """Chef Infra Client keeps 50 results a control and counts the rest (chef-boneyard/audit#426)."""
    (profile,) = load("11-results-left-out/truncated.json").profiles

    assert count_results(profile.controls) == {"failed": 950, "skipped": 0, "passed": 50}
    assert dict(profile.controls[0].entry.removed) == {"failed": 947, "passed": 50}


def test_a_compressed_report() -> None:
    with pytest.raises(NotAReport, match="is compressed: gunzip it"):
        load("13-files-passed-over/web01.json.gz")


@pytest.mark.parametrize(
    ("case", "target", "target_id"),
    [("scan-1", "db01.example.org", ""), ("scan-2", "", "6f1d2c3b-aaaa-bbbb-cccc-0123456789ab")],
)
def test_which_host_it_was(case: str, target: str, target_id: str) -> None:
    report = load(f"14-which-host/{case}.json")

    assert (report.target, report.target_id) == (target, target_id)


def test_a_dependency_under_another_name() -> None:
    assert counts("15-renamed-dependency/three-layers.json") == {
        "eu-overlay": {("critical", "failed"): 1, ("high", "failed"): 1}
    }


def test_an_expired_waiver_that_does_not_say_so() -> None:
    """InSpec 4.17 to 4.23.9 returns before it looks at the date."""
    report = load("16-expired-waiver-old-inspec/waiver.json")
    (control,) = report.profiles[0].controls

    assert control.status == "failed"
    assert control.entry.waiver is not None
    assert control.entry.waiver.expired
