"""The figures of one report: all that it adds to the .prom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from inspec_textfile.history.model import History
from inspec_textfile.metrics import of_report
from inspec_textfile.metrics.families import Sample
from inspec_textfile.report.model import NOT_APPLICABLE, PASSED, RESULT_STATUSES, Report
from inspec_textfile.report.status import exporter_status, rank
from inspec_textfile.text import label

CONTROL_SERIES = ("none", "failing", "all")
"""The choices of `--control-series`."""


_SERIES_BYTES = 100
"""Of the names of a series' labels, its value, quotes and commas."""


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


class FindingSample(NamedTuple):
    """One open finding that may get a series of its own."""

    profile: str
    control: str
    severity: str
    since: float
    """Unix time, seconds."""

    @property
    def rank(self) -> tuple[int, float]:
        """Sort key, worst first."""
        return rank(PASSED, self.severity)[1], self.since


class Figures(NamedTuple):
    """The figures of one report."""

    samples: Mapping[str, tuple[Sample, ...]]
    """By name of a family of `of_report`."""
    checks: Mapping[str, tuple[int, ...]]
    """Profile -> counts in the order of RESULT_STATUSES: the report's share of `inspec_checks_total`."""
    controls: tuple[ControlSample, ...] = ()
    """Controls that may get a series of their own."""
    findings: tuple[FindingSample, ...] = ()
    """Open findings that may get a series of their own."""
    wanted: Mapping[str, int] = {}
    """One of CONTROL_SERIES -> how many series of single controls it asks for."""

    @property
    def series(self) -> int:
        """How many series they make, not counting those of single controls."""
        return sum(map(len, self.samples.values())) + len(self.checks) * (len(RESULT_STATUSES) + 1)

    @property
    def size(self) -> int:
        """About how many bytes they take in the .prom, without those of single controls."""
        return sum(
            sum(map(len, sample.labels)) + len(name) + _SERIES_BYTES
            for name, samples in self.samples.items()
            for sample in samples
        )

    def as_json(self) -> dict[str, Any]:
        """Return them as plain data for the memory: the samples of a family as a table with its labels at the top."""
        labels = {family.name: family.labels for family in of_report.FAMILIES}
        return {
            "samples": {name: [labels[name], *([*key, value] for key, value in rows)] for name, rows in self.samples.items()},
            "checks": dict(self.checks),
            "controls": self.controls,
            "findings": self.findings,
            "wanted": dict(self.wanted),
        }

    @classmethod
    def from_json(cls, value: Any) -> Figures:
        """Return what `as_json` made data of.

        Families and labels that are unknown now are left out; new labels are empty. Raises what comes of data that is
        something else.
        """
        tables = value["samples"]
        return cls(
            samples={family.name: _samples(family.labels, tables.get(family.name)) for family in of_report.FAMILIES},
            checks={profile: tuple(counts) for profile, counts in value["checks"].items()},
            controls=tuple(ControlSample(*control) for control in value.get("controls", ())),
            findings=tuple(FindingSample(*finding) for finding in value.get("findings", ())),
            wanted=value.get("wanted", {}),
        )


def _samples(labels: tuple[str, ...], table: list[list[Any]] | None) -> tuple[Sample, ...]:
    if not table:
        return ()
    old, *rows = table
    if tuple(old) == labels:
        return tuple(Sample(tuple(row[:-1]), float(row[-1])) for row in rows)
    places = [old.index(name) if name in old else None for name in labels]
    return tuple(Sample(tuple("" if place is None else row[place] for place in places), float(row[-1])) for row in rows)


def figures(report: Report, history: History, control_series: str) -> Figures:
    """Return the figures of a report. `control_series`: one of CONTROL_SERIES."""
    single = control_series != "none"
    return Figures(
        samples={family.name: family.samples(report, history, report=report.name) for family in of_report.FAMILIES},
        checks=_checks(report),
        controls=tuple(control for control in _single_controls(report) if wants(control_series, control.status)),
        findings=tuple(_single_findings(history)) if single else (),
        wanted=_wanted(report),
    )


def wants(control_series: str, status: str) -> bool:
    """Return whether controls with that status get series of their own. `control_series`: one of CONTROL_SERIES."""
    return control_series == "all" or (control_series == "failing" and status not in (PASSED, NOT_APPLICABLE))


def _checks(report: Report) -> dict[str, tuple[int, ...]]:
    """Return the counts of the original exporter, for every profile entry in the report, wrappers included.

    It did not know of tests outside the profiles.
    """
    counts: dict[str, Counter[str | None]] = defaultdict(Counter)
    for entry in report.entries:
        if not entry.outside:
            counts[label(entry.name)].update(map(exporter_status, entry.controls))
    return {profile: tuple(by_status[status] for status in RESULT_STATUSES) for profile, by_status in counts.items()}


def _single_controls(report: Report) -> Iterator[ControlSample]:
    for profile in report.profiles:
        for control in profile.controls:
            yield ControlSample(label(profile.name), label(control.id), control.severity, control.status)


def _single_findings(history: History) -> Iterator[FindingSample]:
    for key, finding in history.findings.items():
        yield FindingSample(label(key.profile), label(key.control), finding.severity, finding.since)


def _wanted(report: Report) -> dict[str, int]:
    statuses = [control.status for profile in report.profiles for control in profile.controls]
    return {choice: sum(wants(choice, status) for status in statuses) for choice in CONTROL_SERIES}
