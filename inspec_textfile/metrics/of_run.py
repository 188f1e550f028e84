"""The families that are made of all reports of a run, and those of the run itself: one function each, given its facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar, Union

from inspec_textfile.metrics.families import Family, family
from inspec_textfile.metrics.figures import ControlSample, Figures, FindingSample, wants
from inspec_textfile.report.model import RESULT_STATUSES

FIRST: list[Family] = []
"""Those that come before the families of reports: the original exporter's."""
FAMILIES: list[Family] = []
_first, _family = partial(family, FIRST), partial(family, FAMILIES)
_Rows = Iterator["tuple[dict[str, str], float]"]
_Single = TypeVar("_Single", bound=Union[ControlSample, FindingSample])


class ReportRow(NamedTuple):
    """One report of a run, for the file."""

    name: str
    figures: Figures | None
    """None if it could never be read."""
    modified_ns: int
    """mtime of the results file behind the figures: Unix time, nanoseconds."""
    readable: bool
    """Whether its figures are those of the current results file."""
    missing: bool = False
    """There is no results file, or its folder cannot be listed."""


class RunFacts(NamedTuple):
    """All that the file says beside the figures of single reports."""

    reports: Sequence[ReportRow]
    """Sorted by name."""
    version: str
    now: float
    """When the file is written: Unix time, seconds."""
    elapsed: float
    """Seconds since the program started."""
    control_series: str = "none"
    """One of metrics.figures.CONTROL_SERIES."""
    max_control_series: int = 1000
    limits: Mapping[str, int] = {}
    """Severity -> days in which a finding must be repaired."""
    history_start: float | None = None
    """Unix time, seconds."""
    upload_success: bool | None = None
    """None if there was nothing to upload."""
    upload_last_success: float | None = None
    """Unix time, seconds."""


@_first(
    "inspec_checks_total",
    ("profile", "status"),
    "Number of controls with results: failed if any result failed, else skipped if any was skipped, else passed.",
)
def _checks(run: RunFacts) -> _Rows:
    counts: Counter[tuple[str, str]] = Counter()
    for row in run.reports:
        for profile, by_status in row.figures.checks.items() if row.figures else ():
            for status, count in zip(RESULT_STATUSES, by_status):
                counts[profile, status] += count
    for (profile, status), count in counts.items():
        yield {"profile": profile, "status": status}, count


