"""The figures of one report, as samples of the families in `families`."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from inspec_textfile.history import ControlKey, History
from inspec_textfile.metrics import families
from inspec_textfile.metrics.families import Family, Sample
from inspec_textfile.report.model import (
    NOT_APPLICABLE,
    PASSED,
    PROFILE_STATUSES,
    RESULT_STATUSES,
    STATUSES,
    Report,
)
from inspec_textfile.report.status import count_controls, count_results, exporter_status, rank, severities

CONTROL_SERIES = ("none", "failing", "all")
"""The choices of `--control-series`."""
MAX_SERIES_OF_REPORT = 20_000
"""Series of one report, not counting those of single controls. Prometheus and node_exporter keep each one in memory."""
_MAX_LABEL = 1000
"""Characters of a label."""


class ControlSample(NamedTuple):
    """One control that may get a series of its own."""

    profile: str
    control: str
    severity: str
    status: str

    @property
    def rank(self) -> tuple[int, int]:
        """Sort key, worst first."""
        return rank(self.status, self.severity)


class Figures(NamedTuple):
    """The figures of one report."""

    samples: Mapping[str, tuple[Sample, ...]]
    """By name of the family; only families with a label `report`."""
    checks: Mapping[str, tuple[int, ...]]
    """Profile -> counts in the order of RESULT_STATUSES: the report's share of `inspec_checks_total`."""
    controls: tuple[ControlSample, ...]
    """Controls that may get a series of their own."""
    wanted: Mapping[str, int]
    """One of CONTROL_SERIES -> how many series it asks for."""

    @property
    def series(self) -> int:
        """How many series they make, not counting those of single controls."""
        return sum(map(len, self.samples.values())) + len(self.checks) * (len(RESULT_STATUSES) + 1)


def figures(report: Report, history: History, control_series: str) -> Figures:
    """Return the figures of a report. `control_series`: one of CONTROL_SERIES."""
    makers = {
        families.CONTROLS: _controls,
        families.RESULTS: _results,
        families.PROFILE_INFO: _profile_info,
        families.PROFILE_STATUS: _profile_status,
        families.WAIVER_EXPIRY: _waiver_expiry,
        families.ATTESTATION_EXPIRY: _attestation_expiry,
        families.OLDEST_FAILURE: _oldest_failure,
        families.CONTROL_CHANGES: _control_changes,
        families.RUN_TIMESTAMP: _run_timestamp,
        families.RUN_DURATION: _run_duration,
        families.REPORT_INFO: _report_info,
    }
    return Figures(
        samples={family.name: _samples(family, make(report, history), label(report.name)) for family, make in makers.items()},
        checks=_checks(report),
        controls=tuple(control for control in _single_controls(report) if wants(control_series, control.status)),
        wanted=_wanted(report),
    )


def wants(control_series: str, status: str) -> bool:
    """Return whether controls with that status get series of their own. `control_series`: one of CONTROL_SERIES."""
    return control_series == "all" or (control_series == "failing" and status not in (PASSED, NOT_APPLICABLE))


def label(value: str) -> str:
    """Return a label's value, shortened if it is very long; two that differ stay different."""
    if len(value) <= _MAX_LABEL:
        return value
    return f"{value[:900]}... sha256:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()}"


_Rows = Iterator["tuple[dict[str, str], float]"]
"""Labels other than `report`, and the value."""


def _samples(family: Family, rows: _Rows, report: str) -> tuple[Sample, ...]:
    """Return the samples of a report in one family, sorted, no series twice."""
    found = (
        family.sample(value, report=report, **{name: label(text) for name, text in labels.items()}) for labels, value in rows
    )
    return tuple(sorted({sample.labels: sample for sample in found}.values()))


def _controls(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        counts = count_controls(profile.controls)
        for severity in severities(profile.controls):
            for status in STATUSES:
                yield {"profile": profile.name, "severity": severity, "status": status}, counts[severity, status]


def _results(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        counts = count_results(profile.controls)
        for status in RESULT_STATUSES:
            yield {"profile": profile.name, "status": status}, counts[status]


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


def _profile_status(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        for status in PROFILE_STATUSES:
            yield {"profile": profile.name, "status": status}, float(profile.status == status)


def _waiver_expiry(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        for control in profile.controls:
            waiver = control.entry.waiver
            if waiver and waiver.expires is not None:
                yield {"profile": profile.name, "control": control.id}, waiver.expires


def _attestation_expiry(report: Report, _: History) -> _Rows:
    for profile in report.profiles:
        for control in profile.controls:
            attestation = control.entry.attestation
            if attestation and attestation.expires is not None:
                yield {"profile": profile.name, "control": control.id}, attestation.expires


def _oldest_failure(report: Report, history: History) -> _Rows:
    for profile in report.profiles:
        since: dict[str, float] = {}
        for control in profile.controls:
            failure = history.failures.get(ControlKey(profile.name, control.id))
            if failure:
                since[control.severity] = min(failure.since, since.get(control.severity, failure.since))
        for severity, oldest in since.items():
            yield {"profile": profile.name, "severity": severity}, oldest


def _control_changes(report: Report, history: History) -> _Rows:
    changes = {"newly_failing": history.changes.newly_failing, "fixed": history.changes.fixed}
    for change, keys in changes.items():
        counts = Counter(key.profile for key in keys)
        for profile in report.profiles:
            yield {"profile": profile.name, "change": change}, counts[profile.name]


def _run_timestamp(report: Report, _: History) -> _Rows:
    if report.started is not None:
        yield {}, report.started


def _run_duration(report: Report, _: History) -> _Rows:
    if report.duration is not None:
        yield {}, report.duration


def _report_info(report: Report, _: History) -> _Rows:
    yield {"target": report.target}, 1


def _checks(report: Report) -> dict[str, tuple[int, ...]]:
    """Return the counts of the original exporter, for every profile entry in the report, wrappers included.

    It did not know of tests outside the profiles.
    """
    found: dict[str, Counter[str | None]] = defaultdict(Counter)
    for entry in report.entries:
        if not entry.outside:
            found[label(entry.name)].update(map(exporter_status, entry.controls))
    return {profile: tuple(counts[status] for status in RESULT_STATUSES) for profile, counts in found.items()}


def _single_controls(report: Report) -> Iterator[ControlSample]:
    for profile in report.profiles:
        for control in profile.controls:
            yield ControlSample(label(profile.name), label(control.id), control.severity, control.status)


def _wanted(report: Report) -> dict[str, int]:
    statuses = [control.status for profile in report.profiles for control in profile.controls]
    return {choice: sum(wants(choice, status) for status in statuses) for choice in CONTROL_SERIES}
