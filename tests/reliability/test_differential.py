"""Where MITRE's counts differ from ours, by which rule: every control of every published report, none left over.

`../shared/counts-heimdall.json` has, for each profile of a report, how many controls inspecjs (Heimdall) finds in which status.
Its rule is written down here once more, and must give just those counts; then each control has a status by either rule, and
where they differ one of the contract's rules says why.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile.report.model import SEVERITIES, ControlEntry
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.status import control_status, count_results, severity, status_without_waiver

SAME = {
    "passed": "Passed",
    "failed": "Failed",
    "error": "Profile Error",
    "not_reviewed": "Not Reviewed",
    "not_applicable": "Not Applicable",
}
NO_RESULTS = "no results: here nobody tested it; there the profile is broken"
WAIVED = "a waiver is in force: there the control is what its tests say, or does not apply if it was not run"
BY_TAG = "severity: here by the impact, there by the tag"

EXPLAINED: dict[str, dict[str, int]] = {
    "inspec_exec_examples_profile_format.json": {},
    "good_nginxresults.json": {BY_TAG: 1},
    "rhel7-ece-results.json": {NO_RESULTS: 225},
    "f22-full.json": {},
    "automate-delivered.cd.chef.co_inspec_report.json": {NO_RESULTS: 332},
    "cms_3.1_aws_rds_postgres_overlay.json": {NO_RESULTS: 132, BY_TAG: 42},
    "example-3-layer-overlay.json": {NO_RESULTS: 440},
    "2018-04-01_osx(2)-omega-pro1(f)-pro2(w)-failed.json": {WAIVED: 4},
    "vSphere8_report.json": {NO_RESULTS: 161, BY_TAG: 14},
    "rhel8_sample_oneOfEachControlStatus_output.json": {BY_TAG: 1},
    "m365_results.json": {},
    "checkov_with_skips-hdf.json": {},
}


def by_heimdall(entry: ControlEntry, raw: dict[str, Any]) -> str:
    """inspecjs, `HDFControl.status`, in its own order."""
    results = raw.get("results") or []
    statuses = {"error" if result.get("backtrace") is not None else result.get("status") for result in results}
    if "error" in statuses:
        return "Profile Error"
    if entry.impact == 0 or (raw.get("waiver_data") or {}).get("skipped_due_to_waiver"):
        return "Not Applicable"
    for status, name in (("failed", "Failed"), ("passed", "Passed"), ("skipped", "Not Reviewed")):
        if status in statuses:
            return name
    return "Profile Error"


def severity_by_heimdall(entry: ControlEntry) -> str:
    """inspecjs takes the tag, as STIG profiles set it, and only then the impact."""
    tag = str(entry.tags.get("severity", "")).lower()
    return tag if tag in SEVERITIES and tag != "none" else severity(entry.impact)


def why(entry: ControlEntry, theirs: str) -> Iterator[str]:
    """Yield the rules by which a control differs here from there, none if it is the same."""
    if severity_by_heimdall(entry) != severity(entry.impact):
        yield BY_TAG
    ours = control_status(entry)
    if SAME.get(ours) == theirs:
        return
    if not entry.results and ours == "not_reviewed" and theirs in ("Profile Error", "Not Applicable"):
        yield NO_RESULTS
    elif ours == "waived" and theirs in (SAME[status_without_waiver(entry)], "Not Applicable"):
        yield WAIVED
    else:
        yield f"left over: {ours} here, {theirs} there, {entry}"


@pytest.fixture(scope="module")
def counts(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "counts-heimdall.json").read_text())
    return found


@pytest.mark.parametrize("name", EXPLAINED)
def test_every_difference_is_by_a_rule(shared: Path, counts: dict[str, Any], name: str) -> None:
    data = (shared / "corpus" / name).read_bytes()
    report = parse_report(data, name, 0)
    document = json.loads(data)
    seen: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for entry, raw in zip(report.entries, document["profiles"]):
        seen[entry.name] += 1
        theirs = counts[name]["profiles"][entry.name + (f"#{seen[entry.name]}" if seen[entry.name] > 1 else "")]["all"]
        statuses = [by_heimdall(*both) for both in zip(entry.controls, raw["controls"])]
        assert Counter(statuses) == Counter(theirs["status"]), "their rule is another one than written down here"
        severities = Counter(map(severity_by_heimdall, entry.controls))
        assert severities == {level: part["total"] for level, part in theirs["severity"].items()}
        found.update(rule for both in zip(entry.controls, statuses) for rule in why(*both))
    assert len(seen) == len({key.partition("#")[0] for key in counts[name]["profiles"]})
    assert found == EXPLAINED[name]


def test_json_min_counts_are_the_same(shared: Path, counts: dict[str, Any]) -> None:
    report = parse_report((shared / "corpus" / "f22-min.json").read_bytes(), "x", 0)

    for profile in report.profiles:
        theirs = counts["f22-min.json"]["__results_by_profile_id"][profile.name]["results"]
        found = {status: many for status, many in count_results(profile.controls).items() if many}
        assert found == theirs


def test_all_files_are_compared(counts: dict[str, Any]) -> None:
    assert counts.keys() == EXPLAINED.keys() | {"f22-min.json"}
