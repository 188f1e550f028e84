"""The families that each report has samples of: one function each, given the report and its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from inspec_textfile.history.model import History
from inspec_textfile.metrics.families import Family, family
from inspec_textfile.report.model import (
    NOT_TESTED,
    PROFILE_STATUSES,
    RESULT_STATUSES,
    STATUSES,
    Attestation,
    ControlEntry,
    Report,
    Waiver,
)
from inspec_textfile.report.status import count_controls, count_results, severities

FAMILIES: list[Family] = []
_family = partial(family, FAMILIES)
_Rows = Iterator["tuple[dict[str, str], float]"]


@_family(
    "inspec_controls",
    ("report", "profile", "severity", "status"),
    "Number of controls by severity and status; a control of an overlay and its base profiles counts once.",
)
def _controls(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        counts = count_controls(profile.controls)
        for severity in severities(profile.controls):
            for status in STATUSES:
                yield {"profile": profile.name, "severity": severity, "status": status}, counts[severity, status]


@_family("inspec_results", ("report", "profile", "status"), "Number of single test results: passed, failed, skipped.")
def _results(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        counts = count_results(profile.controls)
        for status in RESULT_STATUSES:
            yield {"profile": profile.name, "status": status}, counts[status]


@_family(
    "inspec_profile_info",
    ("report", "profile", "title", "version", "inspec_version", "platform", "platform_release"),
    "The requested profiles, always 1.",
)
def _profile_info(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        labels = {
            "profile": profile.name,
            "title": profile.entry.title,
            "version": profile.entry.version,
            "inspec_version": report.inspec_version,
            "platform": report.platform,
            "platform_release": report.platform_release,
        }
        yield labels, 1


@_family(
    "inspec_profile_status",
    ("report", "profile", "status"),
    "1 for the current status of the profile (loaded, skipped, failed), 0 for the others.",
)
def _profile_status(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        for status in PROFILE_STATUSES:
            yield {"profile": profile.name, "status": status}, float(profile.status == status)


@_family(
    "inspec_waiver_expiry_timestamp_seconds",
    ("report", "profile", "control"),
    "When the waiver of the control ends, Unix time in seconds; only waivers with a date.",
)
def _waiver_expiry(report: Report, _: History) -> _Rows:
    return _expiries(report, lambda control: control.waiver)


@_family(
    "inspec_attestation_expiry_timestamp_seconds",
    ("report", "profile", "control"),
    "When the attestation of the control ends, Unix time in seconds; only attestations with a date.",
)
def _attestation_expiry(report: Report, _: History) -> _Rows:
    return _expiries(report, lambda control: control.attestation)


@_family(
    "inspec_findings_not_tested",
    ("report", "profile", "severity"),
    "Number of controls that failed when they were last tested, and that the last run did not test.",
)
def _findings_not_tested(report: Report, history: History) -> _Rows:
    counts = Counter(
        (key.profile, finding.severity) for key, finding in history.findings.items() if finding.status == NOT_TESTED
    )
    for profile, severity in _by_profile(report, counts):
        yield {"profile": profile, "severity": severity}, counts[profile, severity]


@_family(
    "inspec_oldest_failure_timestamp_seconds",
    ("report", "profile", "severity"),
    "Since when the longest-failing control of that severity has been failing, as far as is known, Unix time in seconds.",
)
def _oldest_failure(_: Report, history: History) -> _Rows:
    since: dict[tuple[str, str], float] = {}
    for key, finding in history.findings.items():
        place = key.profile, finding.severity
        since[place] = min(finding.since, since.get(place, finding.since))
    for (profile, severity), oldest in since.items():
        yield {"profile": profile, "severity": severity}, oldest


@_family(
    "inspec_control_changes",
    ("report", "profile", "severity", "change"),
    "Number of controls that are newly_failing or fixed against the run before; 0 for a first run.",
)
def _control_changes(report: Report, history: History) -> _Rows:
    changes = {"newly_failing": history.changes.newly_failing, "fixed": history.changes.fixed}
    counts = Counter((one.key.profile, one.severity, change) for change, found in changes.items() for one in found)
    for profile, severity in _by_profile(report, {(profile, severity) for profile, severity, _ in counts}):
        for change in changes:
            yield {"profile": profile, "severity": severity, "change": change}, counts[profile, severity, change]


@_family("inspec_run_timestamp_seconds", ("report",), "When InSpec started, Unix time in seconds.")
def _run_timestamp(report: Report, _: History) -> _Rows:
    if report.started is not None:
        yield {}, report.started


@_family("inspec_run_duration_seconds", ("report",), "How long InSpec ran, in seconds.")
def _run_duration(report: Report, _: History) -> _Rows:
    if report.duration is not None:
        yield {}, report.duration


@_family(
    "inspec_report_info",
    ("report", "target"),
    "The host that was scanned, always 1; target is empty if the report does not name it.",
)
def _report_info(report: Report, _: History) -> _Rows:
    yield {"target": report.target}, 1


def _expiries(report: Report, granted: Callable[[ControlEntry], Waiver | Attestation | None]) -> _Rows:
    """Yield when what was granted for a control ends; only where there is a date."""
    for profile in report.profiles:
        for control in profile.controls:
            grant = granted(control.entry)
            if grant and grant.expires is not None:
                yield {"profile": profile.name, "control": control.id}, grant.expires


def _by_profile(report: Report, more: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return (profile, severity) of all controls of a report, and those in `more`, which may be of earlier runs."""
    places = {(profile.name, severity) for profile in report.profiles for severity in severities(profile.controls)}
    return sorted(places | set(more))