@_first(
    "inspec_checks_mtime",
    ("profile",),
    "When the oldest results file of the profile was modified, Unix time in milliseconds.",
)
def _checks_mtime(run: RunFacts) -> _Rows:
    oldest: dict[str, float] = {}
    for row in run.reports:
        modified_ms = float(row.modified_ns // 1_000_000)
        for profile in row.figures.checks if row.figures else ():
            oldest[profile] = min(modified_ms, oldest.get(profile, modified_ms))
    for profile, modified_ms in oldest.items():
        yield {"profile": profile}, modified_ms


@_family("inspec_report_modified_timestamp_seconds", ("report",), "When the results file was modified, Unix time in seconds.")
def _modified(run: RunFacts) -> _Rows:
    for row in run.reports:
        if row.figures:
            yield {"report": row.name}, row.modified_ns / 1e9


@_family(
    "inspec_report_readable",
    ("report",),
    "1 if the results file could be read, 0 if the figures shown are its last good ones.",
)
def _readable(run: RunFacts) -> _Rows:
    for row in run.reports:
        yield {"report": row.name}, float(row.readable)


@_family(
    "inspec_control_status",
    ("report", "profile", "control", "severity", "status"),
    "The status of single controls, always 1; with --control-series only.",
)
def _control_status(run: RunFacts) -> _Rows:
    for report, control in shown_controls(run):
        yield {"report": report, **control._asdict()}, 1


@_family(
    "inspec_control_failing_since_timestamp_seconds",
    ("report", "profile", "control", "severity"),
    "Since when the control has been failing, as far as is known, Unix time in seconds; with --control-series only.",
)
def _control_failing_since(run: RunFacts) -> _Rows:
    for report, finding in _shown_findings(run):
        labels = {"profile": finding.profile, "control": finding.control, "severity": finding.severity}
        yield {"report": report, **labels}, finding.since


@_family(
    "inspec_control_status_dropped",
    ("report",),
    "Number of series of single controls left out by --max-control-series; with --control-series only.",
)
def _control_status_dropped(run: RunFacts) -> _Rows:
    for report, dropped in dropped_controls(run).items():
        yield {"report": report}, dropped


@_family("inspec_textfile_reports", ("state",), "Number of reports that the last run found, by whether they could be read.")
def _reports(run: RunFacts) -> _Rows:
    yield {"state": "read"}, sum(row.readable for row in run.reports)
    yield {"state": "unreadable"}, sum(not row.readable and not row.missing for row in run.reports)


@_family(
    "inspec_remediation_limit_days",
    ("severity",),
    "Days in which a finding of that severity must be repaired (--remediation-days).",
)
def _remediation_limit(run: RunFacts) -> _Rows:
    for severity, days in run.limits.items():
        yield {"severity": severity}, days


@_family(
    "inspec_textfile_history_start_timestamp_seconds",
    (),
    "When the history of all reports began: nothing older is remembered. Unix time in seconds.",
)
def _history_start(run: RunFacts) -> _Rows:
    if run.history_start is not None:
        yield {}, run.history_start


@_family("inspec_upload_success", (), "1 if this run published all pages, 0 if it did not; with --upload only.")
def _upload_success(run: RunFacts) -> _Rows:
    if run.upload_success is not None:
        yield {}, float(run.upload_success)


@_family(
    "inspec_upload_last_success_timestamp_seconds",
    (),
    "When a run last published all pages, Unix time in seconds; with --upload only.",
)
def _upload_last_success(run: RunFacts) -> _Rows:
    if run.upload_last_success is not None:
        yield {}, run.upload_last_success


@_family("inspec_textfile_build_info", ("version",), "The version of inspec-textfile, always 1.")
def _build_info(run: RunFacts) -> _Rows:
    yield {"version": run.version}, 1


@_family("inspec_textfile_last_run_timestamp_seconds", (), "When inspec-textfile wrote this file, Unix time in seconds.")
def _last_run(run: RunFacts) -> _Rows:
    yield {}, run.now


@_family("inspec_textfile_run_duration_seconds", (), "How long inspec-textfile took, in seconds.")
def _own_duration(run: RunFacts) -> _Rows:
    yield {}, run.elapsed


# --- series of single controls ------------------------------------------------------------------------------------------------


def shown_controls(run: RunFacts) -> list[tuple[str, ControlSample]]:
    """Return (report, control) of the controls that get a series of their own: of each report its worst.

    The last good figures of an unreadable report may have been made without them; then all of its own are left out.
    """
    if run.control_series == "none":
        return []
    wanted = {
        row.name: [control for control in row.figures.controls if wants(run.control_series, control.status)]
        for row in run.reports
        if row.figures
    }
    return _shared_out(wanted, run.max_control_series)


def _shown_findings(run: RunFacts) -> list[tuple[str, FindingSample]]:
    """Return (report, finding) of the findings that get a series of their own: of each report its worst."""
    if run.control_series == "none":
        return []
    return _shared_out({row.name: row.figures.findings for row in run.reports if row.figures}, run.max_control_series)


def dropped_controls(run: RunFacts) -> dict[str, int]:
    """Return how many controls of each report should have a series of their own and have none; nothing if none should.

    A finding that was not tested may be no control of the report, so it may lack one where no control does.
    """
    if run.control_series == "none":
        return {}
    controls = Counter(report for report, _ in shown_controls(run))
    findings = Counter(report for report, _ in _shown_findings(run))
    return {
        row.name: max(
            row.figures.wanted.get(run.control_series, 0) - controls[row.name], len(row.figures.findings) - findings[row.name]
        )
        for row in run.reports
        if row.figures
    }


def _shared_out(wanted: Mapping[str, Iterable[_Single]], limit: int) -> list[tuple[str, _Single]]:
    """Return (report, sample) of at most `limit` samples: the worst of each report, then the second worst, and so on."""
    turns = [
        (turn, sample.rank, report, sample)
        for report, samples in wanted.items()
        for turn, sample in enumerate(sorted(samples, key=lambda one: (one.rank, one)))
    ]
    return [(report, sample) for _, _, report, sample in sorted(turns)[:limit]]
